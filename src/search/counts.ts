import { millisecondsOf, type UtcTime } from '../model/instant.ts'
import type { StoredLog } from '../model/record.ts'
import type { Search, SearchScope } from '../query/search.ts'
import type { Reader } from '../store/reader.ts'
import { toLog } from '../store/rows.ts'
import { usersOf } from '../store/users.ts'
import { asText, valueAt } from '../text/values.js'
import { walkInTime } from './budget.ts'
import type { CountRequest, Grouping } from './count-request.ts'
import { countsIn } from './count-sql.ts'
import { CountTotals, type Count, type Cut } from './count-totals.ts'
import { conditionOf } from './filter-sql.ts'
import { addHourCounts } from './hour-totals.ts'
import type { SearchPolicy } from './policy.ts'
import { walkRows } from './walk.ts'
import { Windows } from './windows.ts'

export interface Counts {
  counts: Count[]
  /** False where the time was over before all logs were counted, or values were left out. */
  isComplete: boolean
  /** Where the time was over: all logs from here on are counted. Undefined also where no log was counted in time. */
  reached: UtcTime | undefined
  /** Undefined where nothing is cut. */
  cut: Cut | undefined
}

/** Counting begins with windows of an hour. */
const firstWidthMs = 3_600_000
/** Logs that are read at once where the database cannot count them. */
const logsPerStep = 1000

/** Counts logs, the newest first, as far as the time allows. */
export async function countLogs (
  reader: Reader, scope: SearchScope, request: CountRequest, policy: SearchPolicy
): Promise<Counts> {
  const totals = new CountTotals()
  const isComplete = await walkInTime(reader, request.budgetMs, (inTime) => (
    new Counting(inTime, { request, totals }, policy).all(scope)
  ))
  const { counts, isCut, cut } = totals
  return { counts, isComplete: isComplete && !isCut, reached: isComplete ? undefined : totals.reached, cut }
}

/** One count under way; each method resolves to whether it came to its end before the signal. */
class Counting {
  readonly #reader: Reader
  readonly #request: CountRequest
  readonly #totals: CountTotals
  readonly #policy: SearchPolicy
  /** Logs are counted from the newest to the oldest, not user by user. */
  #isInOrder = true

  constructor (
    reader: Reader, { request, totals }: { request: CountRequest, totals: CountTotals }, policy: SearchPolicy
  ) {
    this.#reader = reader
    this.#request = request
    this.#totals = totals
    this.#policy = policy
  }

  async all (scope: SearchScope): Promise<boolean> {
    const parts = await addHourCounts(this.#reader, scope, this.#request, this.#totals) ?? [scope]
    this.#isInOrder = parts.every(({ userId }) => userId === parts[0]?.userId)
    for (const [index, part] of parts.entries()) {
      const isComplete = await this.#part({ ...part, order: 'newest' })
      if (isComplete) this.#reach(part.from)
      if (!isComplete || (this.#isOver && index < parts.length - 1)) return false
    }
    return true
  }

  #reach (at: UtcTime | undefined): void {
    if (this.#isInOrder) this.#totals.reached = at
  }

  get #isOver (): boolean {
    return this.#reader.signal.aborted
  }

  async #part (search: Search): Promise<boolean> {
    const { exact } = conditionOf(this.#reader.knex, search.filter)
    return exact ? await this.#inDatabase(search) : await this.#here(search)
  }

  async #inDatabase (search: Search): Promise<boolean> {
    const windows = new Windows(this.#reader, search, firstWidthMs, this.#policy)
    const count = await countsIn(this.#reader.knex, search, this.#request)
    for (let step; (step = await windows.next(count)) !== undefined;) {
      for (const row of step.found.counts) this.#totals.add(row)
      if (step.found.isCut) this.#totals.isCut = true
      this.#reach(step.reached?.at)
      if (this.#isOver) return step.reached === undefined
    }
    return true
  }

  /** Reads the logs and counts them here, because the database cannot tell which match. */
  async #here (search: Search): Promise<boolean> {
    const { by, buckets } = this.#request
    for await (const { found, reached } of walkRows(this.#reader, search, { rows: logsPerStep }, this.#policy)) {
      const logs = found.rows.map(toLog)
      const names = by === 'user' ? await usersOf(this.#reader.knex).names(logs.map(({ userId }) => userId)) : undefined
      for (const log of logs) {
        const value = by === undefined ? null : valueIn(log, by, names)
        this.#totals.add({ value, bucket: buckets?.of(millisecondsOf(log.eventAt)) ?? 0, count: 1 })
      }
      this.#reach(reached?.at)
      if (this.#isOver) return reached === undefined
    }
    return true
  }
}

function valueIn (log: StoredLog, by: Grouping, names?: ReadonlyMap<number, string>): string | null {
  if (typeof by === 'object') return asText(valueAt(log.attributes, by.path)) ?? null
  switch (by) {
    case 'level': return log.severity
    case 'pid': return String(log.pid)
    case 'process': return log.processName
    case 'description': return log.description
    case 'user': return names?.get(log.userId) ?? null
  }
}
