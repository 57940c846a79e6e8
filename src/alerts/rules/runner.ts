// The rules, as the follower runs them: what they see and tell is in the follower's own transactions.
import type { Knex } from 'knex'
import type { UtcTime } from '../../model/instant.ts'
import { shift, type Span } from '../../model/span.ts'
import { Matching } from '../../search/matching.ts'
import { latestOf, stampOf } from '../../store/batches.ts'
import type { Condition } from '../../store/dialects/dialect.ts'
import type { AgedGroup } from '../aging.ts'
import type { ErrorGroup } from '../group.ts'
import type { ChangedByErrors } from '../groups.ts'
import { raiseAlerts } from '../outbox/raise.ts'
import { beat, forgetProblems, gapsOf } from '../problems.ts'
import { RuleBook, type BrokenRule } from './book.ts'
import { cut, toAlerts, type Draft } from './draft.ts'
import { tellDueGroups, tellGroups, type GroupEvent } from './group-alerts.ts'
import { findTroubles, tellTroubles } from './health.ts'
import type { Rule, RuleOf } from './rule.ts'
import { Sightings } from './sightings.ts'
import { deleteOrphans, dueStates, keyOf, readStates, storeStates, type RuleState } from './states.ts'
import { watch, watchDue } from './watching.ts'

/** Intervals in milliseconds: of beats, and after which all rules are read again. */
const beatMs = 5000
const rereadMs = 60_000
/** A state of a rule that does not run is looked at again after this, in milliseconds. */
const idleMs = 3_600_000
/** States that one transaction brings up to date. */
const maxDue = 500

/** What the rules are told of one step. */
export interface StepEvents {
  sightings: Sightings
  changed: readonly ChangedByErrors[]
  /** The time up to which all logs were seen. */
  reached: UtcTime
}

/** Runs the rules of all users. */
export class RuleRunner {
  readonly #knex: Knex
  readonly #signal: AbortSignal
  readonly #matching = new Matching(1)
  #book = new RuleBook()
  #version: string | undefined
  #readAt = -Infinity
  #beatAt = -Infinity
  #gaps: readonly Span[] = []

  constructor (knex: Knex, signal: AbortSignal) {
    this.#knex = knex
    this.#signal = signal
  }

  /** The logs of a user that rules look at, or that are grouped. */
  guard (userId: number): Condition {
    return this.#book.guard(userId)
  }

  /** Drops what is known: another instance may have run the rules. */
  reset (): void {
    this.#version = undefined
    this.#beatAt = -Infinity
  }

  /** Notes that logs are followed, for which `isAwaited` does not wait. */
  async beat (isAwaited = false): Promise<void> {
    if (!isAwaited && performance.now() - this.#beatAt < beatMs) return
    await beat(this.#knex)
    this.#beatAt = performance.now()
    const { now } = await latestOf(this.#knex)
    await forgetProblems(this.#knex, now)
    this.#gaps = await gapsOf(this.#knex, now)
  }

  /**
   * Reads the rules, if they changed; resolves to whether they did.
   * Called once it is known up to which time logs are followed: a rule sees every log that was stored after it.
   */
  async refresh (): Promise<boolean> {
    const now = performance.now()
    const version = await versionOf(this.#knex)
    const isChanged = version !== this.#version
    // Now and then in any case: users are disabled, and made administrators.
    if (!isChanged && now - this.#readAt < rereadMs) return false
    this.#book = await RuleBook.read(this.#knex)
    this.#version = version
    this.#readAt = now
    return isChanged
  }

  /** Begins a step. */
  begin (): Sightings {
    return new Sightings(this.#book, this.#matching, this.#signal)
  }

  /** Tells what a step brought, in its transaction. */
  async tell (transaction: Knex, { sightings, changed, reached }: StepEvents): Promise<void> {
    const seen = sightings.list()
    const events = changed.flatMap((change) => {
      const rules = this.#groupRules(change.group).filter((rule) => sightings.concerns(rule, change.tally.key))
      return rules.map(({ rule }) => ({ rule, ...change }))
    })
    const slow = [...sightings.slow].map((rule) => ({ rule, fault: 'its query takes too long' }))
    if (seen.length + events.length + slow.length === 0) return
    const now = await stampOf(transaction)
    const drafts = [
      ...await tellGroups(transaction, events, now),
      ...await watch(transaction, seen, { now, clock: { now: reached, gaps: this.#gaps } }),
      ...await markBroken(transaction, slow)
    ]
    await this.#raise(transaction, drafts, now)
  }

  /** Tells that a group is no longer muted or acknowledged, because the time of that is over. */
  async tellAged (transaction: Knex, aged: AgedGroup, now: UtcTime): Promise<void> {
    const subject = aged.group.key
    const rules = this.#groupRules(aged.group)
    const states = await readStates(transaction, rules.map(({ rule: { id } }) => ({ ruleId: id, subject })))
    // A rule with a query is about the group if one of its logs has matched.
    const concerned = rules.filter(({ rule, query }) => !query || states.has(keyOf({ ruleId: rule.id, subject })))
    const events: GroupEvent[] = concerned.map(({ rule }) => ({ rule, ...aged, tally: undefined }))
    if (events.length > 0) await this.#raise(transaction, await tellGroups(transaction, events, now), now)
  }

  /** Begins with changed rules, in a transaction: tells which cannot be run, and expects logs from now on. */
  async adopt (transaction: Knex, reached: UtcTime): Promise<void> {
    await deleteOrphans(transaction)
    const rules = [...this.#book.byId.values()].filter((rule) => rule.kind === 'silence' && rule.settings.by === null)
    const keys = rules.map(({ id }) => ({ ruleId: id, subject: '' }))
    const known = await readStates(transaction, keys)
    await storeStates(transaction, keys.filter((key) => !known.has(keyOf(key))).map((key) => (
      { ...key, state: 'waiting', sinceAt: reached, dueAt: reached, detail: { heardAt: reached } }
    )))
    await this.#raise(transaction, await markBroken(transaction, this.#book.broken), await stampOf(transaction))
  }

  /** Whether a state is due. */
  async hasDue (reached: UtcTime): Promise<boolean> {
    return (await dueStates(this.#knex, reached, 1)).length > 0
  }

  /** Brings states up to date that are due, in a transaction; resolves to whether more may be. */
  async sweep (transaction: Knex, reached: UtcTime): Promise<boolean> {
    const now = await stampOf(transaction)
    const states = await dueStates(transaction, reached, maxDue)
    const ofLogs: Array<{ rule: RuleOf<'match' | 'count' | 'silence'>, state: RuleState }> = []
    const ofGroups: Array<{ rule: RuleOf<'group'>, state: RuleState }> = []
    const idle: RuleState[] = []
    for (const state of states) {
      const rule = this.#book.byId.get(state.ruleId)
      if (rule === undefined || rule.kind === 'server') idle.push({ ...state, dueAt: shift(reached, idleMs) })
      else if (rule.kind === 'group') ofGroups.push({ rule, state })
      else ofLogs.push({ rule, state })
    }
    await storeStates(transaction, idle)
    const drafts = [
      ...await tellDueGroups(transaction, ofGroups, now),
      ...await watchDue(transaction, ofLogs, { now, clock: { now: reached, gaps: this.#gaps } })
    ]
    await this.#raise(transaction, drafts, now)
    return states.length === maxDue
  }

  /** Whether there is somebody to tell about the server itself. */
  get isAboutServer (): boolean {
    return this.#serverRules().length > 0
  }

  /** Tells of problems of the server itself, in a transaction. */
  async tellHealth (transaction: Knex, behindSeconds: number): Promise<void> {
    const now = await stampOf(transaction)
    const found = await findTroubles(transaction, behindSeconds, now)
    const drafts: Draft[] = []
    for (const rule of this.#serverRules()) drafts.push(...await tellTroubles(transaction, rule, found, now))
    await this.#raise(transaction, drafts, now)
  }

  async close (): Promise<void> {
    await this.#matching.close()
  }

  #groupRules ({ userId }: ErrorGroup) {
    return this.#book.of(userId)?.ofGroups ?? []
  }

  #serverRules (): Array<RuleOf<'server'>> {
    return [...this.#book.byId.values()].flatMap((rule) => rule.kind === 'server' ? [rule] : [])
  }

  async #raise (transaction: Knex, drafts: readonly Draft[], now: UtcTime): Promise<void> {
    if (drafts.length > 0) await raiseAlerts(transaction, await toAlerts(transaction, drafts, now), now)
  }
}

/** Changes whenever a rule does: each change raises the sum, a new rule the id, and a deleted one lowers the number. */
async function versionOf (knex: Knex): Promise<string> {
  const row = await knex('alert_rules').count({ count: '*' }).max({ last: 'id' }).sum({ revisions: 'revision' }).first()
  return JSON.stringify(row)
}

/** Marks rules that cannot be run; resolves to what their owners are told. */
async function markBroken (transaction: Knex, broken: readonly BrokenRule[]): Promise<Draft[]> {
  const drafts: Draft[] = []
  for (const { rule, fault } of broken) {
    const row = transaction('alert_rules').where({ id: rule.id, revision: rule.revision }).whereNull('fault')
    if (await row.update({ fault, revision: rule.revision + 1 }) === 0) continue
    drafts.push(brokenDraft(rule, fault))
  }
  return drafts
}

function brokenDraft (rule: Rule, fault: string): Draft {
  const title = cut(`The rule ${rule.name} cannot be run`)
  const note = cut(`${fault}. Change its query.`)
  return { rule, subject: 'broken', kind: 'server', detail: { title, note, logs: 0, samples: [] } }
}
