// The rules of all users, compiled, as long as none of them changes.
import type { Knex } from 'knex'
import type { StoredLog, Severity } from '../../model/record.ts'
import type { Filter } from '../../query/filter.ts'
import { quickMatcherOf } from '../../query/matcher.js'
import { parseFilter } from '../../query/parse.ts'
import { matchesEverything } from '../../search/filter-sql.ts'
import type { Condition } from '../../store/dialects/dialect.ts'
import { asText, valueAt } from '../../text/values.js'
import { conditionOfGuards, errorsAlone, guardOf, type LogGuard } from './guard.ts'
import type { Rule, RuleOf } from './rule.ts'
import { toRule, type RuleRow } from './rules.ts'

/** Rules that are read at once. */
const rulesPerPage = 1000
/** Characters of a value, which is a key. */
const maxSubjectCharacters = 255

/** A query, compiled; `test` does not decide where it would take long. */
export interface CompiledQuery {
  filter: Filter
  test: ReturnType<typeof quickMatcherOf>
}

/** A rule that looks at logs, compiled. */
export interface LogRule {
  rule: RuleOf<'match' | 'count' | 'silence'>
  query: CompiledQuery
  levels: ReadonlySet<Severity>
  /** The value of the rule's field; undefined for a log without one. */
  subjectOf: (log: StoredLog) => string | undefined
}

/** A rule about groups; without a query it is about all of them. */
export interface GroupRule {
  rule: RuleOf<'group'>
  query: CompiledQuery | undefined
}

/** The rules of a user. */
export interface UserRules {
  userName: string
  ofLogs: LogRule[]
  ofGroups: GroupRule[]
  guard: Condition
}

/** A rule whose query is no longer understood. */
export interface BrokenRule {
  rule: Rule
  fault: string
}

interface OwnedRow extends RuleRow {
  username: string
  admin: number | boolean
}

/** All rules that run. */
export class RuleBook {
  readonly #byUser = new Map<number, UserRules>()
  readonly #guards = new Map<number, LogGuard[]>()
  readonly byId = new Map<number, Rule>()
  readonly broken: BrokenRule[] = []

  /** Reads and compiles the rules of users who are not disabled. */
  static async read (knex: Knex): Promise<RuleBook> {
    const book = new RuleBook()
    for (let after = 0; ;) {
      const rows: OwnedRow[] = await knex('alert_rules').join('users', 'users.id', 'alert_rules.user_id')
        .whereNull('users.disabled_at').whereNull('fault').where('is_enabled', true).where('alert_rules.id', '>', after)
        .orderBy('alert_rules.id').limit(rulesPerPage).select('alert_rules.*', 'username', 'admin')
      for (const row of rows) book.#add(row)
      after = rows.at(-1)?.id ?? after
      if (rows.length < rulesPerPage) break
    }
    for (const [userId, rules] of book.#byUser) rules.guard = conditionOfGuards(knex, book.#guards.get(userId) ?? [])
    return book
  }

  of (userId: number): UserRules | undefined {
    return this.#byUser.get(userId)
  }

  /** The logs of a user to read. */
  guard (userId: number): Condition {
    return this.#byUser.get(userId)?.guard ?? errorsAlone
  }

  #add (row: OwnedRow): void {
    const rule = toRule(row, new Map())
    if (rule.kind === 'server' && !row.admin) return
    try {
      this.#compile(rule, row.username)
      this.byId.set(rule.id, rule)
    } catch (error) {
      const fault = `its query cannot be read: ${error instanceof Error ? error.message : 'it is no query'}`
      this.broken.push({ rule, fault: fault.slice(0, maxSubjectCharacters) })
    }
  }

  #compile (rule: Rule, userName: string): void {
    if (rule.kind === 'server') return
    const filter = parseFilter(rule.settings.query)
    const query = { filter, test: quickMatcherOf(filter) }
    const rules = this.#byUser.get(rule.userId) ?? { userName, ofLogs: [], ofGroups: [], guard: errorsAlone }
    this.#byUser.set(rule.userId, rules)
    if (rule.kind === 'group') {
      rules.ofGroups.push({ rule, query: matchesEverything(filter) ? undefined : query })
      return
    }
    const guard = guardOf(filter)
    const by = rule.kind === 'match' ? null : rule.settings.by
    rules.ofLogs.push({ rule, query, levels: new Set(guard.levels), subjectOf: subjectBy(by) })
    const guards = this.#guards.get(rule.userId)
    if (guards) guards.push(guard)
    else this.#guards.set(rule.userId, [guard])
  }
}

/** Gives the value of a field as a key; without a field the empty text. */
function subjectBy (by: string | null): LogRule['subjectOf'] {
  if (by === null) return () => ''
  const valueOf = readerOf(by)
  return (log) => {
    const value = valueOf(log)
    // MySQL takes keys for equal that differ by blanks at their ends alone.
    const subject = value === undefined ? '' : value.slice(0, maxSubjectCharacters).toWellFormed().trimEnd()
    return subject === '' ? undefined : subject
  }
}

function readerOf (by: string): (log: StoredLog) => string | undefined {
  switch (by) {
    case 'process': return ({ processName }) => processName
    case 'description': return ({ description }) => description
    case 'level': return ({ severity }) => severity
    case 'pid': return ({ pid }) => String(pid)
    default: {
      const path = by.split('.')
      return ({ attributes }) => asText(valueAt(attributes, path))
    }
  }
}
