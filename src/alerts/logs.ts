// The logs of a group of errors: errors of its time whose keys are computed anew.
import { TooSlow } from '../errors.ts'
import type { UtcTime } from '../model/instant.ts'
import type { StoredLog } from '../model/record.ts'
import { shift } from '../model/span.ts'
import type { Position } from '../query/cursor.ts'
import { parseFilter } from '../query/parse.ts'
import type { Search } from '../query/search.ts'
import { cutLog } from '../search/cut.ts'
import { searchLogs, type Found } from '../search/find-logs.ts'
import type { ReadTurn } from '../search/policy.ts'
import { groupKeyOf } from './group-key.ts'
import type { ErrorGroup } from './group.ts'

/** Errors that are read at once. */
const pageLogs = 500
/** Characters of the messages that are found. */
export const maxMessageCharacters = 2000

const errorsFilter = parseFilter('level:>=error')

/** The logs to find: of these groups, which are those of one user, after a position. */
export interface GroupLogs {
  userId: number
  groups: ReadonlyArray<Pick<ErrorGroup, 'key' | 'firstAt' | 'lastAt'>>
  after: Position | undefined
}

/** Finds the logs of groups, the newest first. Rejects with TooSlow where no error could be looked at in time. */
export async function findGroupLogs (
  turn: ReadTurn, { userId, groups, after }: GroupLogs, limit: { logs: number, ms: number }
): Promise<Found<StoredLog>> {
  const keys = new Set(groups.map(({ key }) => key))
  const times = groups.flatMap(({ firstAt, lastAt }) => [firstAt, lastAt]).sort()
  const span = { from: times.at(0), to: endAfter(times.at(-1)) }
  const endsAt = performance.now() + limit.ms
  const items: StoredLog[] = []
  for (let next = after; ;) {
    const search: Search = { ...span, userId, filter: errorsFilter, order: 'newest', after: next }
    const page = await readPage(turn, search, endsAt, next !== after)
    for (const log of page?.items ?? []) {
      if (!keys.has(groupKeyOf(log).key)) continue
      items.push(cutLog(log, maxMessageCharacters))
      if (items.length === limit.logs) {
        return { items, isComplete: true, next: { at: log.eventAt, id: log.id, userId: log.userId } }
      }
    }
    next = page ? page.next : next
    if (!page?.isComplete) return { items, isComplete: false, next }
    if (next === undefined) return { items, isComplete: true, next }
  }
}

/** Undefined where the time is over, and something was looked at before. */
async function readPage (
  turn: ReadTurn, search: Search, endsAt: number, isLater: boolean
): Promise<Found<StoredLog> | undefined> {
  const ms = Math.ceil(endsAt - performance.now())
  if (isLater && ms <= 0) return undefined
  try {
    return await searchLogs(turn, search, { logs: pageLogs, ms: Math.max(1, ms) }, { pause: () => turn.giveWay() })
  } catch (error) {
    if (isLater && error instanceof TooSlow) return undefined
    throw error
  }
}

/** The exclusive end of a span whose last log is known. */
function endAfter (last: UtcTime | undefined): UtcTime | undefined {
  return last === undefined ? undefined : shift(last, 1)
}
