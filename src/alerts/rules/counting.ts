// Rules of kind match and count: logs that are told at once, and then those of each cool-down together.
//
//   ok ──(logs that count)──→ told ──(the cool-down is over: logs were held)──→ told
//    ↑                          └──(none were held)──┐
//    └───────────────────────────────────────────────┘
import { millisecondsOf, utcTime, type UtcTime } from '../../model/instant.ts'
import type { StoredLog } from '../../model/record.ts'
import { shift } from '../../model/span.ts'
import { earlier, later } from '../tally.ts'
import type { CountSettings, RuleOf } from './rule.ts'
import { isLate, joinHeld, type Held } from './held.ts'
import type { RuleState } from './states.ts'

/** Parts of a window at most; a part has at least this many seconds. */
const maxParts = 360
const minPartSeconds = 10

/** Logs by the start of a part of the window, in seconds since 1970. */
export type Parts = Map<number, number>

/** A state that follows, undefined where nothing is left to remember, and what is told. */
export interface Counted {
  state: RuleState | undefined
  told?: Held
}

type CountingRule = RuleOf<'match' | 'count'>

/** Seconds of a part of a window. */
function partSecondsOf ({ withinSeconds }: CountSettings): number {
  return Math.max(minPartSeconds, Math.ceil(withinSeconds / maxParts))
}

/**
 * The part of the window to which a log belongs: that of its arrival, or of its time where it came late. So the logs of
 * hours that come at once, because they waited in a spool, are no burst.
 */
export function partOf (settings: CountSettings, { eventAt }: Pick<StoredLog, 'eventAt'>, seenAt: UtcTime): number {
  const seconds = partSecondsOf(settings)
  return Math.floor(millisecondsOf(isLate(eventAt, seenAt) ? eventAt : seenAt) / 1000 / seconds) * seconds
}

/** Logs of a subject that match a rule. */
export interface Hit {
  subject: string
  held: Held
  parts: Parts
}

/** The state after logs that match the rule. */
export function afterLogs (rule: CountingRule, before: RuleState | undefined, hit: Hit, now: UtcTime): Counted {
  if (rule.kind === 'match') return afterHit(rule, before, hit, now)
  const { settings } = rule
  const added = addParts(before?.detail.parts ?? [], hit.parts)
  const most = fullestWindow(settings, added, hit.parts)
  const last = added.at(-1)?.[0] ?? 0
  const parts = added.filter(([start]) => start > last - settings.withinSeconds)
  if (most.logs <= settings.moreThan) {
    const fresh = { ruleId: rule.id, subject: hit.subject, state: 'ok', sinceAt: now, dueAt: null, detail: {} }
    return { state: withParts(rule, before ?? fresh, parts) }
  }
  // The first alert tells the whole window, those after it what came since.
  const held = isCooling(rule, before, now) ? hit.held : heldOfWindow(hit.held, most)
  const { state, told } = afterHit(rule, before, { ...hit, held }, now)
  return { state: withParts(rule, state, parts), told }
}

/** The state when it is due: the cool-down is over, or the window is empty. */
export function whenDue (rule: CountingRule, before: RuleState, now: UtcTime): Counted {
  const { held, parts = [] } = before.detail
  if (held !== undefined) {
    const { state, told } = afterHit(rule, before, { subject: before.subject }, now)
    return { state: withParts(rule, state, parts), told }
  }
  const last = parts.at(-1)?.[0]
  if (rule.kind === 'match' || last === undefined) return { state: undefined }
  const isEmpty = windowEnd(rule.settings, last) <= now
  return { state: isEmpty ? undefined : withParts(rule, { ...before, state: 'ok', sinceAt: now }, parts) }
}

/** Tells all logs, or holds them while the rule cools down. */
function afterHit (
  rule: CountingRule, before: RuleState | undefined, { subject, held }: Partial<Hit> & { subject: string }, now: UtcTime
): { state: RuleState, told?: Held } {
  const all = held ? joinHeld(before?.detail.held, held) : before?.detail.held
  if (before && isCooling(rule, before, now)) return { state: { ...before, detail: { ...before.detail, held: all } } }
  const dueAt = shift(now, rule.telling.coolDownSeconds * 1000)
  return { state: { ruleId: rule.id, subject, state: 'told', sinceAt: now, dueAt, detail: {} }, told: all }
}

function isCooling ({ telling }: CountingRule, state: RuleState | undefined, now: UtcTime): boolean {
  return state?.state === 'told' && now < shift(state.sinceAt, telling.coolDownSeconds * 1000)
}

/** A state with the window of its rule; without an alert it is due when the window is empty. */
function withParts (rule: CountingRule, state: RuleState, parts: Array<[number, number]>): RuleState {
  const last = parts.at(-1)?.[0]
  if (rule.kind === 'match' || last === undefined) return state
  const dueAt = state.state === 'told' ? state.dueAt : windowEnd(rule.settings, last)
  return { ...state, dueAt, detail: { ...state.detail, parts } }
}

function windowEnd (settings: CountSettings, lastPart: number): UtcTime {
  return utcTime((lastPart + settings.withinSeconds + partSecondsOf(settings)) * 1000)
}

function addParts (before: ReadonlyArray<[number, number]>, added: Parts): Array<[number, number]> {
  const all = new Map(before)
  for (const [start, logs] of added) all.set(start, (all.get(start) ?? 0) + logs)
  return [...all].sort(([one], [other]) => one - other)
}

/** The logs of a window, and the times at which it begins and ends, in seconds since 1970. */
interface Window {
  logs: number
  from: number
  to: number
}

/** The window with the most logs among those that end with an added part; `parts` are in order, with the added ones. */
function fullestWindow (settings: CountSettings, parts: ReadonlyArray<[number, number]>, added: Parts): Window {
  const { withinSeconds } = settings
  let most: Window = { logs: 0, from: 0, to: 0 }
  let left = 0
  let logs = 0
  for (const [start, count] of parts) {
    logs += count
    for (; (parts[left]?.[0] ?? start) <= start - withinSeconds; left++) logs -= parts[left]?.[1] ?? 0
    if (!added.has(start) || logs <= most.logs) continue
    const to = start + partSecondsOf(settings)
    most = { logs, from: to - withinSeconds, to }
  }
  return most
}

/** The facts of the logs of a window; further late logs, which came with them, are not told. */
function heldOfWindow (held: Held, { logs, from, to }: Window): Held {
  const end = utcTime(to * 1000)
  const all = { ...held, logs, lateLogs: Math.min(held.lateLogs, logs) }
  if (!isLate(end, held.arrivedAt)) return all
  return { ...all, firstAt: later(held.firstAt, utcTime(from * 1000)), lastAt: earlier(held.lastAt, end) }
}
