// Searching walks along the clustered key (user_id, log_event_at, id), window of time by window of
// time, so that no statement takes long whatever it looks for, and a walk can stop anywhere and
// go on later. A window that was quickly done is followed by a larger one.
import type { Knex } from 'knex'
import type { Position } from '../query/cursor.ts'
import type { Filter } from '../query/filter.ts'
import { utcTime, type LogRecord, type Severity, type UtcTime } from '../record.ts'
import { dialectOf } from './dialects/index.ts'
import type { Condition } from './dialects/dialect.ts'
import { conditionOf } from './filter.ts'

/** A log as it is stored. */
export interface StoredLog extends LogRecord {
  /** A decimal number of 64 bits. */
  id: string
  userId: number
}

/** Which logs are looked for, and in which order. */
export interface Search {
  /** Whose. Undefined: everybody's. */
  userId?: number
  filter: Filter
  /** From here on. */
  from?: UtcTime
  /** Up to, without, here. */
  to?: UtcTime
  /** By time, then by arrival. */
  order: 'newest' | 'oldest'
  /** Goes on from here. */
  after?: Position
}

/** What a step of a walk found, in order, and how far it came. */
export interface Step {
  logs: StoredLog[]
  /** Everything up to here was looked at; undefined at the end of all. */
  reached: Position | undefined
}

/** A statement should take about so long, in milliseconds. */
const quick = 20
const slow = 100

const narrowest = 1000
const widest = 10_000 * 366 * 86_400_000

/**
 * Walks along what is looked for; each step gives so many logs at most. Ends with the signal's
 * reason once it is given, and the statement under way is ended in the database.
 */
export async function * walkLogs (knex: Knex, search: Search, most: number, signal: AbortSignal): AsyncGenerator<Step, void, void> {
  const { order, from, to } = search
  const down = order === 'newest'
  const { query } = dialectOf(knex)
  const condition = conditionOf(knex, search.filter)
  const unfiltered = search.userId !== undefined && search.filter.kind === 'all' && search.filter.of.length === 0
  let width = unfiltered ? widest : search.userId === undefined ? 60_000 : 3_600_000

  let position = search.after
  while (true) {
    const edge = await findEdge(knex, search, position, signal)
    if (edge === undefined) return yield { logs: [], reached: undefined }
    let far: UtcTime | undefined = down ? shift(edge, -width) : shift(edge, width)
    if (down ? from !== undefined && far <= from : to !== undefined && far >= to) far = undefined
    for (let inWindow = true; inWindow;) {
      const window = bounds(search, position, far)
      const started = performance.now()
      const rows = await query(knex, selectLogs(search.userId, [...window, condition], down, most), signal)
      const took = performance.now() - started
      const logs = rows.map(toLog)
      inWindow = logs.length === most
      if (inWindow) {
        const { eventAt: at, id, userId } = logs.at(-1)!
        position = { at, id, userId }
      } else {
        position = far === undefined ? undefined : { at: far }
        if (took < quick) width = Math.min(width * 4, widest)
        else if (took > slow) width = Math.max(width / 4, narrowest)
      }
      yield { logs, reached: position }
      if (position === undefined) return
    }
  }
}

/** The time of the first log from the position on, whether it is looked for or not. */
async function findEdge (knex: Knex, search: Search, position: Position | undefined, signal: AbortSignal): Promise<UtcTime | undefined> {
  const extreme = search.order === 'newest' ? 'MAX' : 'MIN'
  const window = bounds(search, position, undefined)
  const inside = (user: string) => `SELECT ${extreme}(log_event_at) FROM user_logs WHERE user_id = ${user}${window.map(({ sql }) => ` AND ${sql}`).join('')}`
  const bindings = window.flatMap(({ bindings }) => bindings)
  const condition = search.userId === undefined
    // One look at the key for each user.
    ? { sql: `SELECT ${extreme}(edge) AS edge FROM (SELECT (${inside('users.id')}) AS edge FROM users) AS edges`, bindings }
    : { sql: `SELECT (${inside('?')}) AS edge`, bindings: [search.userId, ...bindings] }
  const [row] = await dialectOf(knex).query(knex, condition, signal)
  return row!.edge as UtcTime | null ?? undefined
}

/** The part of the key between the position and the far end of a window. */
function bounds ({ order, from, to }: Search, position: Position | undefined, far: UtcTime | undefined): Condition[] {
  const down = order === 'newest'
  const conditions: Condition[] = []
  const lowest = down ? far ?? from : from
  const highest = down ? to : far ?? to
  if (lowest !== undefined) conditions.push({ sql: 'log_event_at >= ?', bindings: [lowest] })
  if (highest !== undefined) conditions.push({ sql: 'log_event_at < ?', bindings: [highest] })
  if (position?.id !== undefined) {
    const { at, id, userId } = position
    const beyond = down ? '<' : '>'
    conditions.push({
      sql: `log_event_at ${beyond}= ? AND (log_event_at ${beyond} ? OR id ${beyond} ? OR (id = ? AND user_id ${beyond} ?))`,
      bindings: [at, at, id, id, userId!]
    })
  } else if (position) {
    conditions.push({ sql: down ? 'log_event_at < ?' : 'log_event_at >= ?', bindings: [position.at] })
  }
  return conditions
}

const columns = 'user_id, log_event_at, CAST(id AS CHAR) AS log_id, log_level, pid, p_name, p_description, log_msg, post_time, attributes'

function selectLogs (userId: number | undefined, conditions: Condition[], down: boolean, limit: number): Condition {
  const user = userId === undefined ? { sql: 'user_id IN (SELECT id FROM users)', bindings: [] } : { sql: 'user_id = ?', bindings: [userId] }
  const all = [user, ...conditions]
  const direction = down ? ' DESC' : ''
  const key = [...userId === undefined ? [] : ['user_id'], 'log_event_at', 'id']
  // A user's own are read in the order of the key.
  const order = userId === undefined ? ['log_event_at', 'id', 'user_id'] : key
  return {
    sql: `SELECT ${columns} FROM user_logs WHERE ${all.map(({ sql }) => sql).join(' AND ')} ORDER BY ${order.map((column) => column + direction).join(', ')} LIMIT ${limit}`,
    bindings: all.flatMap(({ bindings }) => bindings)
  }
}

/** A row of `user_logs` as a log. */
function toLog (row: Record<string, unknown>): StoredLog {
  const attributes = row.attributes as string | Record<string, unknown> | null
  return {
    id: row.log_id as string,
    userId: row.user_id as number,
    eventAt: row.log_event_at as UtcTime,
    postTime: row.post_time as UtcTime,
    severity: row.log_level as Severity,
    message: row.log_msg as string,
    pid: Number(row.pid),
    processName: row.p_name as string,
    description: row.p_description as string,
    // MySQL 8 hands JSON over as what it says.
    attributes: typeof attributes === 'string' ? JSON.parse(attributes) : attributes
  }
}

/** So many milliseconds away, within what a DATETIME holds. */
function shift (time: UtcTime, milliseconds: number): UtcTime {
  const shifted = Date.parse(`${time.replace(' ', 'T')}Z`) + milliseconds
  return utcTime(Math.min(Math.max(shifted, Date.UTC(1000, 0, 1)), Date.UTC(9999, 11, 31, 23, 59, 59, 999)))
}
