import { randomBytes } from 'node:crypto'
import type { Knex } from 'knex'
import type { BatchPosition } from '../model/batch.ts'
import type { UtcTime } from '../model/instant.ts'
import type { StoredLog } from '../model/record.ts'
import { startOfTime, type Span } from '../model/span.ts'
import { logsInRange, rangesOfBatches } from './batch-ranges.ts'
import type { Condition } from './dialects/dialect.ts'
import { dialectOf } from './dialects/index.ts'
import type { OnConnection } from './limited.ts'
import { ownedBy } from './owner.ts'
import { retryConflicts } from './retry.ts'
import { selectLogs, toLog, type LogRow } from './rows.ts'

/** A batch, with the position of its logs in `user_logs`. */
export interface StoredBatch extends BatchPosition {
  firstId: bigint
  records: number
  firstAt: UtcTime
  lastAt: UtcTime
  /** Whether its logs are only in some ranges of the time between; `rangesOfBatches` reads which. */
  hasTimes: boolean
}

/** A row of `ingest_batches` as `batchColumns` selects it, of a batch that has logs. */
interface BatchRow {
  user_id: number
  batch_key: Buffer
  created_at: UtcTime
  /** `first_id` as text: more digits than a number holds. */
  first: string
  records: number
  first_at: UtcTime
  last_at: UtcTime
  has_times: number | string
}

/** The batches to list: those after a position and before a time, of one user or of all. */
export interface BatchRange {
  userId?: number
  after: BatchPosition
  before: UtcTime
}

/** Lists batches in order. */
export async function listBatches (knex: Knex, range: BatchRange & { limit: number }): Promise<StoredBatch[]> {
  const rows: BatchRow[] = await batchesIn(knex, range)
    .select(batchColumns(knex))
    .orderBy(['created_at', 'user_id', 'batch_key'])
    .limit(range.limit)
  return rows.map(toBatch)
}

/** Batches that `listBatchesUpTo` lists at once: more than a transaction stores. */
const maxBatches = 20_000

/** Lists the batches created in a span, up to the returned time: as many as have `maxLogs` logs, or one transaction. */
export async function listBatchesUpTo (
  knex: Knex, { from, to }: Span, maxLogs: number
): Promise<{ batches: StoredBatch[], to: UtcTime }> {
  const rows: BatchRow[] = await knex('ingest_batches')
    .where('records', '>', 0).where('created_at', '>=', from).where('created_at', '<', to)
    .select(batchColumns(knex))
    .orderBy('created_at')
    .limit(maxBatches)
  let logs = 0
  let end = rows.findIndex(({ records }) => (logs += records) > maxLogs)
  if (end === -1) end = rows.length < maxBatches ? maxBatches : maxBatches - 1
  // All batches of one transaction, which have the same time, or none.
  let upTo: UtcTime = rows[end]?.created_at ?? to
  if (upTo === from) upTo = rows.find((row) => row.created_at > from)?.created_at ?? to
  return { batches: rows.filter((row) => row.created_at < upTo).map(toBatch), to: upTo }
}

/** Counts the batches after a position and before a time. */
export async function countBatches (knex: Knex, after: BatchPosition, before: UtcTime): Promise<number> {
  const row = await batchesIn(knex, { after, before }).count({ count: '*' }).first()
  return Number(row?.count ?? 0)
}

/** Finds a time such that at most `maxBatches` batches lie between it and `before`. */
export async function sinceBatches (knex: Knex, before: UtcTime, maxBatches: number): Promise<UtcTime> {
  const row = await knex('ingest_batches')
    .where('created_at', '<', before)
    .orderBy('created_at', 'desc')
    .offset(maxBatches)
    .first('created_at')
  return row?.created_at ?? startOfTime
}

function batchesIn (knex: Knex, { userId, after, before }: BatchRange): Knex.QueryBuilder {
  const query = knex('ingest_batches')
    .where('records', '>', 0)
    .where('created_at', '>=', after.createdAt)
    .where('created_at', '<', before)
    .where((where) => {
      where.where('created_at', '>', after.createdAt).orWhere('user_id', '>', after.userId).orWhere((same) => {
        same.where('user_id', after.userId).where('batch_key', '>', Buffer.from(after.key, 'hex'))
      })
    })
  if (userId !== undefined) query.where('user_id', userId)
  return query
}

/** Finds the batch at a position; undefined if its key was deleted. */
export async function findBatch (knex: Knex, { userId, key }: BatchPosition): Promise<StoredBatch | undefined> {
  const row: BatchRow | undefined = await knex('ingest_batches')
    .where('records', '>', 0)
    .where({ user_id: userId, batch_key: Buffer.from(key, 'hex') })
    .first(batchColumns(knex))
  return row && toBatch(row)
}

function batchColumns (knex: Knex): Array<string | Knex.Raw> {
  const first = knex.raw('CAST(first_id AS CHAR) AS first')
  const hasTimes = knex.raw('times IS NOT NULL AS has_times')
  return ['user_id', 'batch_key', 'created_at', 'records', 'first_at', 'last_at', hasTimes, first]
}

function toBatch (row: BatchRow): StoredBatch {
  return {
    createdAt: row.created_at,
    userId: row.user_id,
    key: row.batch_key.toString('hex'),
    firstId: BigInt(row.first),
    records: row.records,
    firstAt: row.first_at,
    lastAt: row.last_at,
    hasTimes: Number(row.has_times) === 1
  }
}

/**
 * Selects the times of the batches that meet a condition: a row with `user_id`, `first_at` and `last_at` for each
 * range, and `batches`, which is 1 in one row of each batch and 0 in its others.
 */
export function timesOfBatches (knex: Knex, { sql, bindings }: Condition): Condition {
  const { table, isFirst, firstAt, lastAt } = dialectOf(knex).listedTimes
  return {
    sql: `SELECT user_id, first_at, last_at, 1 AS batches FROM ingest_batches WHERE times IS NULL AND (${sql})
      UNION ALL SELECT user_id, ${firstAt}, ${lastAt}, CASE WHEN ${isFirst} THEN 1 ELSE 0 END
      FROM ingest_batches, ${table} WHERE times IS NOT NULL AND (${sql})`,
    bindings: [...bindings, ...bindings]
  }
}

/** The time of the newest batch, or announced change; undefined if there is none. */
export async function newestBatchAt (knex: Knex): Promise<UtcTime | undefined> {
  const row = await knex('ingest_batches').max({ newest: 'created_at' }).first()
  return row?.newest ?? undefined
}

/** The creation time of the newest batch with logs since a time, of one user or of all; undefined if there is none. */
export async function newestBatchSince (
  knex: Knex, since: UtcTime, userId: number | undefined
): Promise<UtcTime | undefined> {
  const newest = knex('ingest_batches').where('created_at', '>=', since).where('records', '>', 0)
  if (userId !== undefined) newest.where('user_id', userId)
  const row = await newest.max({ newest: 'created_at' }).first()
  return row?.newest ?? undefined
}

/** Reads the logs of a batch in the order sent; deleted logs are missing. */
export async function logsOfBatch (knex: Knex, batch: StoredBatch, signal: AbortSignal): Promise<StoredLog[]> {
  const owner = await ownedBy(knex, batch.userId)
  const logs: StoredLog[] = []
  for (const range of await rangesOfBatches({ knex, signal }, [batch])) {
    const conditions = logsInRange(knex, range)
    const select = selectLogs(knex, { owner, conditions, isNewestFirst: false, limit: batch.records })
    const rows = await dialectOf(knex).query<LogRow>(knex, select, signal)
    for (const row of rows) logs.push(toLog(row))
  }
  return logs.sort((one, other) => BigInt(one.id) < BigInt(other.id) ? -1 : 1)
}

/** The `user_id` in `ingest_batches` that stands for all users. */
export const everyUser = 0

interface LatestTimes {
  /** The time of the database's clock. */
  now: UtcTime
  /** The latest time of anything stored, and of the progress of all followers; undefined if there is neither. */
  latest: UtcTime | undefined
}

/** Reads the database's clock, and the latest time that was stored. */
export async function latestOf (knex: Knex, on: OnConnection = (statement) => statement): Promise<LatestTimes> {
  const times = knex('ingest_batches').max({ at: 'created_at' }).unionAll([
    knex('instances').max('oldest_at'),
    knex('word_progress').max('reached_at').where('user_id', 0),
    knex('hour_counts_progress').max('reached_at')
  ])
  const now = knex.raw(`${dialectOf(knex).now} AS now`)
  const latest = knex.raw('CAST(MAX(at) AS CHAR) AS latest')
  const row = await on(knex.from(times.as('times')).first(now, latest))
  return { now: row.now, latest: row.latest ?? undefined }
}

/** A time for a batch that no instance stores: by the database's clock, and not before any follower's progress. */
export async function stampOf (knex: Knex): Promise<UtcTime> {
  const { now, latest } = await latestOf(knex)
  return latest !== undefined && latest > now ? latest : now
}

/**
 * Announces that logs between these times will be deleted, or stored again, to those who count logs.
 * It is stored as a batch without logs. The change must follow within a minute.
 */
export async function announceChange (
  knex: Knex, userId: number, firstAt: UtcTime, lastAt: UtcTime
): Promise<void> {
  await retryConflicts(knex, async () => {
    await knex('ingest_batches').insert({
      user_id: userId,
      batch_key: randomBytes(16),
      created_at: await stampOf(knex),
      first_id: 0,
      records: 0,
      first_at: firstAt,
      last_at: lastAt
    })
  })
}
