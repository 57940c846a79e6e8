// Logs and dead letters as rows of the tables, and rows as logs.
import { createHash } from 'node:crypto'
import type { AdmittedBatch, Once, Rejected } from '../model/batch.ts'
import { utcTime, type UtcTime } from '../model/instant.ts'
import type { LogRecord, Severity, StoredLog } from '../model/record.ts'
import type { Condition, RowBatch, RowOnce, Value } from './dialects/dialect.ts'
import type { Owner } from './owner.ts'
import { toWellFormedJson } from './well-formed.ts'

/** How many characters `p_name` and `p_description` hold. */
export const nameLength = 255

// MySQL would hand JSON over as what it says, of which nobody knows the size.
const allColumns = 'user_id, log_event_at, CAST(id AS CHAR) AS log_id, log_level, pid, p_name, p_description, log_msg, post_time, CAST(attributes AS CHAR) AS attributes'

/** The statement that reads logs in order: a user's own along the key, unless `sorted` says how they are sorted. */
export function selectLogs (owner: Owner, conditions: Condition[], down: boolean, limit: number, sorted?: string, columns = allColumns): Condition {
  const all = [owner, ...conditions]
  const direction = down ? ' DESC' : ''
  const order = (owner.one ? ['user_id', 'log_event_at', 'id'] : ['log_event_at', 'id', 'user_id']).map((column) => column + direction).join(', ')
  return {
    sql: `SELECT ${columns} FROM user_logs WHERE ${all.map(({ sql }) => sql).join(' AND ')} ORDER BY ${owner.one && sorted !== undefined ? sorted : order} LIMIT ${limit}`,
    bindings: all.flatMap(({ bindings }) => bindings)
  }
}

/** A row of `user_logs` as a log. */
export function toLog (row: Record<string, unknown>): StoredLog {
  const attributes = row.attributes as string | null
  return {
    id: row.log_id as string,
    userId: row.user_id as number,
    eventAt: row.log_event_at as UtcTime,
    postTime: row.post_time as UtcTime,
    severity: row.log_level as Severity,
    message: row.log_msg as string,
    pid: Number(row.pid),
    processName: row.p_name as string,
    description: row.p_description as string,
    attributes: attributes === null ? null : JSON.parse(attributes)
  }
}

/** A batch as rows. */
export function toRows (batch: AdmittedBatch, createdAt: UtcTime): RowBatch {
  const { userId, key, firstId, records, rejected = [], once } = batch
  // A batch of which all was rejected has no times.
  let firstAt = records[0]?.eventAt ?? null
  let lastAt = firstAt
  for (const { eventAt } of records) {
    if (eventAt < firstAt!) firstAt = eventAt
    if (eventAt > lastAt!) lastAt = eventAt
  }
  return {
    userId,
    key,
    createdAt,
    firstId: firstId.toString(),
    firstAt,
    lastAt,
    rows: records.map((record, index) => toRow(userId, firstId + BigInt(index), record)),
    rejected: rejected.map((piece, index) => rejectedLetter(batch, index, piece)),
    once: once && onceOf(once, firstId)
  }
}

/** A batch may have waited in the spool: its window goes by when it came, which its ids tell. */
function onceOf ({ hashes, windowMs }: Once, firstId: bigint): RowOnce {
  const arrived = Number(firstId >> 16n)
  return { hashes, arrivedAt: utcTime(arrived), expiresAt: utcTime(arrived + windowMs), expiresBefore: utcTime(arrived + 2 * windowMs) }
}

function toRow (userId: number, id: bigint, record: LogRecord): Value[] {
  const processName = record.processName.toWellFormed()
  const wholeDescription = record.description.toWellFormed()
  const name = fit(processName)
  const description = fit(wholeDescription)
  const cut = name !== processName || description !== wholeDescription
  return [
    userId,
    record.eventAt,
    id.toString(),
    record.severity,
    // As text, also where it would fit 32 bits: the bulk protocol wants one type a column.
    String(record.pid),
    name,
    description,
    // A test hands over what is no text, to see it refused.
    record.message?.toWellFormed() ?? null,
    record.postTime,
    cut
      ? toJson({
        ...record.attributes,
        ...name !== processName && { p_name: processName },
        ...description !== wholeDescription && { p_description: wholeDescription }
      })
      : record.attributes && toJson(record.attributes)
  ]
}

/** Cuts a text to its column. */
function fit (text: string): string {
  // A character takes one or two UTF-16 units: shorter than this it fits for certain.
  return text.length <= nameLength ? text : Array.from(text).slice(0, nameLength).join('')
}

/** Deeper JSON than this, the object itself counted, MariaDB takes for invalid. */
const jsonDepth = 31

function toJson (attributes: Record<string, unknown>): string | null {
  let storable = attributes
  for (const name of Object.keys(attributes)) {
    if (!isDeeper(attributes[name], jsonDepth - 1)) continue
    if (storable === attributes) storable = { ...attributes }
    storable[name] = toWellFormedJson(attributes[name])
  }
  const text = toWellFormedJson(storable)
  return text === '{}' ? null : text
}

function isDeeper (value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return depth === 0 || Object.values(value).some((inner) => isDeeper(inner, depth - 1))
}

/** A dead letter keeps its record up to this size, which fits a packet of any usual `max_allowed_packet`. */
export const deadLetterBytes = 512 * 1024

/** What becomes of a record if the database refuses it: the values of `deadLetterColumns`, all but the reason. */
export function refusedLetter ({ userId, firstId }: AdmittedBatch, index: number, record: LogRecord): Value[] {
  return [(firstId + BigInt(index)).toString(), userId, utcTime(), 'database', ...boundedRecord(toWellFormedJson(record))]
}

/** What becomes of a piece that a decoder rejected: the values of `deadLetterColumns`. */
export function rejectedLetter ({ userId, firstId, records }: AdmittedBatch, index: number, { source, reason, raw }: Rejected): Value[] {
  return [(firstId + BigInt(records.length + index)).toString(), userId, utcTime(), source, ...boundedRecord(raw), reason.toWellFormed().slice(0, 255)]
}

/** The values of `record`, `record_bytes` and `record_sha256`: a text too long for a dead letter is cut. */
export function boundedRecord (text: string): [record: string, bytes: number, sha256: string | null] {
  const whole = text.toWellFormed()
  const length = Buffer.byteLength(whole)
  if (length <= deadLetterBytes) return [whole, length, null]
  const bytes = Buffer.from(whole)
  let end = deadLetterBytes
  // Not within a character, whose further bytes are 10xxxxxx.
  while ((bytes[end]! & 0xc0) === 0x80) end--
  return [bytes.toString('utf8', 0, end), length, createHash('sha256').update(bytes).digest('hex')]
}
