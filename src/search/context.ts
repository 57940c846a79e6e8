import type { StoredLog } from '../model/record.ts'
import type { Filter } from '../query/filter.ts'
import { matcherOf } from '../query/matcher.js'
import { valuePiece } from '../text/fold.js'
import { findLog, maxPageBytes, searchLogs } from './find-logs.ts'
import type { ReadTurn } from './policy.ts'

/** A log with its neighbours, in the order of time. */
export interface Context {
  logs: StoredLog[]
  /** False where fewer neighbours fit into the answer, or were found in time, than there are. */
  isComplete: boolean
}

/** Finds logs of the same process before and after a log; undefined where there is no such log. */
export async function findContext (
  turn: ReadTurn,
  { id, userId }: { id: string, userId: number | undefined },
  { before, after }: { before: number, after: number },
  budgetMs: number
): Promise<Context | undefined> {
  const log = await findLog(turn, id, userId, budgetMs)
  if (!log) return undefined
  const earlier = await findNeighbours(turn, log, { order: 'newest', logs: before, ms: budgetMs / 2 })
  const later = await findNeighbours(turn, log, { order: 'oldest', logs: after, ms: budgetMs / 2 })
  return {
    logs: [...earlier.logs.toReversed(), log, ...later.logs],
    isComplete: earlier.isComplete && later.isComplete
  }
}

async function findNeighbours (
  turn: ReadTurn, log: StoredLog, { order, logs, ms }: { order: 'newest' | 'oldest', logs: number, ms: number }
): Promise<Context> {
  if (logs === 0) return { logs: [], isComplete: true }
  const { id, userId, eventAt } = log
  const filter = sameProcess(log)
  const isMatch = matcherOf(filter)
  const search = { userId, filter, order, after: { at: eventAt, id, userId } }
  const limit = { logs, ms, bytes: (maxPageBytes - log.message.length) / 2, leastLogs: 0 }
  const { items, isComplete, next } = await searchLogs(turn, search, limit, {
    selectMatches: async (logs) => logs.filter((log) => isMatch(log, '')),
    pause: turn.giveWay
  })
  return { logs: items, isComplete: isComplete && (next === undefined || items.length === logs) }
}

function sameProcess ({ pid, processName }: StoredLog): Filter {
  return {
    kind: 'all',
    of: [
      { kind: 'number', field: 'pid', comparison: '=', value: String(pid) },
      { kind: 'value', field: 'process', pattern: [valuePiece(processName)] }
    ]
  }
}
