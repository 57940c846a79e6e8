import type { Knex } from 'knex'
import { utcTime, type LogRecord, type Once, type Rejected, type UtcTime } from '../record.ts'
import { refusedLetter, rejectedLetter } from './dead-letters.ts'
import type { DatabaseOptions, RowBatch, RowOnce, RowSink, SparingBatch, Value, Verdict } from './dialects/dialect.ts'
import { dialectOf } from './dialects/index.ts'
import { unlessAborted } from './patience.ts'
import { toWellFormedJson } from './well-formed.ts'

/** How many characters `p_name` and `p_description` hold. */
export const nameLength = 255

/** A batch with its key, 16 bytes unique to the user, and the ids of its records, then of what was rejected, in a row from the first. */
export interface StorableBatch {
  userId: number
  key: Buffer
  firstId: bigint
  records: readonly LogRecord[]
  rejected?: readonly Rejected[]
  once?: Once
  /** Told here, as soon as it is known: how many of the records were left out, because the user sent the same lately. */
  repeated?: number
}

/** What is known of single pieces of a batch, by their index, records first. */
export type Spared = Pick<SparingBatch, 'condemned' | 'kept' | 'trying'>

/** The way of batches into the database; whoever made it closes it. */
export interface LogStore {
  /**
   * Stores all the batches in one transaction, which began at `createdAt` by our clock, or none. Resolves to those whose key was stored
   * before, of which nothing is stored again. Rejects soon after the signal; whether they are
   * stored is then unknown, and trying again under the same keys is safe.
   */
  store<T extends StorableBatch> (batches: readonly T[], createdAt: UtcTime, signal: AbortSignal): Promise<ReadonlySet<T>>
  /**
   * Stores one batch in one transaction; records that the database refuses go to `dead_letters`, and so do those of `spared.condemned`;
   * pieces of `spared.kept` are left out. Resolves to how many did, or to undefined where the key was stored before. Rejects with
   * PieceFailed where a piece fails in another way. The signal is as above: `spared.trying` was told of the last piece.
   */
  storeSparing (batch: StorableBatch, createdAt: UtcTime, signal: AbortSignal, spared: Spared): Promise<number | undefined>
  /** Rejects while the database stores no log of about so many bytes; it is taken back. */
  probe (bytes: number, signal: AbortSignal): Promise<void>
  /** What to make of an error of these. */
  verdict (error: unknown): Verdict
  /** What may be told of such an error. */
  reason (error: unknown): string
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
      // Also where the answer to a COMMIT is lost: the next try finds the key, and no more than that.
      const known = await insert(rows, signal).finally(() => batches.forEach((batch, index) => noteRepeated(batch, rows[index]!)))
      return new Set(batches.filter((_, index) => known.has(rows[index]!)))
    },
    async storeSparing (batch, createdAt, signal, spared) {
      const letters = batch.records.map((record, index) => refusedLetter(batch, index, record))
      const { insertSparing } = await unlessAborted(signal, sink())
      const rows = { ...toRows(batch, createdAt), letters, ...spared }
      return insertSparing(rows, signal).finally(() => noteRepeated(batch, rows))
    },
    async probe (bytes, signal) {
      const { probe } = await unlessAborted(signal, sink())
      await probe(bytes, signal)
    },
    verdict: (error) => dialect.verdict(error),
    reason: (error) => dialect.reason(error),
    async close () {
      await (await opening?.catch(() => undefined))?.close()
    }
  }
}

/** Where files are kept of what no table takes, beside the database; undefined where that is another machine's. */
export function keptFolderOf (knex: Knex): string | undefined {
  return dialectOf(knex).keptFolder(knex)
}

/** Forgets the keys of batches stored before then, in small steps. */
export async function purgeBatchKeys (knex: Knex, before: string): Promise<void> {
  while (await dialectOf(knex).deleteOld(knex, { table: 'ingest_batches', key: ['user_id', 'batch_key'], time: 'created_at' }, before) > 0);
}

/** As it stands in the tables. */
export function toRows (batch: StorableBatch, createdAt: UtcTime): RowBatch {
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

function noteRepeated (batch: StorableBatch, { repeated }: RowBatch): void {
  if (repeated !== undefined) batch.repeated = repeated
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
