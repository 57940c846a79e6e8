import { BadRequest } from '../errors.ts'
import type { StoredLog } from '../model/record.ts'
import type { Position } from '../query/cursor.ts'
import { everything, type Filter } from '../query/filter.ts'
import { matcherOf } from '../query/matcher.js'
import { valuePiece } from '../text/fold.js'
import { asText, valueAt } from '../text/values.js'
import { cutLog } from './cut.ts'
import { findLog, maxPageBytes, searchLogs, type Found } from './find-logs.ts'
import type { ReadTurn } from './policy.ts'

/** What neighbours have in common with their log, beside its user. */
export type Common = { kind: 'process' } | { kind: 'user' } | { kind: 'attribute', path: readonly string[] }

/** Side of a context to read: a number of logs from a position on. Default: from the log itself on. */
export interface Side {
  logs: number
  from?: Position
}

/** Neighbours of a log, in the order of time. */
export interface Context {
  logs: StoredLog[]
  /** False where fewer neighbours fit into the answer, or were found in time, than there are. */
  isComplete: boolean
  /** Where the sides that were read go on; missing at their ends. */
  older?: Position
  newer?: Position
}

/** A log to find, among all users' logs where no user is given. */
interface Target {
  id: string
  userId: number | undefined
  same: Common
}

interface Limit {
  ms: number
  /** Characters to which messages, and texts inside attributes, are cut. Default: they are whole. */
  cut?: number
}

/**
 * Finds neighbours on one side of a log or on both; the log itself is between them if both begin at it.
 *
 * Resolves to undefined where there is no such log. Rejects with BadRequest where it lacks the attribute, with TooSlow.
 */
export async function findContext (
  turn: ReadTurn, { id, userId, same }: Target, { older, newer }: { older?: Side, newer?: Side }, { ms, cut }: Limit
): Promise<Context | undefined> {
  const log = await findLog(turn, id, userId, ms)
  if (!log) return undefined
  const isAround = older !== undefined && newer !== undefined && older.from === undefined && newer.from === undefined
  const shown = cut === undefined ? log : cutLog(log, cut)
  const limit = isAround
    ? { ms: ms / 2, cut, bytes: (maxPageBytes - shown.message.length) / 2, leastLogs: 0 }
    : { ms: ms / 2, cut, bytes: maxPageBytes / 2, leastLogs: 1 }
  const find = (side: Side | undefined, order: 'newest' | 'oldest') => (
    findSide(turn, { log, filter: filterFor(log, same), order }, { ...limit, ...side })
  )
  const before = await find(older, 'newest')
  const after = await find(newer, 'oldest')
  return {
    logs: [...before.items.toReversed(), ...isAround ? [shown] : [], ...after.items],
    isComplete: before.isComplete && after.isComplete,
    older: before.next,
    newer: after.next
  }
}

interface SideSearch {
  log: StoredLog
  filter: Filter
  order: 'newest' | 'oldest'
}

interface SideLimit extends Partial<Side>, Limit {
  bytes: number
  leastLogs: number
}

async function findSide (
  turn: ReadTurn, { log: { id, userId, eventAt }, filter, order }: SideSearch, { logs, from, ...limit }: SideLimit
): Promise<Found<StoredLog>> {
  if (logs === undefined) return { items: [], isComplete: true, next: undefined }
  const after = from ?? { at: eventAt, id, userId }
  if (logs === 0) return { items: [], isComplete: true, next: after }
  const isMatch = matcherOf(filter)
  const { items, isComplete, next } = await searchLogs(turn, { userId, filter, order, after }, { ...limit, logs }, {
    selectMatches: async (logs) => logs.filter((log) => isMatch(log, '')),
    pause: turn.giveWay
  })
  return { items, isComplete: isComplete && (next === undefined || items.length === logs), next }
}

function filterFor ({ pid, processName, attributes }: StoredLog, same: Common): Filter {
  switch (same.kind) {
    case 'user': return everything
    case 'process': return {
      kind: 'all',
      of: [
        { kind: 'number', field: 'pid', comparison: '=', value: String(pid) },
        { kind: 'value', field: 'process', pattern: [valuePiece(processName)] }
      ]
    }
    case 'attribute': {
      const text = asText(valueAt(attributes, same.path))
      if (text === undefined) {
        const detail = 'same must name an attribute that the log has, and that is neither a list nor an object'
        throw new BadRequest(detail, { rule: 'same.missing', field: 'same' })
      }
      return { kind: 'value', field: same, pattern: [valuePiece(text)] }
    }
  }
}
