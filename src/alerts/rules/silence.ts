// Rules of kind silence, for each value of their field:
//
//   waiting ──(the deadline is over)──→ late ──(the grace is over)──→ silent: told ──(a week)──→ forgotten
//      ↑                                 └─────────┬───────────────────┘
//      └──────────────────(a log)──────────────────┘ from silent: told, "it was away for 43 min"
//
// The clock is the time up to which the follower has seen every log: while it is behind, nobody is silent.
import { millisecondsOf, type UtcTime } from '../../model/instant.ts'
import { later } from '../tally.ts'
import { shift, type Span } from '../../model/span.ts'
import { toMinute } from './held.ts'
import type { RuleOf } from './rule.ts'
import { deadlineAfter, type Deadline } from './schedule.ts'
import type { RuleState } from './states.ts'
import { silent as nothingTold, speak, spokenAfter, waitsUntil, type Spoken, type Voice } from './voice.ts'

/** A value that is silent for this long is forgotten, in milliseconds. */
const forgetMs = 7 * 24 * 3_600_000

type SilenceRule = RuleOf<'silence'>

/** The time up to which all logs were seen, and the spans in which none could be stored. */
export interface Clock {
  now: UtcTime
  gaps: readonly Span[]
}

/** A state that follows, undefined where nothing is left to remember, and what is told. */
export interface Watched {
  state: RuleState | undefined
  told?: { kind: 'silent' | 'back', note: string, lastAt: UtcTime }
}

/** The state of a value that was heard of at a time; undefined for one that is so old that it does not join. */
export function afterHearing (
  rule: SilenceRule, before: RuleState | undefined, heard: { subject: string, at: UtcTime }, clock: Clock
): Watched {
  const known = before?.detail.heardAt ?? heard.at
  const heardAt = later(known, heard.at)
  const deadline = deadlineAfter(heardAt, rule.settings, clock.gaps)
  const isOver = deadline !== undefined && deadline.withGrace <= clock.now
  if (before === undefined) {
    if (isOver) return { state: undefined }
    return { state: waiting(rule, { subject: heard.subject, heardAt, since: clock.now }, deadline) }
  }
  // Logs of earlier, which came late: it is silent since.
  if (isOver) return { state: { ...before, detail: { ...before.detail, heardAt } } }
  const state = { ...waiting(rule, { subject: heard.subject, heardAt, since: clock.now }, deadline) }
  const voice = before.detail.voice ?? nothingTold
  if (before.state !== 'silent') return { state: { ...state, detail: { heardAt, voice } } }
  const away = minutesBetween(known, heardAt)
  return spoken({ ...state, detail: { heardAt } }, speak(voice, 'back', clock.now, 0), `It was away for ${away}.`)
}

/** The state when it is due. */
export function whenSilenceIsDue (rule: SilenceRule, before: RuleState, clock: Clock): Watched {
  const { heardAt = before.sinceAt, voice = nothingTold } = before.detail
  const deadline = deadlineAfter(heardAt, rule.settings, clock.gaps)
  const common = { subject: before.subject, heardAt, since: before.sinceAt }
  if (before.state !== 'silent' && deadline !== undefined && clock.now >= deadline.withGrace) {
    return becomeSilent(before, { heardAt, deadline, voice }, clock.now)
  }
  const again = spokenAfter(voice, clock.now, 0)
  if (before.state === 'silent') {
    if (again.told) return spoken(before, again, sinceNote(heardAt))
    const isOld = before.subject !== '' && clock.now >= shift(before.sinceAt, forgetMs)
    const dueAt = before.subject === '' ? null : shift(before.sinceAt, forgetMs)
    return { state: isOld ? undefined : { ...before, dueAt, detail: { heardAt, voice: again.voice } } }
  }
  const isLate = deadline !== undefined && clock.now >= deadline.at
  if (!isLate) return spoken(waiting(rule, common, deadline), again, 'It is back.')
  const sinceAt = before.state === 'late' ? before.sinceAt : clock.now
  return spoken({ ...before, state: 'late', sinceAt, dueAt: deadline.withGrace }, again, 'It is back.')
}

function becomeSilent (
  before: RuleState,
  { heardAt, deadline, voice }: { heardAt: UtcTime, deadline: Deadline, voice: Voice },
  now: UtcTime
): Watched {
  const gap = deadline.excused.at(-1)
  const excuse = gap && ` The server could store no logs from ${toMinute(gap.from)} to ${toMinute(gap.to)} UTC; that ` +
    'time does not count.'
  const next = speak(voice, 'silent', now, 0)
  const wait = next.told ? shift(now, forgetMs) : waitsUntil(next.voice, now, 0)
  const state = { ...before, state: 'silent', sinceAt: now, dueAt: wait, detail: { heardAt } }
  return spoken(state, next, `${sinceNote(heardAt)}${excuse ?? ''}`)
}

/** What is told of a state, with its voice. */
function spoken (state: RuleState, { voice, told, note: remark }: Spoken, note: string): Watched {
  const { heardAt = state.sinceAt } = state.detail
  const next = { ...state, detail: { ...state.detail, heardAt, voice } }
  if (told !== 'silent' && told !== 'back') return { state: next }
  return { state: next, told: { kind: told, note: [note, remark].filter((text) => text).join(' '), lastAt: heardAt } }
}

function waiting (
  { id: ruleId }: SilenceRule, { subject, heardAt, since }: { subject: string, heardAt: UtcTime, since: UtcTime },
  deadline: Deadline | undefined
): RuleState {
  return { ruleId, subject, state: 'waiting', sinceAt: since, dueAt: deadline?.at ?? null, detail: { heardAt } }
}

function sinceNote (heardAt: UtcTime): string {
  return `The last log happened ${toMinute(heardAt)} UTC.`
}

/** `43 min`, or hours and days where it is longer. */
function minutesBetween (from: UtcTime, to: UtcTime): string {
  const minutes = Math.round((millisecondsOf(to) - millisecondsOf(from)) / 60_000)
  if (minutes < 120) return `${minutes} min`
  return minutes < 48 * 60 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 60 / 24)} days`
}
