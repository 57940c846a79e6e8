import type { Knex } from 'knex'
import { utcTime, type LogRecord } from '../record.ts'
import { dialectOf } from './dialects/index.ts'

const columns = ['user_id', 'log_event_at', 'id', 'log_level', 'pid', 'p_name', 'p_description', 'log_msg', 'post_time', 'attributes']

/** How many characters `p_name` and `p_description` hold. */
export const nameLength = 255

/** A batch with its key, 16 bytes unique to the user, and its records' ids, in a row from the first. */
export interface StorableBatch {
  userId: number
  key: Buffer
  firstId: bigint
  records: readonly LogRecord[]
}

/** Stores all the records in one transaction, or none; none when the batch's key is stored already. */
export async function insertBatch (knex: Knex, { userId, key, firstId, records }: StorableBatch): Promise<void> {
  const rows = records.map((record, index) => toRow(userId, firstId + BigInt(index), record))
  await dialectOf(knex).insertBatch(knex, columns, { userId, key, createdAt: utcTime(), rows })
}

/** Whether storing the batch may succeed at the next try, with fresh ids. */
export function isWorthRetrying (knex: Knex, error: unknown): boolean {
  const dialect = dialectOf(knex)
  return dialect.isDuplicate(error) || dialect.isTransient(error)
}

/** Forgets the keys of batches stored before then, in small steps. */
export async function purgeBatchKeys (knex: Knex, before: string): Promise<void> {
  while (await dialectOf(knex).deleteBatchKeys(knex, before) > 0);
}

function toRow (userId: number, id: bigint, record: LogRecord): unknown[] {
  const whole: Record<string, unknown> = {}
  const name = fit(record.processName, 'p_name', whole)
  const description = fit(record.description, 'p_description', whole)
  return [
    userId,
    record.eventAt,
    id.toString(),
    record.severity,
    record.pid,
    name,
    description,
    record.message,
    record.postTime,
    toJson({ ...record.attributes, ...whole })
  ]
}

/** Cuts a text to its column, and then keeps the whole of it aside. */
function fit (text: string, column: string, whole: Record<string, unknown>): string {
  // A character takes one or two UTF-16 units: shorter than this it fits for certain.
  if (text.length <= nameLength) return text
  const characters = Array.from(text)
  if (characters.length <= nameLength) return text
  whole[column] = text
  return characters.slice(0, nameLength).join('')
}

/** Deeper JSON than this, the object itself counted, MariaDB takes for invalid. */
const jsonDepth = 31

function toJson (attributes: Record<string, unknown>): string | null {
  const entries = Object.entries(attributes)
  if (entries.length === 0) return null
  return JSON.stringify(Object.fromEntries(entries.map(([name, value]) => [name, isDeeper(value, jsonDepth - 1) ? JSON.stringify(value) : value])))
}

function isDeeper (value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return depth === 0 || Object.values(value).some((inner) => isDeeper(inner, depth - 1))
}
