// Rules about groups of errors: a change of a group's state is told, and an open error again after some hours.
import type { Knex } from 'knex'
import type { UtcTime } from '../../model/instant.ts'
import { shift } from '../../model/span.ts'
import type { AlertDetail, AlertKind } from '../alert.ts'
import { allLogs, type ErrorGroup } from '../group.ts'
import { findGroup } from '../read.ts'
import type { Tally } from '../tally.ts'
import type { GroupRule } from './book.ts'
import { cut, type Draft } from './draft.ts'
import { isLate, lateNote } from './held.ts'
import { ownProcess, type RuleOf } from './rule.ts'
import { deleteStates, keyOf, readStates, storeStates, type RuleState } from './states.ts'
import { silent, speak, spokenAfter, waitsUntil, type Spoken } from './voice.ts'

/** A group that nobody looks at is looked at again after at most this part of the time. */
const looksPerRepeat = 4

/** A change of a group that a rule may tell. */
export interface GroupEvent {
  rule: GroupRule['rule']
  group: ErrorGroup
  /** In its state of before; undefined: it is new. */
  before: ErrorGroup | undefined
  /** The errors that changed it; undefined where time did. */
  tally: Tally | undefined
}

type GroupOfRule = Pick<GroupEvent, 'rule' | 'group'>

/** Tells changes of groups, unless a rule cools down; resolves to what is told. */
export async function tellGroups (transaction: Knex, events: readonly GroupEvent[], now: UtcTime): Promise<Draft[]> {
  const told = events.flatMap((event) => {
    const kind = kindOf(event)
    return kind === undefined || event.group.process === ownProcess ? [] : [{ ...event, kind }]
  })
  const states = await readStates(transaction, told.map(stateKeyOf))
  const drafts: Draft[] = []
  const after: RuleState[] = []
  for (const { kind, ...event } of told) {
    const { rule, group } = event
    const before = states.get(keyOf(stateKeyOf({ rule, group })))
    const spoken = speak(before?.detail.voice ?? silent, kind, now, coolDownMs(rule))
    after.push(stateAfter({ rule, group }, before, spoken, now))
    if (spoken.told) drafts.push(draftOf(event, spoken, factsOf(event)))
  }
  await storeStates(transaction, after)
  return drafts
}

/** Looks at groups whose time has come; resolves to what is told. */
export async function tellDueGroups (
  transaction: Knex, due: ReadonlyArray<{ rule: RuleOf<'group'>, state: RuleState }>, now: UtcTime
): Promise<Draft[]> {
  const drafts: Draft[] = []
  const after: RuleState[] = []
  for (const { rule, state } of due) {
    const group = await findGroup(transaction, rule.userId, state.subject)
    if (!group || group.mergedInto !== null || (group.state === 'resolved' && isForgotten(state, now))) {
      await deleteStates(transaction, [state])
      continue
    }
    const spoken = whenGroupIsDue({ rule, group }, state, now)
    const newLogs = allLogs(group) - (state.detail.logs ?? 0)
    after.push(stateAfter({ rule, group }, state, spoken, now))
    if (spoken.told) drafts.push(draftOf({ rule, group }, spoken, { ...timesOf(group), logs: newLogs }))
  }
  await storeStates(transaction, after)
  return drafts
}

function whenGroupIsDue ({ rule, group }: GroupOfRule, state: RuleState, now: UtcTime): Spoken {
  const voice = state.detail.voice ?? silent
  if (!isOpen(group)) return { voice: { ...voice, untold: undefined } }
  const spoken = spokenAfter(voice, now, coolDownMs(rule))
  if (spoken.told || spoken.voice.untold) return spoken
  const { repeatSeconds } = rule.telling
  const isTime = repeatSeconds > 0 && voice.toldAt !== undefined && shift(voice.toldAt, repeatSeconds * 1000) <= now
  if (!isTime || allLogs(group) <= (state.detail.logs ?? 0)) return spoken
  return { voice: { ...voice, toldAt: now, told: 'repeated' }, told: 'repeated' }
}

function kindOf ({ group: { state }, before }: GroupEvent): AlertKind | undefined {
  if (state === 'new' || state === 'regressed') return state
  if (state !== 'ongoing') return undefined
  return before?.state === 'acknowledged' ? 'repeated' : 'unmuted'
}

/** Whether nobody has acknowledged, muted or resolved it. */
function isOpen ({ state }: ErrorGroup): boolean {
  return state === 'new' || state === 'ongoing' || state === 'regressed'
}

function isForgotten ({ detail: { voice } }: RuleState, now: UtcTime): boolean {
  const last = voice?.changes.at(-1)
  return last === undefined || shift(last, 3_600_000) < now
}

function stateAfter (
  { rule, group }: GroupOfRule, before: RuleState | undefined, { voice, told }: Spoken, now: UtcTime
): RuleState {
  const logs = told || !before ? allLogs(group) : before.detail.logs
  return {
    ruleId: rule.id,
    subject: group.key,
    state: group.state,
    sinceAt: group.stateAt,
    dueAt: dueAfter(rule, voice, now),
    detail: { voice, logs }
  }
}

function dueAfter (rule: RuleOf<'group'>, voice: Spoken['voice'], now: UtcTime): UtcTime {
  if (voice.untold) return waitsUntil(voice, now, coolDownMs(rule))
  const repeatMs = (rule.telling.repeatSeconds || 86_400) * 1000
  const repeatAt = shift(voice.toldAt ?? now, repeatMs)
  return repeatAt > now ? repeatAt : shift(now, repeatMs / looksPerRepeat)
}

type Facts = Partial<AlertDetail> & { logs: number }

function draftOf ({ rule, group }: GroupOfRule, { told = 'new', note }: Spoken, facts: Facts): Draft {
  const { key, text, process, worst, samples } = group
  const notes = [facts.note, note].filter((one) => one !== undefined)
  return {
    rule,
    subject: key,
    kind: told,
    detail: {
      title: cut(text),
      process,
      level: worst,
      samples,
      groupKey: key,
      ...facts,
      note: notes.length > 0 ? notes.join(' ') : undefined
    }
  }
}

/** The logs that an alert is about: those that changed the group, or all of it. */
function factsOf ({ group, before, tally }: GroupEvent): Facts {
  const { logs, lastAt, samples, lastSeen } = tally ?? group
  const isOfBefore = tally !== undefined && isLate(lastAt, lastSeen)
  const late = isOfBefore ? lateNote({ logs, lateLogs: logs, lastAt, arrivedAt: lastSeen }) : undefined
  const notes = [before && sinceNote(before), late].filter((note) => note !== undefined)
  return { ...timesOf(tally ?? group), logs, samples, note: notes.join(' ') || undefined }
}

function timesOf ({ firstAt, lastAt }: ErrorGroup | Tally): Pick<AlertDetail, 'firstAt' | 'lastAt'> {
  return { firstAt, lastAt }
}

/** How many errors came while nobody was told of them. */
function sinceNote (group: ErrorGroup): string | undefined {
  const { state, stateLogs } = group
  return state === 'muted' || state === 'acknowledged'
    ? `Errors since it was ${state}: ${allLogs(group) - stateLogs}.`
    : undefined
}

function coolDownMs ({ telling }: RuleOf<'group'>): number {
  return telling.coolDownSeconds * 1000
}

function stateKeyOf ({ rule, group }: GroupOfRule) {
  return { ruleId: rule.id, subject: group.key }
}
