import { randomBytes } from 'node:crypto'
import type { Knex } from 'knex'
import { utcTime, type UtcTime } from '../record.ts'
import { dialectOf } from './dialects/index.ts'
import { ownedBy } from './owner.ts'
import { toLog, selectLogs, type StoredLog } from './search.ts'

/** A place in the order in which batches are stored. */
export interface BatchPlace {
  createdAt: UtcTime
  userId: number
  /** 32 hex digits. */
  key: string
}

/** A row of `ingest_batches`: where a batch's logs are. */
export interface StoredBatch extends BatchPlace {
  firstId: bigint
  records: number
  firstAt: UtcTime
  lastAt: UtcTime
}

/** The batches after a place and before a time, so many at most, in order; all users' or one's. */
export async function listBatches (knex: Knex, userId: number | undefined, after: BatchPlace, before: UtcTime, limit: number): Promise<StoredBatch[]> {
  const rows = await knex('ingest_batches')
    .select(columns(knex))
    .where('records', '>', 0).where('created_at', '>=', after.createdAt).where('created_at', '<', before)
    .where((where) => {
      const key = Buffer.from(after.key, 'hex')
      where.where('created_at', '>', after.createdAt).orWhere('user_id', '>', after.userId).orWhere((where) => where.where('user_id', after.userId).where('batch_key', '>', key))
    })
    .modify((query) => { if (userId !== undefined) query.where('user_id', userId) })
    .orderBy(['created_at', 'user_id', 'batch_key']).limit(limit)
  return rows.map(toBatch)
}

/** The batch at a place, where it is known still. */
export async function findBatch (knex: Knex, { userId, key }: BatchPlace): Promise<StoredBatch | undefined> {
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

/**
 * Tells whoever counts logs that some between these times are about to go, or to come back: it is written down as a batch
 * without logs. They must have gone within a minute.
 */
export async function announceChange (knex: Knex, userId: number, firstAt: UtcTime, lastAt: UtcTime): Promise<void> {
  await knex('ingest_batches').insert({ user_id: userId, batch_key: randomBytes(16), created_at: utcTime(), first_id: 0, records: 0, first_at: firstAt, last_at: lastAt })
}

/** An instance that was not seen for so long, in milliseconds, has ended. */
const endedAfter = 10_000

/** Who else stores batches into this database, and how far back those go that they are storing. */
export function instancesOf (knex: Knex) {
  return {
    /** Tells the others of this one, before it stores anything, and again and again. */
    async announce (id: string, oldest: UtcTime): Promise<void> {
      await knex('instances').insert({ id, seen_at: utcTime(), oldest_at: oldest }).onConflict('id').merge()
    },

    /** The oldest of the others' times; undefined where there are no others. */
    async oldestOfOthers (id: string): Promise<UtcTime | undefined> {
      const [row] = await knex('instances').whereNot({ id }).where('seen_at', '>', utcTime(Date.now() - endedAfter)).min({ oldest: 'oldest_at' })
      return row?.oldest ?? undefined
    },

    async leave (id: string): Promise<void> {
      await knex('instances').where({ id }).orWhere('seen_at', '<', utcTime(Date.now() - 100 * endedAfter)).delete()
    }
  }
}
