import { utcTime, type UtcTime } from '../model/instant.ts'
import { severities, type Severity } from '../model/record.ts'
import { hourOf, hoursAfter, type Span } from '../model/span.ts'
import { dialectOf } from '../store/dialects/index.ts'
import type { Reader } from '../store/reader.ts'
import type { Touched } from './batches.ts'
import { maxRowHours, noLogs, type HourCount } from './table.ts'

/** Counts the first `hours` hours with logs of a span; resolves to the counts, and to where it stopped. */
export async function countHours (
  reader: Reader, { userId, from, to }: Touched, hours: number
): Promise<{ hours: HourCount[], to: UtcTime }> {
  const first = await findFirstHour(reader, userId, { from, to })
  if (first === undefined) return { hours: [], to }
  const end = earlier(hoursAfter(first, hours), to)
  const counts = await countByHour(reader, userId, { from: first, to: end })
  const next = await findFirstHour(reader, userId, { from: end, to }) ?? to
  const starts = [...counts.keys()]
  const rows = [...counts].map(([hour, counts], index) => (
    { hour, until: earlier(starts[index + 1] ?? next, hoursAfter(hour, maxRowHours)), counts }
  ))
  return { hours: rows, to: end }
}

/** Counts a user's logs by hour and severity, in order. */
async function countByHour (
  { knex, signal }: Reader, userId: number, { from, to }: Span
): Promise<Map<UtcTime, HourCount['counts']>> {
  const { query, conditions } = dialectOf(knex)
  const bucket = conditions.bucket(3600)
  const rows = await query(knex, {
    sql: `SELECT ${bucket.sql} AS hour, log_level AS level, COUNT(*) AS count FROM user_logs
      WHERE user_id = ? AND log_event_at >= ? AND log_event_at < ? GROUP BY 1, 2 ORDER BY 1`,
    bindings: [...bucket.bindings, userId, from, to]
  }, signal)
  const hours = new Map<UtcTime, HourCount['counts']>()
  for (const row of rows) {
    const hour = utcTime(Number(row.hour) * 1000)
    const counts = hours.get(hour) ?? noLogs()
    hours.set(hour, counts)
    if (isSeverity(row.level)) counts[row.level] = Number(row.count)
  }
  return hours
}

function isSeverity (level: unknown): level is Severity {
  return severities.some((severity) => severity === level)
}

/** The hour of a user's first log in a span. */
async function findFirstHour (
  { knex, signal }: Reader, userId: number, { from, to }: Span
): Promise<UtcTime | undefined> {
  if (from >= to) return undefined
  const [row] = await dialectOf(knex).query(knex, {
    sql: `SELECT MIN(log_event_at) AS first FROM user_logs
      WHERE user_id = ? AND log_event_at >= ? AND log_event_at < ?`,
    bindings: [userId, from, to]
  }, signal)
  return typeof row?.first === 'string' ? hourOf(row.first) : undefined
}

function earlier (one: UtcTime, other: UtcTime): UtcTime {
  return one < other ? one : other
}
