// What the rules see in the logs of one step of the follower.
import { setImmediate as giveWay } from 'node:timers/promises'
import type { Severity, StoredLog } from '../../model/record.ts'
import type { UtcTime } from '../../model/instant.ts'
import { MatchingTooSlow, type Matching } from '../../search/matching.ts'
import { groupKeyOf } from '../group-key.ts'
import type { SeenLog } from '../source.ts'
import { earlier, later } from '../tally.ts'
import type { CompiledQuery, GroupRule, LogRule, RuleBook, UserRules } from './book.ts'
import { partOf, type Parts } from './counting.ts'
import { heldOf, joinHeld, type Held } from './held.ts'
import { ownProcess, type Rule } from './rule.ts'

/** Values of a rule that one step tells apart; logs of further ones count together. */
const maxSubjects = 1000
/** The value that stands for further ones. */
export const otherSubjects = '…'
/** Time that a rule has for a page of logs: no query needs as much that is not made to. */
const budgetMs = 2000

/** Longest time for which logs are tested without a turn for requests, in milliseconds. */
const maxTurnMs = 2
const groupedLevels: ReadonlySet<Severity> = new Set<Severity>(['error', 'critical'])

/** A rule that searches for logs. */
interface SearchingRule {
  rule: Rule
  query: CompiledQuery
  levels: ReadonlySet<Severity>
}

/** Logs that a rule may match; all of them do where they are decided. */
interface Candidates {
  logs: StoredLog[]
  areDecided: boolean
}

/** Logs of one value that match a rule. */
export interface Sighting {
  rule: LogRule['rule']
  subject: string
  held: Held
  /** Of rules that count. */
  parts: Parts
  /** The time of the last event; no later than its arrival. */
  heardAt: UtcTime
}

/** Collects what the rules see; the logs of each page are of one user. */
export class Sightings {
  readonly #book: RuleBook
  readonly #matching: Matching
  readonly #signal: AbortSignal
  readonly #byRule = new Map<number, Map<string, Sighting>>()
  readonly #groups = new Set<string>()
  /** Rules whose query takes too long. */
  readonly slow = new Set<Rule>()

  constructor (book: RuleBook, matching: Matching, signal: AbortSignal) {
    this.#book = book
    this.#matching = matching
    this.#signal = signal
  }

  list (): Sighting[] {
    return [...this.#byRule.values()].flatMap((subjects) => [...subjects.values()])
  }

  /** Whether a rule about groups is about one with this key, of which logs were seen. */
  concerns ({ rule, query }: GroupRule, key: string): boolean {
    return query === undefined || this.#groups.has(`${rule.id} ${key}`)
  }

  async add (page: readonly SeenLog[]): Promise<void> {
    const [first] = page
    const rules = first && this.#book.of(first.log.userId)
    if (rules === undefined) return
    const seenAt = new Map(page.map((seen) => [seen.log, seen.seenAt]))
    const logs = page.flatMap(({ log }) => log.processName === ownProcess ? [] : [log])
    const ofGroups = rules.ofGroups.flatMap(({ rule, query }) => query ? [{ rule, query, levels: groupedLevels }] : [])
    const candidates = await this.#candidates([...rules.ofLogs, ...ofGroups], logs, rules)
    for (const rule of rules.ofLogs) {
      for (const log of await this.#select(rule, candidates.get(rule.rule), rules)) {
        this.#note(rule, { log, seenAt: seenAt.get(log) ?? log.eventAt })
      }
    }
    for (const rule of ofGroups) {
      for (const log of await this.#select(rule, candidates.get(rule.rule), rules)) {
        this.#groups.add(`${rule.rule.id} ${groupKeyOf(log).key}`)
      }
    }
  }

  /** The logs that quick tests do not exclude, by rule. Log by log: all rules share what is made of its text. */
  async #candidates (
    rules: readonly SearchingRule[], logs: readonly StoredLog[], { userName }: UserRules
  ): Promise<Map<Rule, Candidates>> {
    const byRule = new Map<Rule, Candidates>()
    let turnAt = performance.now()
    for (const log of logs) {
      for (const { rule, query, levels } of rules) {
        if (!levels.has(log.severity) || this.slow.has(rule)) continue
        const matches = query.test(log, userName)
        if (matches === false) continue
        const known = byRule.get(rule)
        if (known === undefined) byRule.set(rule, { logs: [log], areDecided: matches === true })
        else {
          known.logs.push(log)
          known.areDecided &&= matches === true
        }
      }
      if (performance.now() - turnAt < maxTurnMs) continue
      await giveWay()
      turnAt = performance.now()
    }
    return byRule
  }

  async #select (
    { rule, query }: SearchingRule, candidates: Candidates | undefined, { userName }: UserRules
  ): Promise<StoredLog[]> {
    if (candidates === undefined || this.slow.has(rule)) return []
    // Most logs are decided by now; the threads have those that are left.
    if (candidates.areDecided) return candidates.logs
    try {
      const task = { filter: query.filter, logs: candidates.logs, nameOf: () => userName, budgetMs }
      return (await this.#matching.select(task, this.#signal)).found
    } catch (error) {
      if (!(error instanceof MatchingTooSlow)) throw error
      this.slow.add(rule)
      return []
    }
  }

  #note ({ rule, subjectOf }: LogRule, { log, seenAt }: SeenLog): void {
    const value = subjectOf(log)
    if (value === undefined) return
    const subjects = this.#byRule.get(rule.id) ?? new Map<string, Sighting>()
    this.#byRule.set(rule.id, subjects)
    const subject = subjects.size < maxSubjects || subjects.has(value) ? value : otherSubjects
    const known = subjects.get(subject)
    const heardAt = earlier(log.eventAt, seenAt)
    const parts: Parts = known?.parts ?? new Map()
    if (rule.kind === 'count') {
      const part = partOf(rule.settings, log, seenAt)
      parts.set(part, (parts.get(part) ?? 0) + 1)
    }
    subjects.set(subject, {
      rule,
      subject,
      held: joinHeld(known?.held, heldOf(log, seenAt)),
      parts,
      heardAt: known ? later(known.heardAt, heardAt) : heardAt
    })
  }
}
