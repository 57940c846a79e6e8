import type { Knex } from 'knex'
import { codeOf, DatabaseAway, TooSlow } from '../errors.ts'
import { isAway, openReader, probe } from '../store/connect.ts'
import { unlessAborted, within } from '../timeout.ts'
import { Matching } from './matching.ts'
import type { ReadTurn } from './policy.ts'
import type { ReadHost } from './read-host.ts'
import { ReaderSlots, type ReaderId, type Release } from './reader-slots.ts'

export interface ReadersOptions {
  searchBudgetMs: number
  /** Time that database work for an answer may take. */
  timeoutMs: number
  /** Called once an outage, with the error's code. */
  onOutage: (code: string | undefined) => void
  /** A replica to read from. Default: none. The readers close it. */
  readHost?: ReadHost | undefined
}

/**
 * Classes of readers, each with slots of its own.
 *
 * `list`: lists, single logs and contexts, which people look at first. `count`: counts, exports and deletions, which
 * read many logs for a short answer, or in the background. No number of counts makes a list wait, and lists cannot keep
 * counts waiting for ever.
 */
export type ReaderClass = 'list' | 'count'

/**
 * Statements that read at once: writing must keep its share of the database. The slots below bound those that wait.
 * Together they are no more than the connections of an embedded database.
 */
const queue = { maxWaiting: Infinity, maxWaitingPerUser: Infinity }
const statements = { list: { slots: 3, slotsPerUser: 2, ...queue }, count: { slots: 2, slotsPerUser: 1, ...queue } }
const slotOptions = {
  /** Lists that are read or not sent yet: each may hold 8 MB. */
  list: { slots: 8, slotsPerUser: 3, maxWaiting: 300, maxWaitingPerUser: 30 },
  /** Counts that are made or not sent yet: each may hold 16 MB. */
  count: { slots: 4, slotsPerUser: 2, maxWaiting: 300, maxWaitingPerUser: 30 },
  /** Deletions under way; more would only wait for each other in the database. */
  deletion: { slots: 4, slotsPerUser: 2, maxWaiting: 300, maxWaitingPerUser: 30 },
  /** Open exports: each may hold the largest message. */
  export: { slots: 8, slotsPerUser: 2 },
  /** Open tails: each may hold its queue. */
  tail: { slots: 200, slotsPerUser: 20 }
}

const maxStatements = statements.list.slots + statements.count.slots

/** What a request holds a slot for. */
export type SlotKind = keyof typeof slotOptions

/** Threads that test the logs of tails. Searches have one for each statement. */
const tailThreads = 2
/** A database that does not answer this soon is not merely slow. */
const probeTimeoutMs = 1000
/** Work in a turn that takes this much longer than two searches may is taken for hanging. */
const hangMs = 5000
const silent = 'LOGGER_DATABASE_SILENT'

/** Keeps reading from getting in the way of writing, and users of each other. */
export class Readers {
  readonly searchBudgetMs: number
  /** Tests logs where the database cannot, in a few threads for searches and a few for tails. */
  readonly matching = { searches: new Matching(maxStatements), tails: new Matching(tailThreads) }
  readonly #options: ReadersOptions
  readonly #database: ReturnType<typeof openReader>
  readonly #statements = { list: new ReaderSlots(statements.list), count: new ReaderSlots(statements.count) }
  readonly #slots = {
    list: new ReaderSlots(slotOptions.list),
    count: new ReaderSlots(slotOptions.count),
    deletion: new ReaderSlots(slotOptions.deletion),
    export: new ReaderSlots(slotOptions.export),
    tail: new ReaderSlots(slotOptions.tail)
  }

  #isOutage = false

  constructor (knex: Knex, options: ReadersOptions) {
    this.#database = openReader(knex)
    this.#options = options
    this.searchBudgetMs = options.searchBudgetMs
  }

  /**
   * Acquires a slot, to be released once the request ends.
   *
   * Rejects with TooManyReads (429) past the user's share, with Overloaded (503) past that of all users.
   */
  acquire (kind: SlotKind, reader: ReaderId, signal: AbortSignal): Promise<Release> {
    return this.#slots[kind].acquire(reader, signal)
  }

  /**
   * Runs work that reads from the database: a few of its class at a time, and in turns between users.
   *
   * Rejects with DatabaseAway where the database fails or hangs, with TooSlow, or with the signal's reason. What the
   * work does in the database must end with the turn's signal.
   */
  async inTurn<T> (
    kind: ReaderClass, reader: ReaderId, signal: AbortSignal, work: (turn: ReadTurn) => Promise<T>
  ): Promise<T> {
    const slots = this.#statements[kind]
    let release = await slots.acquire(reader, signal)
    const hang = AbortSignal.timeout(2 * this.searchBudgetMs + hangMs)
    const inTime = AbortSignal.any([signal, hang])
    const giveWay = async () => {
      release = await slots.giveWay(reader, release, inTime)
      // The request may have ended while it waited for its slot.
      if (inTime.aborted) release()
    }
    try {
      const result = await unlessAborted(inTime, work({ knex: this.#database.knex, signal: inTime, giveWay }))
      this.#isOutage = false
      return result
    } catch (error) {
      if (error === hang.reason) throw this.#outage(silent)
      if (error instanceof TooSlow) await this.#requireAnswer()
      throw this.failureOf(error)
    } finally {
      release()
    }
  }

  /** As `inTurn`, but reads from the replica, if there is one, while that can be read. The work may be done twice. */
  inTurnElsewhere<T> (
    kind: ReaderClass, reader: ReaderId, signal: AbortSignal, work: (turn: ReadTurn) => Promise<T>
  ): Promise<T> {
    const { readHost } = this.#options
    return this.inTurn(kind, reader, signal, (turn) => readHost ? readHost.read(turn, work) : work(turn))
  }

  /** The replica that is read from, if there is one. */
  get readHost (): ReadHost | undefined {
    return this.#options.readHost
  }

  /** Awaits database work that an answer needs. Rejects with DatabaseAway where the database fails or hangs. */
  async awaitDatabase<T> (work: Promise<T>, timeoutMs = this.#options.timeoutMs): Promise<T> {
    const hang = new Error('the database does not answer')
    try {
      return await within(timeoutMs, work, () => hang)
    } catch (error) {
      throw error === hang ? this.#outage(silent) : this.failureOf(error)
    }
  }

  /** The error to answer for a failed read: DatabaseAway where the database is unavailable. */
  failureOf (error: unknown): unknown {
    if (error instanceof DatabaseAway || !isAway(this.#database.knex, error)) return error
    return this.#outage(codeOf(error))
  }

  async close (): Promise<void> {
    await this.#options.readHost?.close()
    await this.#database.close()
    await Promise.all([this.matching.searches.close(), this.matching.tails.close()])
  }

  async #requireAnswer (): Promise<void> {
    await probe(this.#database.knex, probeTimeoutMs).catch(() => { throw this.#outage(silent) })
  }

  #outage (code: string | undefined): DatabaseAway {
    if (!this.#isOutage) this.#options.onOutage(code)
    this.#isOutage = true
    return new DatabaseAway()
  }
}
