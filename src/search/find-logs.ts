import { TooSlow } from '../errors.ts'
import { utcTime } from '../model/instant.ts'
import type { StoredLog } from '../model/record.ts'
import { shift } from '../model/span.ts'
import type { Position } from '../query/cursor.ts'
import type { Search } from '../query/search.ts'
import { cutColumns, cutRow } from '../store/cut-rows.ts'
import { dialectOf } from '../store/dialects/index.ts'
import { ownedBy } from '../store/owner.ts'
import type { Reader } from '../store/reader.ts'
import { selectLogs, toLog, type LogRow } from '../store/rows.ts'
import { cutLog, maxCutAttributesBytes } from './cut.ts'
import type { SearchPolicy } from './policy.ts'
import { positionColumns, rowPosition, walkRows, type StepLimit } from './walk.ts'
import { maxWidthMs } from './windows.ts'

/** The result of a search; the rest begins at `next`, which is undefined at the end. */
export interface Found<Item> {
  items: Item[]
  /** False where the time was over before the search reached its limit or its end. */
  isComplete: boolean
  next: Position | undefined
}

/** What ends a search. */
export interface SearchLimit {
  logs: number
  ms: number
  /** Default: `maxPageBytes`. */
  bytes?: number
  /** Logs that are found whatever they take. Default: 1. */
  leastLogs?: number
  /** Characters to which messages, and texts inside attributes, are cut. Default: they are whole. */
  cut?: number
}

/** Bytes of a page of logs: a few such pages must fit into memory, and large messages are rare. */
export const maxPageBytes = 8_000_000

/** Finds logs up to the limit. Rejects with TooSlow where the time is over before any log was looked at. */
export async function searchLogs (
  reader: Reader, search: Search, limit: SearchLimit, policy: SearchPolicy
): Promise<Found<StoredLog>> {
  const { cut } = limit
  if (cut === undefined) {
    const { items, ...found } = await findRows(reader, search, limit, policy)
    return { ...found, items: items.map(toLog) }
  }
  const columns = cutColumns(reader.knex, cut + 1, maxCutAttributesBytes)
  const shorten = (row: LogRow) => cutRow(row, cut + 1, maxCutAttributesBytes)
  const { items, ...found } = await findRows(reader, search, { ...limit, columns, shorten }, policy)
  return { ...found, items: items.map((row) => cutLog(toLog(row), cut)) }
}

/** The same for the positions of the logs alone. */
export async function searchPositions (
  reader: Reader, search: Search, limit: SearchLimit, policy: SearchPolicy
): Promise<Found<Required<Position>>> {
  const { items, ...found } = await findRows(reader, search, { ...limit, columns: positionColumns }, policy)
  return { ...found, items: items.map(rowPosition) }
}

async function findRows (
  reader: Reader, search: Search, limit: SearchLimit & Pick<StepLimit, 'columns' | 'shorten'>, policy: SearchPolicy
): Promise<Found<LogRow>> {
  const { logs: rows, ms, bytes: maxBytes = maxPageBytes, leastLogs = 1, columns, shorten } = limit
  const items: LogRow[] = []
  let bytes = 0
  let next = search.after
  const timeout = AbortSignal.timeout(ms)
  const inTime = { ...reader, signal: AbortSignal.any([reader.signal, timeout]) }
  const page = () => ({ bytes: maxBytes - bytes, leastRows: leastLogs - items.length })
  try {
    for await (const { found, reached } of walkRows(inTime, search, { rows, page, columns, shorten }, policy)) {
      items.push(...found.rows.slice(0, rows - items.length))
      bytes += found.bytes
      const last = items.at(-1)
      if (items.length === rows || (found.isCut && !found.isLate)) {
        return { items, isComplete: true, next: last ? rowPosition(last) : next }
      }
      next = reached
      if (timeout.aborted && reached !== undefined) return { items, isComplete: false, next }
    }
  } catch (error) {
    if (error !== timeout.reason) throw error
    if (next === search.after) throw new TooSlow()
    return { items, isComplete: false, next }
  }
  return { items, isComplete: true, next: undefined }
}

/** Most logs are sent soon after they happen: the times around their arrival to look at, one after the other. */
const aroundMs = [60_000, 86_400_000, maxWidthMs]

/** Finds a log by its id, among all users' logs where no user is given. Rejects with TooSlow past `timeoutMs`. */
export async function findLog (
  { knex, signal }: Reader, id: string, userId: number | undefined, timeoutMs: number
): Promise<StoredLog | undefined> {
  const timeout = AbortSignal.timeout(timeoutMs)
  // An id tells when its log arrived.
  const arrivedAt = utcTime(Number(BigInt(id) >> 16n))
  const owner = await ownedBy(knex, userId)
  try {
    for (const ms of aroundMs) {
      const window = {
        sql: 'log_event_at BETWEEN ? AND ? AND id = ?',
        bindings: [shift(arrivedAt, -ms), shift(arrivedAt, ms), id]
      }
      const select = selectLogs(knex, { owner, conditions: [window], isNewestFirst: true, limit: 1 })
      const [row] = await dialectOf(knex).query<LogRow>(knex, select, AbortSignal.any([signal, timeout]))
      if (row) return toLog(row)
    }
    return undefined
  } catch (error) {
    throw error === timeout.reason ? new TooSlow() : error
  }
}
