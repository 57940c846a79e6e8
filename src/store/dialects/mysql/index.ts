import { isAscii } from '../../../text/fold.js'
import type { Dialect } from '../dialect.ts'
import { hexDigits, inQuotes, isSafeInQuotes } from '../literal.ts'
import { mysqlConditions } from './conditions.ts'
import { connectMariadb } from './config.ts'
import { mysqlCopying } from './copying.ts'
import { cutMysql, openMysqlControl } from './control.ts'
import { classifyMysqlError, isDuplicateEntry, isUnreachable, mysqlMayPass, mysqlReason } from './errors.ts'
import { mysqlPartitions } from './partitions.ts'
import { readAll, readUpTo } from './read.ts'
import { judge } from './role.ts'
import { guardMysql, requireFitMysql, requireFitSession } from './session.ts'
import { bulkSink, textSink } from './sink.ts'
import { mysqlState } from './state.ts'

export { mysqlConfig } from './config.ts'

export const mysql: Dialect = {
  async openSink (knex, options) {
    const [[{ version, maxAllowedPacket, localInfile }]] = await knex.raw(`
      SELECT VERSION() AS version, @@max_allowed_packet AS maxAllowedPacket, @@GLOBAL.local_infile AS localInfile`)
    const packetBytes = Number(maxAllowedPacket)
    return options && 'host' in options && version.includes('MariaDB')
      ? bulkSink(knex, packetBytes, () => connectMariadb(options, packetBytes, knex.userParams.hosts))
      : textSink(knex, packetBytes, { isAllowed: Number(localInfile) === 1 })
  },

  requireFit: requireFitMysql,

  requireFitSession: (transaction) => requireFitSession(transaction),

  guard: guardMysql,

  async findRisks (knex) {
    const [[{ flush, binlog, syncBinlog }]] = await knex.raw(`
      SELECT @@GLOBAL.innodb_flush_log_at_trx_commit AS flush, @@GLOBAL.log_bin AS binlog,
        @@GLOBAL.sync_binlog AS syncBinlog`)
    const risks: string[] = []
    if (Number(flush) !== 1) {
      risks.push('innodb_flush_log_at_trx_commit is not 1: ' +
        'a crash of the database or a power cut can lose acknowledged logs of the last second')
    }
    if (Number(binlog) === 1 && Number(syncBinlog) !== 1) {
      risks.push('sync_binlog is not 1: after a power cut replicas can lack acknowledged logs')
    }
    const verdict = await judge(async (sql) => (await knex.raw(sql))[0])
    if (verdict.isFit && verdict.risk !== undefined) risks.push(verdict.risk)
    return risks
  },

  async findSlowSettings (knex) {
    const [[{ version, localInfile }]] =
      await knex.raw('SELECT VERSION() AS version, @@GLOBAL.local_infile AS localInfile')
    // MariaDB has its bulk protocol.
    if (version.includes('MariaDB') || Number(localInfile) === 1) return []
    return ['local_infile is OFF: MySQL stores many logs at once in two thirds of the time after ' +
      'SET PERSIST local_infile = ON as an administrator, and a restart of this server']
  },

  async deleteOld (knex, { table, time }, before) {
    const [result] = await knex.raw(`DELETE FROM ${table} WHERE ${time} < ? LIMIT 2000`, [before])
    return result.affectedRows
  },

  conditions: mysqlConditions,

  plainSql: {
    dialect: 'mysql',
    conditions: mysqlConditions,
    // The bytes of ASCII are the same in every character set of a connection.
    literal (text) {
      if (!isSafeInQuotes(text)) return `_utf8mb4 ${hexDigits(text)}`
      return isAscii(text) ? inQuotes(text) : `_utf8mb4 ${inQuotes(text)}`
    }
  },

  maxTimes: 100,

  listedTimes: {
    table: `JSON_TABLE(times, '$[*]' COLUMNS (
      place FOR ORDINALITY, earliest DATETIME(6) PATH '$[0]', latest DATETIME(6) PATH '$[1]'
    )) AS listed`,
    isFirst: 'listed.place = 1',
    firstAt: 'listed.earliest',
    lastAt: 'listed.latest'
  },

  // A loose index scan, which a condition on any column other than the time would prevent.
  edges: (extreme, within) =>
    `SELECT ${extreme}(log_event_at) AS edge FROM user_logs WHERE ${within} GROUP BY user_id`,

  // By an expression, so that the key is read forwards and then sorted: InnoDB reads it backwards a third slower.
  newestFirst: 'log_event_at + INTERVAL 0 SECOND DESC, id DESC',

  cutText: (column, characters) => ({
    text: `SUBSTR(${column}, 1, ${characters})`,
    bytes: `LENGTH(${column})`
  }),

  readerOptions: () => undefined,

  hostsOf: (knex) => knex.userParams.hosts,

  now: 'CAST(UTC_TIMESTAMP(6) AS CHAR)',

  ago: (milliseconds) => `UTC_TIMESTAMP(6) - INTERVAL ${milliseconds / 1000} SECOND`,

  nowMs: "TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', UTC_TIMESTAMP(6)) DIV 1000",

  openControl: openMysqlControl,

  cut: cutMysql,

  hasManyWriters: () => true,

  state: mysqlState,

  copying: mysqlCopying,

  partitions: mysqlPartitions,

  query: readAll,

  queryUpTo: readUpTo,

  async tableOptions (knex) {
    const utf8 = 'ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin'
    if (knex.userParams.pageCompression === false) return utf8
    const [[{ version, filePerTable }]] =
      await knex.raw('SELECT VERSION() AS version, @@innodb_file_per_table AS filePerTable')
    return version.includes('MariaDB') && Number(filePerTable) === 1 ? `${utf8} PAGE_COMPRESSED=1` : utf8
  },

  isDuplicate: isDuplicateEntry,

  isUnreachable,

  mayPass: mysqlMayPass,

  classify: classifyMysqlError,

  reason: mysqlReason,

  keptFolder: () => undefined
}
