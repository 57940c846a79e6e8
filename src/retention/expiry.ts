import type { Knex } from 'knex'
import type { UtcTime } from '../model/instant.ts'
import { announceChange } from '../store/batches.ts'
import type { Condition } from '../store/dialects/dialect.ts'
import { dialectOf } from '../store/dialects/index.ts'

/** Logs of one user to let go: of a part of time, and those alone that have an id below. */
export interface Expired {
  userId: number
  after?: UtcTime
  /** Itself included. */
  until?: UtcTime
  idBelow: bigint
}

interface Key {
  log_event_at: UtcTime
  log_id: string
}

/** A step takes about so long, in milliseconds: writers wait for none that is longer. */
const quick = 15
const slow = 50
const fewest = 100
const most = 5000

/** How many there are. */
export async function countExpired (knex: Knex, expired: Expired, signal: AbortSignal): Promise<number> {
  const { sql, bindings } = whereExpired(expired)
  const [row] = await dialectOf(knex).query(knex, { sql: `SELECT COUNT(*) AS count FROM user_logs WHERE ${sql}`, bindings }, signal)
  return Number(row!.count)
}

/** Lets them go along the key, in steps of which each says how many; so many at most, where that is given. */
export async function * deleteExpired (knex: Knex, expired: Expired, signal: AbortSignal, atMost = Infinity): AsyncGenerator<number> {
  const where = whereExpired(expired)
  let size = 1000
  let last: Key | undefined
  for (let left = atMost; left > 0;) {
    const limit = Math.min(size, left)
    const keys = await nextKeys(knex, where, last, limit, signal)
    if (keys.length === 0) return
    const first = keys[0]!
    last = keys.at(-1)!
    await announceChange(knex, expired.userId, first.log_event_at, last.log_event_at)
    const started = performance.now()
    const count = await knex('user_logs')
      .whereRaw(where.sql, where.bindings)
      .whereBetween('log_event_at', [first.log_event_at, last.log_event_at])
      .where((query) => query.where('log_event_at', '<', last!.log_event_at).orWhere('id', '<=', last!.log_id))
      .delete()
    const took = performance.now() - started
    if (took > slow) size = Math.max(Math.floor(size / 2), fewest)
    else if (took < quick) size = Math.min(size * 2, most)
    yield count
    if (keys.length < limit) return
    left -= count
  }
}

async function nextKeys (knex: Knex, where: Condition, after: Key | undefined, limit: number, signal: AbortSignal): Promise<Key[]> {
  const beyond: Condition = after === undefined
    ? { sql: '1 = 1', bindings: [] }
    : { sql: 'log_event_at >= ? AND (log_event_at > ? OR id > ?)', bindings: [after.log_event_at, after.log_event_at, after.log_id] }
  return await dialectOf(knex).query(knex, {
    sql: `SELECT log_event_at, CAST(id AS CHAR) AS log_id FROM user_logs WHERE ${where.sql} AND ${beyond.sql} ORDER BY user_id, log_event_at, id LIMIT ${limit}`,
    bindings: [...where.bindings, ...beyond.bindings]
  }, signal) as unknown as Key[]
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
