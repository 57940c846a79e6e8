import type { Knex } from 'knex'
import type { AdmittedBatch } from '../model/batch.ts'
import type { BatchStore } from '../model/batch-store.ts'
import type { UtcTime } from '../model/instant.ts'
import type { LogRecord } from '../model/record.ts'
import { refusedLetter, rejectedLetter } from './dead-letters.ts'
import type { DatabaseOptions, RowBatch, RowSink, Value } from './dialects/dialect.ts'
import { dialectOf } from './dialects/index.ts'
import { unlessAborted } from '../timeout.ts'
import { toWellFormedJson } from './well-formed.ts'

/** How many characters `p_name` and `p_description` hold. */
export const nameLength = 255

/**
 * The way, which opens at its first use: the database may be away. `database` says how the knex was
 * opened, where it is not a host app's own.
 */
export function logStoreOf (knex: Knex, database?: DatabaseOptions): BatchStore & { close (): Promise<void> } {
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
    async storeRowByRow (batch, createdAt, signal, spared) {
      const letters = batch.records.map((record, index) => refusedLetter(batch, index, record))
      const { insertRowByRow } = await unlessAborted(signal, sink())
      return insertRowByRow({ ...toRows(batch, createdAt), letters, ...spared }, signal)
    },
    async probe (bytes, signal) {
      const { probe } = await unlessAborted(signal, sink())
      await probe(bytes, signal)
    },
    classify: (error) => dialect.classify(error),
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
  while (await dialectOf(knex).deleteBatchKeys(knex, before) > 0);
}

/** As it stands in the tables. */
export function toRows (batch: AdmittedBatch, createdAt: UtcTime): RowBatch {
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
