// Logs and dead letters as rows, and rows as logs.
import { createHash } from 'node:crypto'
import type { Knex } from 'knex'
import type { AdmittedBatch, Once, Rejected } from '../model/batch.ts'
import { utcTime, type UtcTime } from '../model/instant.ts'
import type { Cut, LogRecord, Severity, StoredLog } from '../model/record.ts'
import { rangesOf, type TimeRange } from '../model/time-range.ts'
import type { Condition } from './dialects/dialect.ts'
import type { RowBatch, RowOnce, Value } from './dialects/row-sink.ts'
import type { Owner } from './owner.ts'
import { toWellFormedJson } from './well-formed.ts'

/** Characters that `p_name` and `p_description` hold. */
const maxNameCharacters = 255

/** A row of `user_logs`, as `selectLogs` selects all columns. */
export interface LogRow {
  /** `id` as text: more digits than a number holds. */
  log_id: string
  user_id: number
  log_event_at: UtcTime
  post_time: UtcTime
  log_level: Severity
  log_msg: string
  pid: number | string
  p_name: string
  p_description: string
  attributes: string | null
  /** Bytes of the whole message where `cutColumns` are selected. */
  message_bytes?: number | string
  /** 1 where `cutColumns` left the attributes out. */
  lacks_attributes?: number | string
}

// As text, because mysql2 would parse JSON, and the size of an object is not known.
const allColumns = 'user_id, log_event_at, CAST(id AS CHAR) AS log_id, log_level, pid, p_name, p_description, ' +
  'log_msg, post_time, CAST(attributes AS CHAR) AS attributes'

/** The logs to read. */
interface LogSelection {
  owner: Owner
  conditions: readonly Condition[]
  isNewestFirst: boolean
  limit: number
  /** SQL that sorts one user's logs. Default: the order of the key. */
  sorted?: string
  /** SQL of the columns. Default: those of `LogRow`. */
  columns?: string
}

/** Selects logs in order: of one user along the key, of all by time. */
export function selectLogs (knex: Knex, selection: LogSelection): Knex.QueryBuilder {
  const { owner, conditions, isNewestFirst, limit, sorted, columns = allColumns } = selection
  const query = knex('user_logs').select(knex.raw(columns)).limit(limit)
  for (const { sql, bindings } of [owner, ...conditions]) query.whereRaw(sql, bindings)
  if (owner.one && sorted !== undefined) return query.orderByRaw(sorted)
  const order = isNewestFirst ? 'desc' : 'asc'
  const key = owner.one ? ['user_id', 'log_event_at', 'id'] : ['log_event_at', 'id', 'user_id']
  return query.orderBy(key.map((column) => ({ column, order })))
}

/** A row of `user_logs` as a log. */
export function toLog (row: LogRow): StoredLog {
  return {
    id: row.log_id,
    userId: row.user_id,
    eventAt: row.log_event_at,
    postTime: row.post_time,
    severity: row.log_level,
    message: row.log_msg,
    pid: Number(row.pid),
    processName: row.p_name,
    description: row.p_description,
    attributes: row.attributes === null ? null : JSON.parse(row.attributes),
    ...cutOf(row)
  }
}

function cutOf ({ message_bytes: bytes, lacks_attributes: lacksAttributes }: LogRow): { cut: Cut } | undefined {
  if (bytes === undefined) return undefined
  return { cut: { message: Number(bytes), ...Number(lacksAttributes) === 1 && { attributes: true } } }
}

/** Ranges of time that are kept of a batch: their text fits the smallest usual `max_allowed_packet`, 1 MiB. */
const maxRanges = 5000

/** The columns of `ingest_batches` for the times of a batch. */
function toTimes (ranges: readonly TimeRange[]): Pick<RowBatch, 'firstAt' | 'lastAt' | 'times'> {
  return {
    firstAt: ranges[0]?.firstAt ?? null,
    lastAt: ranges.at(-1)?.lastAt ?? null,
    times: ranges.length > 1 ? JSON.stringify(ranges.map(({ firstAt, lastAt }) => [firstAt, lastAt])) : null
  }
}

/** A batch as rows. */
export function toRows (batch: AdmittedBatch, createdAt: UtcTime): RowBatch {
  const { userId, key, firstId, records, rejected = [], once } = batch
  return {
    userId,
    key,
    createdAt,
    firstId: firstId.toString(),
    ...toTimes(rangesOf(records.map(({ eventAt }) => eventAt), maxRanges)),
    rows: records.map((record, index) => toRow(userId, firstId + BigInt(index), record)),
    rejected: rejected.map((piece, index) => rejectedLetter(batch, index, piece)),
    once: once && toRowOnce(once, firstId)
  }
}

/** The window counts from the batch's arrival, which its ids tell: it may have waited in the spool since. */
function toRowOnce ({ hashes, windowMs }: Once, firstId: bigint): RowOnce {
  const arrived = Number(firstId >> 16n)
  return {
    hashes,
    arrivedAt: utcTime(arrived),
    expiresAt: utcTime(arrived + windowMs),
    expiresBefore: utcTime(arrived + 2 * windowMs)
  }
}

function toRow (userId: number, id: bigint, record: LogRecord): Value[] {
  const processName = record.processName.toWellFormed()
  const wholeDescription = record.description.toWellFormed()
  const name = cutToColumn(processName)
  const description = cutToColumn(wholeDescription)
  const isCut = name !== processName || description !== wholeDescription
  return [
    userId,
    record.eventAt,
    id.toString(),
    record.severity,
    // As text even if it fits 32 bits: the bulk protocol requires one type for a column.
    String(record.pid),
    name,
    description,
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- tests send null, to see it refused
    record.message?.toWellFormed() ?? null,
    record.postTime,
    isCut
      ? toJson({
        ...record.attributes,
        ...name !== processName && { p_name: processName },
        ...description !== wholeDescription && { p_description: wholeDescription }
      })
      : record.attributes && toJson(record.attributes)
  ]
}

/** Cuts a text to the length of its column. */
function cutToColumn (text: string): string {
  // A character has one or two UTF-16 units, so a text of few units fits in any case.
  return text.length <= maxNameCharacters ? text : Array.from(text).slice(0, maxNameCharacters).join('')
}

/** Max depth of JSON, the outermost object included: MariaDB takes anything deeper for invalid. */
const maxJsonDepth = 31

function toJson (attributes: Record<string, unknown>): string | null {
  let storable = attributes
  for (const name of Object.keys(attributes)) {
    if (!isDeeper(attributes[name], maxJsonDepth - 1)) continue
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

/** Bytes of a record that a dead letter keeps. They fit a packet of any usual `max_allowed_packet`. */
export const maxLetterRecordBytes = 512 * 1024

/** Characters that `dead_letters.reason` holds. */
const maxReasonCharacters = 255

/** The dead letter of a record that the database refuses: `deadLetterColumns` without the reason. */
export function refusedLetter ({ userId, firstId }: AdmittedBatch, index: number, record: LogRecord): Value[] {
  const id = (firstId + BigInt(index)).toString()
  return [id, userId, utcTime(), 'database', ...boundedRecord(toWellFormedJson(record))]
}

/** The dead letter of a piece that a decoder rejected, in the order of `deadLetterColumns`. */
function rejectedLetter ({ userId, firstId, records }: AdmittedBatch, index: number, piece: Rejected): Value[] {
  const id = (firstId + BigInt(records.length + index)).toString()
  return [id, userId, utcTime(), piece.source, ...boundedRecord(piece.raw), toReason(piece.reason)]
}

/** A reason, cut to the length of its column. */
export function toReason (text: string): string {
  return text.toWellFormed().slice(0, maxReasonCharacters)
}

/** The values of `record`, `record_bytes` and `record_sha256`; a text that is too long is cut. */
export function boundedRecord (text: string): [record: string, bytes: number, sha256: string | null] {
  const whole = text.toWellFormed()
  const length = Buffer.byteLength(whole)
  if (length <= maxLetterRecordBytes) return [whole, length, null]
  const bytes = Buffer.from(whole)
  let end = maxLetterRecordBytes
  while (isInsideCharacter(bytes, end)) end--
  return [bytes.toString('utf8', 0, end), length, createHash('sha256').update(bytes).digest('hex')]
}

/** Whether the byte continues a character of UTF-8: such bytes are 10xxxxxx. */
function isInsideCharacter (bytes: Buffer, index: number): boolean {
  return ((bytes[index] ?? 0) & 0xc0) === 0x80
}
