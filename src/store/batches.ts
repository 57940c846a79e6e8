import { randomBytes } from 'node:crypto'
import type { Knex } from 'knex'
import type { BatchPosition } from '../model/batch.ts'
import type { UtcTime } from '../model/instant.ts'
import { dialectOf } from './dialects/index.ts'
import type { OnConnection } from './limited.ts'
import { ownedBy } from './owner.ts'
import type { StoredLog } from '../model/record.ts'
import { toLog, selectLogs } from './rows.ts'
import { startOfTime } from '../model/span.ts'

/** A row of `ingest_batches`: where a batch's logs are. */
export interface StoredBatch extends BatchPosition {
  firstId: bigint
  records: number
  firstAt: UtcTime
  lastAt: UtcTime
}

/** The batches after a place and before a time, so many at most, in order; all users' or one's. */
export async function listBatches (knex: Knex, userId: number | undefined, after: BatchPosition, before: UtcTime, limit: number): Promise<StoredBatch[]> {
  const rows = await knex('ingest_batches')
    .select(columns(knex))
    .where(between(after, before))
    .modify((query) => { if (userId !== undefined) query.where('user_id', userId) })
    .orderBy(['created_at', 'user_id', 'batch_key']).limit(limit)
  return rows.map(toBatch)
}

/** How many batches there are after a place and before a time. */
export async function countBatches (knex: Knex, after: BatchPosition, before: UtcTime): Promise<number> {
  const [row] = await knex('ingest_batches').where(between(after, before)).count({ count: '*' })
  return Number(row!.count)
}

/** A time before this one, after which there are at most so many batches until this one. */
export async function sinceBatches (knex: Knex, before: UtcTime, batches: number): Promise<UtcTime> {
  const row = await knex('ingest_batches').select('created_at').where('created_at', '<', before).orderBy('created_at', 'desc').offset(batches).first()
  return row?.created_at ?? startOfTime
}

function between (after: BatchPosition, before: UtcTime): (query: Knex.QueryBuilder) => void {
  const key = Buffer.from(after.key, 'hex')
  return (query) => {
    query.where('records', '>', 0).where('created_at', '>=', after.createdAt).where('created_at', '<', before).where((where) => {
      where.where('created_at', '>', after.createdAt).orWhere('user_id', '>', after.userId).orWhere((where) => where.where('user_id', after.userId).where('batch_key', '>', key))
    })
  }
}

/** The batch at a place, where it is known still. */
export async function findBatch (knex: Knex, { userId, key }: BatchPosition): Promise<StoredBatch | undefined> {
  const row = await knex('ingest_batches').select(columns(knex)).where('records', '>', 0).where({ user_id: userId, batch_key: Buffer.from(key, 'hex') }).first()
  return row && toBatch(row)
}

function columns (knex: Knex): Array<string | Knex.Raw> {
  return ['user_id', 'batch_key', 'created_at', 'records', 'first_at', 'last_at', knex.raw('CAST(first_id AS CHAR) AS first')]
}

/** A row of `ingest_batches` as a batch. */
export function toBatch (row: { created_at: UtcTime, user_id: number, batch_key: Buffer, first: string, records: number, first_at: UtcTime, last_at: UtcTime }): StoredBatch {
  return {
    createdAt: row.created_at,
    userId: row.user_id,
    key: row.batch_key.toString('hex'),
    firstId: BigInt(row.first),
    records: row.records,
    firstAt: row.first_at,
    lastAt: row.last_at
  }
}

/** When the newest batch was stored, or the newest change announced; undefined where there is none. */
export async function newestBatchAt (knex: Knex): Promise<UtcTime | undefined> {
  const row = await knex('ingest_batches').max({ newest: 'created_at' }).first()
  return row?.newest ?? undefined
}

/** The logs of a batch in the order sent, but for those that are gone. */
export async function logsOfBatch (knex: Knex, { userId, firstId, records, firstAt, lastAt }: StoredBatch, signal: AbortSignal): Promise<StoredLog[]> {
  const window = {
    sql: 'log_event_at BETWEEN ? AND ? AND id BETWEEN ? AND ?',
    bindings: [firstAt, lastAt, firstId.toString(), (firstId + BigInt(records - 1)).toString()]
  }
  const rows = await dialectOf(knex).query(knex, selectLogs(await ownedBy(knex, userId), [window], false, records), signal)
  return rows.map(toLog).sort((one, other) => BigInt(one.id) < BigInt(other.id) ? -1 : 1)
}

/** In `ingest_batches`, who stands for all users. */
export const everyUser = 0

/** The database's clock, and the latest time that anything stored, or any follower of it, has come to. */
export async function latestOf (knex: Knex, on: OnConnection = (statement) => statement): Promise<{ now: UtcTime, latest: UtcTime | undefined }> {
  const times = [
    'SELECT MAX(created_at) AS at FROM ingest_batches',
    'SELECT MAX(oldest_at) FROM instances',
    'SELECT MAX(reached_at) FROM word_progress WHERE user_id = 0',
    'SELECT MAX(reached_at) FROM hour_counts_progress'
  ]
  const answer = await on(knex.raw(`SELECT ${dialectOf(knex).now} AS now, CAST(MAX(at) AS CHAR) AS latest FROM (${times.join(' UNION ALL ')}) AS times`))
  const [row] = Array.isArray(answer[0]) ? answer[0] : answer
  return { now: row.now, latest: row.latest ?? undefined }
}

/** A time for a batch of somebody who is no instance: by the database's clock, and behind no follower. */
export async function stampOf (knex: Knex): Promise<UtcTime> {
  const { now, latest } = await latestOf(knex)
  return latest !== undefined && latest > now ? latest : now
}

/**
 * Tells whoever counts logs that some between these times are about to go, or to come back: it is written down as a batch
 * without logs. They must have gone within a minute.
 */
export async function announceChange (knex: Knex, userId: number, firstAt: UtcTime, lastAt: UtcTime): Promise<void> {
  const createdAt = await stampOf(knex)
  await knex('ingest_batches').insert({ user_id: userId, batch_key: randomBytes(16), created_at: createdAt, first_id: 0, records: 0, first_at: firstAt, last_at: lastAt })
}
