// Rules that look at logs: their states, and what they tell.
import type { Knex } from 'knex'
import type { UtcTime } from '../../model/instant.ts'
import { later } from '../tally.ts'
import { afterLogs, whenDue, type Counted } from './counting.ts'
import { detailOf, titleOf, type Draft } from './draft.ts'
import { joinHeld } from './held.ts'
import type { RuleOf } from './rule.ts'
import { otherSubjects, type Sighting } from './sightings.ts'
import { afterHearing, whenSilenceIsDue, type Clock, type Watched } from './silence.ts'
import { countStates, deleteStates, keyOf, readStates, storeStates, type RuleState, type StateKey } from './states.ts'

/** Values of a rule that are watched; logs of further ones count together, and their silence is not noticed. */
export const maxValues = 1000

/** The times by which rules decide. */
export interface Times {
  /** The database's clock. */
  now: UtcTime
  /** The time up to which all logs were seen. */
  clock: Clock
}

interface Outcome {
  states: RuleState[]
  gone: StateKey[]
  drafts: Draft[]
}

/** Brings the states of rules up to date with what was seen; resolves to what is told. */
export async function watch (transaction: Knex, seen: readonly Sighting[], times: Times): Promise<Draft[]> {
  const { sightings, states } = await withinBounds(transaction, seen)
  const outcome: Outcome = { states: [], gone: [], drafts: [] }
  for (const sighting of sightings) {
    const before = states.get(keyOfSighting(sighting))
    note(outcome, sighting.rule, sighting.subject, nextState(sighting, before, times))
  }
  return await store(transaction, outcome)
}

function nextState (sighting: Sighting, before: RuleState | undefined, { now, clock }: Times): Counted | Watched {
  const { rule, subject, heardAt } = sighting
  if (rule.kind === 'silence') return afterHearing(rule, before, { subject, at: heardAt }, clock)
  return afterLogs(rule, before, sighting, now)
}

/** Brings states up to date that are due; resolves to what is told. */
export async function watchDue (
  transaction: Knex, due: ReadonlyArray<{ rule: RuleOf<'match' | 'count' | 'silence'>, state: RuleState }>, times: Times
): Promise<Draft[]> {
  const outcome: Outcome = { states: [], gone: [], drafts: [] }
  for (const { rule, state } of due) {
    const next = rule.kind === 'silence'
      ? whenSilenceIsDue(rule, state, times.clock)
      : whenDue(rule, state, times.now)
    note(outcome, rule, state.subject, next)
  }
  return await store(transaction, outcome)
}

function note (
  { states, gone, drafts }: Outcome, rule: Sighting['rule'], subject: string, { state, told }: Counted | Watched
): void {
  if (state) states.push(state)
  else gone.push({ ruleId: rule.id, subject })
  if (told === undefined) return
  const title = titleOf(rule, subject)
  if ('logs' in told) {
    drafts.push({ rule, subject, kind: rule.kind === 'count' ? 'count' : 'match', detail: detailOf(title, told) })
    return
  }
  const process = rule.kind === 'silence' && rule.settings.by === 'process' ? subject : undefined
  const detail = { title, note: told.note, process, logs: 0, lastAt: told.lastAt, samples: [] }
  drafts.push({ rule, subject, kind: told.kind, detail })
}

async function store (transaction: Knex, { states, gone, drafts }: Outcome): Promise<Draft[]> {
  await storeStates(transaction, states)
  await deleteStates(transaction, gone)
  return drafts
}

/** Reads the states of what was seen, within the bounds of each rule. */
async function withinBounds (
  transaction: Knex, seen: readonly Sighting[]
): Promise<{ sightings: Sighting[], states: Map<string, RuleState> }> {
  const states = await readStates(transaction, seen.map(stateKeyOf))
  const counts = await countStates(transaction, [...new Set(seen.filter(hasValues).map(({ rule }) => rule.id))])
  const { sightings, others } = bounded(seen, states, counts)
  for (const [key, state] of await readStates(transaction, others.map(stateKeyOf))) states.set(key, state)
  return { sightings: [...sightings, ...others], states }
}

/**
 * New values of a rule that has too many count together, as `others`.
 * `states` are those of what was seen, `counts` the number of all states by rule.
 */
export function bounded (
  seen: readonly Sighting[], states: ReadonlyMap<string, RuleState>, counts: ReadonlyMap<number, number>
): { sightings: Sighting[], others: Sighting[] } {
  const sightings: Sighting[] = []
  const others = new Map<number, Sighting>()
  const values = new Map(counts)
  const isOfOwnValue = (sighting: Sighting): boolean => {
    const { rule, subject } = sighting
    if (!hasValues(sighting)) return true
    if (subject === otherSubjects) return false
    if (states.has(keyOfSighting(sighting))) return true
    const count = (values.get(rule.id) ?? 0) + 1
    values.set(rule.id, count)
    return count <= maxValues
  }
  for (const sighting of seen) {
    const { rule } = sighting
    if (isOfOwnValue(sighting)) sightings.push(sighting)
    else if (rule.kind === 'count') others.set(rule.id, together(others.get(rule.id), sighting))
  }
  return { sightings, others: [...others.values()] }
}

/** Whether its rule tells values of a field apart. */
function hasValues ({ rule }: Sighting): boolean {
  return rule.kind !== 'match' && rule.settings.by !== null
}

/** Adds the logs of another value to those of the values that count together. */
function together (sum: Sighting | undefined, other: Sighting): Sighting {
  if (sum === undefined) return { ...other, subject: otherSubjects, parts: new Map(other.parts) }
  for (const [start, logs] of other.parts) sum.parts.set(start, (sum.parts.get(start) ?? 0) + logs)
  return { ...sum, held: joinHeld(sum.held, other.held), heardAt: later(sum.heardAt, other.heardAt) }
}

function stateKeyOf ({ rule, subject }: Sighting): StateKey {
  return { ruleId: rule.id, subject }
}

function keyOfSighting (sighting: Sighting): string {
  return keyOf(stateKeyOf(sighting))
}
