// The table of rsyslog's module ommysql. Source: https://www.rsyslog.com/doc/configuration/modules/ommysql.html and the
// file createDB.sql beside its sources.
import type { Knex } from 'knex'
import { noProcess } from '../decode/record/fields.ts'
import { severityOfSyslogNumber } from '../decode/severity/index.ts'
import { facilities } from '../decode/syslog/index.ts'
import { parseTime } from '../model/time.ts'
import type { LogSource, SourceLog } from './import.ts'
import { othersOf, pidOf, requireColumns, tableSource, textOf, type OldRow } from './old-table.ts'

const table = 'SystemEvents'
const ownColumns = new Set([
  'id', 'receivedat', 'devicereportedtime', 'facility', 'priority', 'fromhost', 'message', 'syslogtag', 'processid'
])

/** The messages of syslog that rsyslog stored, as logs of one user. Throws CommandError if a column is missing. */
export async function systemEvents (old: Knex, place: string, userId: number): Promise<LogSource> {
  await requireColumns(old, table, ['id', 'receivedat', 'priority', 'message'])
  return tableSource({ knex: old, table, place, toLog: (row) => toLog(row, userId) })
}

function toLog (row: OldRow, userId: number): SourceLog {
  const receivedAt = parseTime(textOf(row.receivedat))
  const eventAt = parseTime(textOf(row.devicereportedtime)) ?? receivedAt
  const severity = severityOfSyslogNumber(Number(textOf(row.priority) || NaN))
  if (eventAt === undefined || severity === undefined) {
    const reason = eventAt === undefined ? 'ReceivedAt is no time in the years 1000 to 9999' : 'Priority is not 0 to 7'
    return { userId, rejected: { source: 'import', reason, raw: JSON.stringify(row) } }
  }
  const [, tag = '', pid] = /^(.*?)(?:\[(\d+)\])?:?$/.exec(textOf(row.syslogtag).trim()) ?? []
  const host = textOf(row.fromhost)
  const facility = facilities[Number(textOf(row.facility) || NaN)]
  return {
    userId,
    record: {
      eventAt,
      postTime: receivedAt ?? eventAt,
      severity,
      // rsyslog keeps the space between the tag and the text.
      message: textOf(row.message).replace(/^ /, ''),
      pid: pidOf(pid ?? row.processid),
      processName: tag || noProcess,
      description: host,
      attributes: {
        ...host !== '' && { host },
        ...facility !== undefined && { facility },
        ...othersOf(row, ownColumns)
      }
    }
  }
}
