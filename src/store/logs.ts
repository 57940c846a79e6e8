import type { Knex } from 'knex'
import type { LogRecord, Rejected, UtcTime } from '../record.ts'
import { refusedLetter, rejectedLetter } from './dead-letters.ts'
import type { DatabaseOptions, RowBatch, RowSink, Value, Verdict } from './dialects/dialect.ts'
import { dialectOf } from './dialects/index.ts'
import { unlessAborted } from './patience.ts'

/** How many characters `p_name` and `p_description` hold. */
export const nameLength = 255

/** A batch with its key, 16 bytes unique to the user, and the ids of its records, then of what was rejected, in a row from the first. */
export interface StorableBatch {
  userId: number
  key: Buffer
  firstId: bigint
  records: readonly LogRecord[]
  rejected?: readonly Rejected[]
}

/** The way of batches into the database; whoever made it closes it. */
export interface LogStore {
  /**
   * Stores all the batches in one transaction, which began at `createdAt` by our clock, or none. Resolves to those whose key was stored
   * before, of which nothing is stored again. Rejects soon after the signal; whether they are
   * stored is then unknown, and trying again under the same keys is safe.
   */
  store<T extends StorableBatch> (batches: readonly T[], createdAt: UtcTime, signal: AbortSignal): Promise<ReadonlySet<T>>
  /**
   * Stores one batch in one transaction; records that the database refuses go to `dead_letters`.
   * Resolves to how many did, or to undefined where the key was stored before. The signal is as above.
   */
  storeSparing (batch: StorableBatch, createdAt: UtcTime, signal: AbortSignal): Promise<number | undefined>
  /** What to make of an error of the two. */
  verdict (error: unknown): Verdict
  close (): Promise<void>
}

/**
 * The way, which opens at its first use: the database may be away. `database` says how the knex was
 * opened, where it is not a host app's own.
 */
export function logStoreOf (knex: Knex, database?: DatabaseOptions): LogStore {
  const dialect = dialectOf(knex)
  let opening: Promise<RowSink> | undefined

  function sink (): Promise<RowSink> {
    opening ??= dialect.openSink(knex, database).catch((error) => {
      opening = undefined
      throw error
    })
    return opening
  }

  return {
    async store (batches, createdAt, signal) {
      const rows = batches.map((batch) => toRows(batch, createdAt))
      const { insert } = await unlessAborted(signal, sink())
      const known = await insert(rows, signal)
      return new Set(batches.filter((_, index) => known.has(rows[index]!)))
    },
    async storeSparing (batch, createdAt, signal) {
      const letters = batch.records.map((record, index) => refusedLetter(batch, index, record))
      const { insertSparing } = await unlessAborted(signal, sink())
      return insertSparing({ ...toRows(batch, createdAt), letters }, signal)
    },
    verdict: (error) => dialect.verdict(error),
    async close () {
      await (await opening?.catch(() => undefined))?.close()
    }
  }
}

/** Forgets the keys of batches stored before then, in small steps. */
export async function purgeBatchKeys (knex: Knex, before: string): Promise<void> {
  while (await dialectOf(knex).deleteBatchKeys(knex, before) > 0);
}

/** As it stands in the tables. */
export function toRows (batch: StorableBatch, createdAt: UtcTime): RowBatch {
  const { userId, key, firstId, records, rejected = [] } = batch
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
    rejected: rejected.map((piece, index) => rejectedLetter(batch, index, piece))
  }
}

function toRow (userId: number, id: bigint, record: LogRecord): Value[] {
  const name = fit(record.processName)
  const description = fit(record.description)
  const cut = name !== record.processName || description !== record.description
  return [
    userId,
    record.eventAt,
    id.toString(),
    record.severity,
    // As text, also where it would fit 32 bits: the bulk protocol wants one type a column.
    String(record.pid),
    name,
    description,
    record.message,
    record.postTime,
    cut
      ? toJson({
        ...record.attributes,
        ...name !== record.processName && { p_name: record.processName },
        ...description !== record.description && { p_description: record.description }
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
    storable[name] = JSON.stringify(attributes[name])
  }
  const text = JSON.stringify(storable)
  return text === '{}' ? null : text
}

function isDeeper (value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return depth === 0 || Object.values(value).some((inner) => isDeeper(inner, depth - 1))
}
