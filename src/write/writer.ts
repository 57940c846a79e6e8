// Group commit: many requests, few transactions.
//
//   write → queue → group → ADMITTED (batches with keys and ids, group.ts) → commit → STORED, REPLAYED
//                                            │ the database is unavailable or does not answer in time,
//                                            ↓ or the queue has waited too long
//                                          spool → SPOOLED            (drain.ts stores it later)
//                                            │ a group that failed while the database stores other logs: only the
//                                            │ batches of that group are spooled
//                                            ↓ no spool: held and retried, then the error
//                                          spool full: 503, unless the batches may have been stored: these go past the
//                                          limit, and no group is begun until the spool is below it again
//
// While one group is being committed, arriving batches gather; the next group takes them. There is no timer: on an idle
// server a single batch is committed at once. A second group runs beside the first only while many logs wait: below
// that it would halve the groups and gain nothing. Full groups are smaller than a transaction may be, because all that
// 64 clients send with 30 logs each would fit into one of 2,000: the clients, this process and the database would then
// take turns (measured: 1.3 times slower). Ids are assigned when a group is formed, in the order of arrival, so the
// order of the logs does not depend on which group commits first.
//
// The memory of the queue is bounded by the gate in front of the server, see gate.ts.
import { setTimeout as delay } from 'node:timers/promises'
import { Overloaded, SpoolFull } from '../errors.ts'
import type { LogBatch, Receipt } from '../model/batch.ts'
import { idsOf, sizeOf, type SizedBatch } from './batch.ts'
import type { CommitClock } from './clock.ts'
import { outcomeOf, type Outcomes } from './commit.ts'
import { batchesOf, type Arrived, type GroupBatch } from './group.ts'
import type { RecordIds } from './ids.ts'

/** As `Spool` has them. */
export interface WriterSpool {
  readonly isOverLimit: boolean
  append (batches: readonly SizedBatch[], options?: { mayBeStored?: boolean }): Promise<void>
}

export interface WriterOptions {
  commit: (batches: readonly SizedBatch[]) => Promise<Outcomes>
  ids: RecordIds
  /** The clock whose horizon a group holds back until it is settled. */
  clock: Pick<CommitClock, 'arrive' | 'end'>
  /** The spool, while there is one. */
  spool: () => WriterSpool | undefined
  /** Milliseconds that a batch may wait for the database; then it is spooled, or fails. */
  timeoutMs: number
  /** Rejects while the database stores nothing. Default: a failed group means that it is unavailable. */
  probe?: () => Promise<void>
  /** The database became unavailable because of the error, or available again. */
  onUnavailable?: (error: unknown) => void
  onAvailable?: () => void
  onSpooled?: (batches: readonly SizedBatch[]) => void
}

/** Records and approximate bytes of a group; a single batch may exceed both. */
const maxGroupRecords = 1000
const maxGroupBytes = 4 * 1024 * 1024
/** With more records waiting, or more bytes than a group holds, a second group runs beside the first. */
const secondGroupRecords = 500
/** Delay before a group is retried where there is no spool. */
const retryMs = 250
/** Interval of the check for batches that have waited too long. */
const overdueCheckMs = 1000

interface Waiting extends Arrived {
  /** By the monotonic clock. */
  since: number
  resolve: (receipt: Receipt) => void
  reject: (error: unknown) => void
}

type Group = Array<GroupBatch<Waiting>>

/** Collects batches into groups, and settles each batch with its own outcome. */
export class Writer {
  readonly #options: WriterOptions
  readonly #queue: Waiting[] = []
  #records = 0
  #bytes = 0
  #groups = 0
  #isSpooling = false
  #isUnavailable = false
  /** A probe of the database is under way; until it answers, batches go to the spool. */
  #isProbing = false
  readonly #overdueCheck: NodeJS.Timeout
  /** Batches under way whose key the client gave, by user and key. */
  readonly #keyed = new Map<string, Promise<Receipt>>()
  #onIdle: (() => void) | undefined

  constructor (options: WriterOptions) {
    this.#options = options
    this.#overdueCheck = setInterval(() => this.#removeOverdue(), overdueCheckMs).unref()
  }

  /** Records and approximate bytes that wait for a transaction. */
  get waiting (): { records: number, bytes: number } {
    return { records: this.#records, bytes: this.#bytes }
  }

  /** Whether batches go straight to the spool: the database is unavailable, or is being probed. */
  get isUnavailable (): boolean {
    return this.#isUnavailable || this.#isProbing
  }

  /** Sends batches to the spool from now on. */
  noteUnavailable (error: unknown): void {
    if (this.#isUnavailable) return
    this.#isUnavailable = true
    this.#options.onUnavailable?.(error)
  }

  /** Sends batches to the database again. */
  noteAvailable (): void {
    if (!this.#isUnavailable) return
    this.#isUnavailable = false
    this.#options.onAvailable?.()
    this.#startGroups()
  }

  /** Resolves once every record is durable; rejects when none is. */
  write (batch: LogBatch): Promise<Receipt> {
    if (idsOf(batch) === 0) return Promise.resolve({ stored: 'database', replayed: false })
    return batch.key ? this.#writeKeyed(batch, batch.key) : this.#admit(batch)
  }

  /** Stores a key that is under way once. */
  async #writeKeyed (batch: LogBatch, key: Buffer): Promise<Receipt> {
    const name = `${batch.userId} ${key.toString('hex')}`
    for (let first = this.#keyed.get(name); first; first = this.#keyed.get(name)) {
      const receipt = await first.catch(() => undefined)
      if (receipt) return { ...receipt, replayed: true }
    }
    const receipt = this.#admit(batch)
    this.#keyed.set(name, receipt)
    return receipt.finally(() => this.#keyed.delete(name))
  }

  /** Resolves when every batch is settled. */
  async close (): Promise<void> {
    if (this.#queue.length > 0 || this.#groups > 0 || this.#isSpooling) {
      await new Promise<void>((resolve) => { this.#onIdle = resolve })
    }
    clearInterval(this.#overdueCheck)
  }

  #admit (batch: LogBatch): Promise<Receipt> {
    return new Promise((resolve, reject) => {
      const bytes = sizeOf(batch)
      this.#queue.push({ batch, bytes, since: performance.now(), resolve, reject })
      this.#records += batch.records.length
      this.#bytes += bytes
      this.#startGroups()
    })
  }

  #startGroups (): void {
    const spool = this.#options.spool()
    if (spool && (this.isUnavailable || spool.isOverLimit)) return this.#startSpooling()
    while (this.#queue.length > 0 && this.#groups < this.#groupsAllowed()) {
      this.#groups++
      const end = () => {
        this.#groups--
        this.#continue()
      }
      this.#settleGroup((group) => this.#storeGroup(group)).then(end, end)
    }
  }

  #startSpooling (): void {
    if (this.#isSpooling || this.#queue.length === 0) return
    this.#isSpooling = true
    const end = () => {
      this.#isSpooling = false
      this.#continue()
    }
    this.#settleGroup((group) => this.#spoolGroup(group)).then(end, end)
  }

  #continue (): void {
    if (this.#queue.length > 0) this.#startGroups()
    else if (this.#groups === 0 && !this.#isSpooling) this.#onIdle?.()
  }

  #groupsAllowed (): number {
    return this.#records > secondGroupRecords || this.#bytes > maxGroupBytes ? 2 : 1
  }

  /** Settles the next group; until then, no view of the logs goes past the time before its ids. */
  async #settleGroup (settle: (group: Group) => Promise<void>): Promise<void> {
    const { clock, ids } = this.#options
    const requests = this.#nextRequests()
    const arrivedAt = clock.arrive()
    try {
      await settle(batchesOf(requests, ids))
    } finally {
      clock.end(arrivedAt, false)
    }
  }

  /** Removes the requests of the next group from the queue. */
  #nextRequests (): Waiting[] {
    let records = 0
    let bytes = 0
    let length = 0
    for (const { batch, bytes: batchBytes } of this.#queue) {
      const isFull = records + batch.records.length > maxGroupRecords || bytes + batchBytes > maxGroupBytes
      if (length > 0 && isFull) break
      records += batch.records.length
      bytes += batchBytes
      length++
    }
    this.#records -= records
    this.#bytes -= bytes
    return this.#queue.splice(0, length)
  }

  async #storeGroup (group: Group): Promise<void> {
    const deadline = performance.now() + this.#options.timeoutMs
    for (let left = group; left.length > 0;) {
      const outcomes = await this.#options.commit(left.map(({ batch }) => batch))
      let failure: unknown
      left = left.filter(({ batch, requests }) => {
        const outcome = outcomeOf(outcomes, batch)
        if (outcome.state === 'failed') failure = outcome.error
        else for (const { resolve } of requests) resolve({ stored: 'database', replayed: outcome.state === 'replayed' })
        return outcome.state === 'failed'
      })
      if (left.length === 0) return

      if (this.#options.spool()) {
        this.#checkDatabase(failure).catch(() => {})
        return this.#spoolGroup(left, failure)
      }
      if (performance.now() > deadline) return rejectAll(left, failure)
      await delay(retryMs)
    }
  }

  /** Finds out whether a failure means that the database is unavailable. */
  async #checkDatabase (failure: unknown): Promise<void> {
    const { probe } = this.#options
    if (!probe) return this.noteUnavailable(failure)
    if (this.#isProbing) return
    this.#isProbing = true
    try {
      await probe()
    } catch {
      this.noteUnavailable(failure)
    } finally {
      this.#isProbing = false
      this.#continue()
    }
  }

  /** Rejects the requests with the database's failure if the disk does not take them either. */
  async #spoolGroup (group: Group, failure?: unknown): Promise<void> {
    try {
      const batches = group.map(({ batch }) => batch)
      const spool = this.#options.spool()
      if (!spool) throw failure ?? new Overloaded()
      await spool.append(batches, { mayBeStored: failure !== undefined })
      this.#options.onSpooled?.(batches)
      for (const { requests } of group) {
        for (const { resolve } of requests) resolve({ stored: 'spool', replayed: false })
      }
    } catch (error) {
      rejectAll(group, error instanceof SpoolFull ? error : failure ?? error)
    }
  }

  /** Spools or refuses batches that waited too long for a database that answers, but slower than logs arrive. */
  #removeOverdue (): void {
    const latest = performance.now() - this.#options.timeoutMs
    const firstInTime = this.#queue.findIndex(({ since }) => since > latest)
    const overdue = firstInTime < 0 ? this.#queue.length : firstInTime
    if (overdue === 0) return
    if (this.#options.spool()) return this.#startSpooling()
    for (const { batch, bytes, reject } of this.#queue.splice(0, overdue)) {
      this.#records -= batch.records.length
      this.#bytes -= bytes
      reject(new Overloaded())
    }
  }
}

function rejectAll (group: Group, error: unknown): void {
  for (const { requests } of group) for (const { reject } of requests) reject(error)
}
