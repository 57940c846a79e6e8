import type { Knex } from 'knex'
import { AdaptiveStep } from '../model/adaptive-step.ts'
import type { UtcTime } from '../model/instant.ts'
import { announceChange } from '../store/batches.ts'
import type { Condition } from '../store/dialects/dialect.ts'
import { dialectOf } from '../store/dialects/index.ts'

/** Expired logs of one user: those of a part of time that have an id below. */
export interface Expired {
  userId: number
  /** Exclusive. */
  after?: UtcTime
  /** Inclusive. */
  until?: UtcTime
  idBelow: bigint
}

interface Key {
  at: UtcTime
  id: string
}

/** Logs that one statement deletes: writers wait for none that takes longer than about `slowMs`. */
const logsPerStep = { initial: 1000, min: 100, max: 5000, quickMs: 15, slowMs: 50 }

/** Counts expired logs. */
export async function countExpired (knex: Knex, expired: Expired, signal: AbortSignal): Promise<number> {
  const { sql, bindings } = whereExpired(expired)
  const statement = { sql: `SELECT COUNT(*) AS count FROM user_logs WHERE ${sql}`, bindings }
  const [row] = await dialectOf(knex).query(knex, statement, signal)
  return Number(row?.count)
}

/** Deletes expired logs in key order, in steps; yields the number deleted by each step. `max` limits the total. */
export async function * deleteExpired (
  knex: Knex, expired: Expired, signal: AbortSignal, max = Infinity
): AsyncGenerator<number> {
  const where = whereExpired(expired)
  const step = new AdaptiveStep(logsPerStep)
  let last: Key | undefined
  for (let left = max; left > 0;) {
    const limit = Math.min(step.size, left)
    const keys = await nextKeys({ knex, where, signal }, last, limit)
    const first = keys[0]
    last = keys.at(-1)
    if (first === undefined || last === undefined) return
    await announceChange(knex, expired.userId, first.at, last.at)
    const started = performance.now()
    const count = await deleteBetween(knex, where, first, last)
    step.record(performance.now() - started)
    yield count
    if (keys.length < limit) return
    left -= count
  }
}

async function deleteBetween (knex: Knex, where: Condition, first: Key, last: Key): Promise<number> {
  return await knex('user_logs')
    .whereRaw(where.sql, where.bindings)
    .whereBetween('log_event_at', [first.at, last.at])
    .where((query) => { query.where('log_event_at', '<', last.at).orWhere('id', '<=', last.id) })
    .delete()
}

interface KeyReader {
  knex: Knex
  where: Condition
  signal: AbortSignal
}

async function nextKeys ({ knex, where, signal }: KeyReader, after: Key | undefined, limit: number): Promise<Key[]> {
  const beyond: Condition = after === undefined
    ? { sql: '1 = 1', bindings: [] }
    : { sql: 'log_event_at >= ? AND (log_event_at > ? OR id > ?)', bindings: [after.at, after.at, after.id] }
  const rows = await dialectOf(knex).query(knex, {
    sql: `SELECT log_event_at AS at, CAST(id AS CHAR) AS log_id FROM user_logs WHERE ${where.sql} AND ${beyond.sql}
      ORDER BY user_id, log_event_at, id LIMIT ${limit}`,
    bindings: [...where.bindings, ...beyond.bindings]
  }, signal)
  return rows.map((row) => ({ at: String(row.at), id: String(row.log_id) }))
}

function whereExpired ({ userId, after, until, idBelow }: Expired): Condition {
  const parts: Condition[] = [
    { sql: 'user_id = ?', bindings: [userId] },
    ...after === undefined ? [] : [{ sql: 'log_event_at > ?', bindings: [after] }],
    ...until === undefined ? [] : [{ sql: 'log_event_at <= ?', bindings: [until] }],
    { sql: 'id < ?', bindings: [idBelow.toString()] }
  ]
  return { sql: parts.map(({ sql }) => sql).join(' AND '), bindings: parts.flatMap(({ bindings }) => bindings) }
}
