// A group of errors and its states:
//
//   new ──(24 hours)──→ ongoing ──→ resolved ──(an error that happened after it)──→ regressed ──(24 hours)──→ ongoing
//    └────────┬───────────┘  └─(14 days without errors)─→ resolved
//             ├─→ acknowledged ──(ten times its logs, or an error after 7 days)──→ ongoing
//             └─→ muted ──(its time, or its number of logs, is over)──→ ongoing
//
// Users change the state to acknowledged, muted, resolved and back to ongoing; each change has a number.
import { millisecondsOf, type UtcTime } from '../model/instant.ts'
import type { Severity } from '../model/record.ts'
import { later, type Sample, type Tally } from './tally.ts'

export const groupStates = ['new', 'ongoing', 'acknowledged', 'muted', 'resolved', 'regressed'] as const

export type GroupState = typeof groupStates[number]

/** States in which a group asks for somebody. */
export const openStates: readonly GroupState[] = ['new', 'ongoing', 'regressed']

/** Errors with the same cause, as far as their texts tell. */
export interface ErrorGroup {
  userId: number
  /** 16 hex digits; the same on every server for the same errors of the same user. */
  key: string
  process: string
  /** The text of its logs, without what varies. */
  text: string
  worst: Severity
  state: GroupState
  /** Since when it has its state, and the number of all its logs then. */
  stateAt: UtcTime
  stateLogs: number
  /** A muted group is muted until this time, or until it has this many logs in all. */
  untilAt: UtcTime | null
  untilLogs: number | null
  /** Its own logs, and those of the groups that were merged into it. */
  logs: number
  mergedLogs: number
  firstSeen: UtcTime
  /** Also of the groups that were merged into it. */
  lastSeen: UtcTime
  firstAt: UtcTime
  lastAt: UtcTime
  /** The first log and the last two. */
  samples: Sample[]
  /** The key of the group that it was merged into. */
  mergedInto: string | null
  /** Number of its last change. */
  changes: number
}

/** By what a group is changed: requests, the commands of the terminal, a chat, or the server itself. */
export type ChangeSource = 'api' | 'command' | 'telegram' | 'server'

/** A change of a group's state. */
export interface GroupChange {
  userId: number
  key: string
  number: number
  state: GroupState
  changedAt: UtcTime
  /** The user who changed it, or `server`. */
  changedBy: string
  source: ChangeSource
  note: string
}

/** An error this much after its group was resolved says that it was not: clocks differ a little. */
const regressAfterMs = 60_000
/** An acknowledged group is ongoing again when it has this many times the logs that it had. */
const acknowledgedGrowth = 10

/** A group of its first errors. */
export function groupOf (tally: Tally, now: UtcTime): ErrorGroup {
  const { hours, ...seen } = tally
  return {
    ...seen,
    state: 'new',
    stateAt: now,
    stateLogs: 0,
    untilAt: null,
    untilLogs: null,
    mergedLogs: 0,
    mergedInto: null,
    changes: 1
  }
}

/** The number of logs of a group and of those that were merged into it. */
export function allLogs ({ logs, mergedLogs }: Pick<ErrorGroup, 'logs' | 'mergedLogs'>): number {
  return logs + mergedLogs
}

/** A group with further errors of one that was merged into it. */
export function withMergedErrors (group: ErrorGroup, { logs, lastSeen }: Pick<Tally, 'logs' | 'lastSeen'>): ErrorGroup {
  return { ...group, mergedLogs: group.mergedLogs + logs, lastSeen: later(group.lastSeen, lastSeen) }
}

/** The state of a group after further errors, the last of which happened at `lastAt`; undefined: as before. */
export function nextState (group: ErrorGroup, lastAt: UtcTime): GroupState | undefined {
  const { state, stateAt, stateLogs, untilLogs } = group
  const logs = allLogs(group)
  if (state === 'resolved' && millisecondsOf(lastAt) > millisecondsOf(stateAt) + regressAfterMs) return 'regressed'
  if (state === 'muted' && untilLogs !== null && logs >= untilLogs) return 'ongoing'
  if (state === 'acknowledged' && logs >= acknowledgedGrowth * stateLogs) return 'ongoing'
  return undefined
}

/** A group in another state. */
export function inState (group: ErrorGroup, state: GroupState, now: UtcTime): ErrorGroup {
  const stateLogs = allLogs(group)
  return { ...group, state, stateAt: now, stateLogs, untilAt: null, untilLogs: null, changes: group.changes + 1 }
}
