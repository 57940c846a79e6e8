import { setTimeout as delay } from 'node:timers/promises'
import type { Knex } from 'knex'
import type { UtcTime } from '../../../model/instant.ts'
import type { Partition, Partitions } from '../dialect.ts'

/** How long an ALTER may wait for the table, in milliseconds: writers wait behind it. */
const maxWaitMs = 30
const maxAttempts = 5

/** Error codes that mean the table cannot be partitioned: foreign key, unique key, or unsupported. */
const unable = new Set([1235, 1503, 1506, 8200])

/** By RANGE COLUMNS: the first partition holds the logs before all others, the last one the logs after them. */
export const mysqlPartitions: Partitions = {
  async findRisk (knex) {
    const [[{ version }]] = await knex.raw('SELECT VERSION() AS version')
    if (!version.includes('MariaDB')) return undefined
    return 'MariaDB does not sync the file that lists the partitions: a power cut can leave the logs unreadable'
  },

  async list (knex) {
    const [rows] = await knex.raw(`
      SELECT PARTITION_NAME AS name, PARTITION_DESCRIPTION AS edge, DATA_LENGTH AS bytes
      FROM information_schema.PARTITIONS
      WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'user_logs' AND SUBPARTITION_NAME IS NULL
        AND PARTITION_METHOD = 'RANGE COLUMNS' AND REPLACE(PARTITION_EXPRESSION, '\`', '') = 'log_event_at'
      ORDER BY PARTITION_ORDINAL_POSITION`) as [Array<{ name: string, edge: string, bytes: number | string }>]
    if (rows.length < 2 || rows.at(-1)?.edge !== 'MAXVALUE') return []
    const edges = rows.map(({ edge }) => toTime(edge))
    return rows.map(({ name, bytes }, index): Partition => (
      { name, from: edges[index - 1], until: edges[index], bytes: Number(bytes) }
    ))
  },

  async size (knex) {
    const [[{ bytes }]] = await knex.raw(`SELECT SUM(DATA_LENGTH) AS bytes FROM information_schema.TABLES
      WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'user_logs'`)
    return Number(bytes)
  },

  async divide (knex, edges) {
    const [[{ method }]] = await knex.raw(`SELECT MAX(PARTITION_METHOD) AS method FROM information_schema.PARTITIONS
      WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'user_logs'`)
    if (method !== null) return
    const [first, ...others] = edges
    const definitions = [define('older', first), ...others.map(defineBefore), define('later')].join(', ')
    try {
      await knex.raw(`ALTER TABLE user_logs PARTITION BY RANGE COLUMNS (log_event_at) (${definitions})`)
    } catch (error) {
      if (!unable.has((error as { errno: number }).errno)) throw error
    }
  },

  async unite (knex) {
    if ((await mysqlPartitions.list(knex)).length > 0) await knex.raw('ALTER TABLE user_logs REMOVE PARTITIONING')
  },

  split: (knex, { name, until }, edge) =>
    alter(knex, `REORGANIZE PARTITION ${quote(name)} INTO (${defineBefore(edge)}, ${define(name, until)})`),

  merge: (knex, first, { name, until }) =>
    alter(knex, `REORGANIZE PARTITION ${quote(first.name)}, ${quote(name)} INTO (${define(first.name, until)})`),

  async takeOut (knex, { name }, table) {
    await knex.raw('CREATE TABLE ?? LIKE user_logs', [table])
    await knex.raw('ALTER TABLE ?? REMOVE PARTITIONING', [table])
    await alter(knex, `EXCHANGE PARTITION ${quote(name)} WITH TABLE ${quote(table)}`)
  },

  async putBack (knex, table, { sql, bindings }) {
    // A process that ended before it dropped the table may have put back logs: these are ignored.
    await knex.raw(`INSERT IGNORE INTO user_logs SELECT * FROM ${quote(table)} WHERE ${sql}`, bindings)
  }
}

/** The end of a partition as information_schema gives it: `'2026-01-01'`, or MAXVALUE, for which there is no time. */
function toTime (edge: string): UtcTime | undefined {
  return edge === 'MAXVALUE' ? undefined : `${edge.slice(1, 20).padEnd(19, ' 00:00:00')}.000000`
}

function quote (name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

function define (name: string, edge?: UtcTime): string {
  return `PARTITION ${quote(name)} VALUES LESS THAN (${edge === undefined ? 'MAXVALUE' : `'${edge}'`})`
}

function defineBefore (edge: UtcTime): string {
  return define(`before_${edge.slice(0, 10).replaceAll('-', '')}`, edge)
}

/** Alters the table between two transactions, in several attempts, none of which waits long behind a reader. */
async function alter (knex: Knex, change: string): Promise<void> {
  const connection = await knex.client.acquireConnection()
  const run = (sql: string) => knex.raw(sql).connection(connection)
  try {
    await run('SET SESSION lock_wait_timeout = 1')
    for (let attempt = 1; ; attempt++) {
      const watch = new AbortController()
      const watching = endLongWait(knex, connection.threadId, watch.signal)
      try {
        return await run(`ALTER TABLE user_logs ${change}`)
      } catch (error) {
        const { errno } = error as { errno?: number }
        if ((errno !== 1205 && errno !== 1317) || attempt === maxAttempts) throw error
      } finally {
        // The KILL must not hit the next statement.
        watch.abort()
        await watching
        // Statements that waited behind this one run before the next attempt or change.
        await delay(5 * maxWaitMs)
      }
    }
  } finally {
    await run('SET SESSION lock_wait_timeout = DEFAULT').catch(() => {})
    knex.client.releaseConnection(connection)
  }
}

/**
 * Ends the statement of this connection if it waits for the table for longer than `maxWaitMs`.
 * The database's own limit, lock_wait_timeout, is in whole seconds.
 */
async function endLongWait (knex: Knex, threadId: number, signal: AbortSignal): Promise<void> {
  try {
    for (;;) {
      await delay(maxWaitMs, undefined, { signal })
      const [waiting] = await knex.raw(`SELECT 1 FROM information_schema.PROCESSLIST
        WHERE ID = ? AND STATE LIKE 'Waiting for table metadata lock%'`, [threadId])
      if (waiting.length > 0 && !signal.aborted) return await knex.raw('KILL QUERY ?', [threadId])
    }
  } catch {
    // The statement has ended, or the database's own limit ends it.
  }
}
