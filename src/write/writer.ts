// Group commit: many requests, few transactions.
//
//   write → ADMITTED (key and ids fixed) → queue → group → commit → STORED, REPLAYED
//                                            │ the database is away, or silent too long,
//                                            ↓ or the queue has waited too long
//                                          spool → SPOOLED            (see drain.ts for the way home)
//                                            │ a group that failed while the database stores something else is the
//                                            │ group's own affair: only its batches go there
//                                            ↓ no spool: held and tried again, then the error
//                                          spool full: 503
//
// While one group is under way, arriving batches gather; the next group takes them. There is no
// timer: on an idle server a lone batch goes at once. A second group goes beside the first only
// while many logs wait: below that it would halve the groups and gain nothing. Full groups are
// smaller than a transaction may be, because all that 64 clients send with 30 logs each would fit
// into one of 2,000: the clients, this process and the database would then take turns (measured:
// 1.3 times slower). Ids are given out on arrival, so the order of the logs does not depend on
// which group commits first.
//
// What waits here is bounded by the gate in front of the server, see gate.ts.
import { setTimeout as delay } from 'node:timers/promises'
import { Overloaded, SpoolFull } from '../errors.ts'
import type { LogBatch, Receipt } from '../model/batch.ts'
import { freshKey, idsOf, sizeOf, type SizedBatch } from './batch.ts'
import type { Outcome } from './commit.ts'
import type { RecordIds } from './ids.ts'

export interface WriterOptions {
  commit: (batches: readonly SizedBatch[]) => Promise<Map<SizedBatch, Outcome>>
  ids: RecordIds
  /** The spool, where there is one at the moment. */
  spool: () => { append (batches: readonly SizedBatch[]): Promise<void> } | undefined
  /** How long a batch may wait for the database, in milliseconds: then it is spooled, or fails. */
  patience: number
  /** Rejects while the database stores nothing. Default: a group that failed says so. */
  probe?: () => Promise<void>
  /** The database went away (the error says how), or came back. */
  onAway?: (error: unknown) => void
  onBack?: () => void
  onSpooled?: (batches: readonly SizedBatch[]) => void
}

/** A group holds so many records and about so many bytes at most, or one batch. */
const groupRecords = 1000
const groupBytes = 4 * 1024 * 1024
/** A second group goes beside the first while more than so many records wait, or more bytes than a group holds. */
const manyRecords = 500

interface Waiting {
  batch: SizedBatch
  since: number
  resolve: (receipt: Receipt) => void
  reject: (error: unknown) => void
}

export class Writer {
  readonly #options: WriterOptions
  readonly #queue: Waiting[] = []
  #records = 0
  #bytes = 0
  #groups = 0
  #spooling = false
  #away = false
  /** The database is asked whether it is away; meanwhile batches go to the spool. */
  #isAsking = false
  readonly #watch: NodeJS.Timeout
  /** Batches with a key of the client's, by that key, while they are under way. */
  readonly #named = new Map<string, Promise<Receipt>>()
  #idle: (() => void) | undefined

  constructor (options: WriterOptions) {
    this.#options = options
    this.#watch = setInterval(() => this.#relieve(), 1000).unref()
  }

  /** What waits for a transaction. */
  get waiting (): { records: number, bytes: number } {
    return { records: this.#records, bytes: this.#bytes }
  }

  /** Whether batches go to the spool without being sent to the database: it is away, or is asked whether it is. */
  get away (): boolean {
    return this.#away || this.#isAsking
  }

  /** From now on batches go to the spool. */
  databaseLeft (error: unknown): void {
    if (this.#away) return
    this.#away = true
    this.#options.onAway?.(error)
  }

  databaseIsBack (): void {
    if (!this.#away) return
    this.#away = false
    this.#options.onBack?.()
    this.#startGroups()
  }

  /** Resolves once every record is durable; rejects when none is. */
  async write (batch: LogBatch): Promise<Receipt> {
    if (idsOf(batch) === 0) return { stored: 'database', replayed: false }
    const { key } = batch
    if (!key) return this.#admit(batch, freshKey())

    const name = `${batch.userId} ${key.toString('hex')}`
    for (let first = this.#named.get(name); first; first = this.#named.get(name)) {
      const receipt = await first.catch(() => undefined)
      if (receipt) return { ...receipt, replayed: true }
    }
    const receipt = this.#admit(batch, key)
    this.#named.set(name, receipt)
    return receipt.finally(() => this.#named.delete(name))
  }

  /** Resolves when nothing is under way any more. */
  async close (): Promise<void> {
    if (this.#queue.length > 0 || this.#groups > 0 || this.#spooling) {
      await new Promise<void>((resolve) => { this.#idle = resolve })
    }
    clearInterval(this.#watch)
  }

  #admit ({ userId, records, rejected, once }: LogBatch, key: Buffer): Promise<Receipt> {
    return new Promise((resolve, reject) => {
      const admitted = { userId, records, rejected, ...once && { once } }
      const batch = { ...admitted, key, firstId: this.#options.ids.take(idsOf(admitted)), bytes: sizeOf(admitted) }
      this.#queue.push({ batch, since: performance.now(), resolve, reject })
      this.#records += records.length
      this.#bytes += batch.bytes
      this.#startGroups()
    })
  }

  #startGroups (): void {
    if (this.away && this.#options.spool()) return this.#startSpooling()
    while (this.#queue.length > 0 && this.#groups < this.#groupsAllowed()) {
      this.#groups++
      this.#storeGroup(this.#takeGroup()).finally(() => {
        this.#groups--
        this.#next()
      })
    }
  }

  #startSpooling (): void {
    if (this.#spooling || this.#queue.length === 0) return
    this.#spooling = true
    this.#spoolGroup(this.#takeGroup()).finally(() => {
      this.#spooling = false
      this.#next()
    })
  }

  #next (): void {
    if (this.#queue.length > 0) this.#startGroups()
    else if (this.#groups === 0 && !this.#spooling) this.#idle?.()
  }

  #groupsAllowed (): number {
    return this.#records > manyRecords || this.#bytes > groupBytes ? 2 : 1
  }

  #takeGroup (): Waiting[] {
    let records = 0
    let bytes = 0
    let length = 0
    for (const { batch } of this.#queue) {
      if (length > 0 && (records + batch.records.length > groupRecords || bytes + batch.bytes > groupBytes)) break
      records += batch.records.length
      bytes += batch.bytes
      length++
    }
    this.#records -= records
    this.#bytes -= bytes
    return this.#queue.splice(0, length)
  }

  async #storeGroup (group: Waiting[]): Promise<void> {
    const deadline = performance.now() + this.#options.patience
    for (let left = group; left.length > 0;) {
      const outcomes = await this.#options.commit(left.map(({ batch }) => batch))
      let failure: unknown
      left = left.filter(({ batch, resolve }) => {
        const outcome = outcomes.get(batch)!
        if (outcome.state === 'failed') failure = outcome.error
        else resolve({ stored: 'database', replayed: outcome.state === 'replayed' })
        return outcome.state === 'failed'
      })
      if (left.length === 0) return

      if (this.#options.spool()) {
        this.#ask(failure)
        return this.#spoolGroup(left, failure)
      }
      if (performance.now() > deadline) return left.forEach(({ reject }) => reject(failure))
      await delay(250)
    }
  }

  /** Finds out whether a failure means that the database is away. */
  async #ask (failure: unknown): Promise<void> {
    const { probe } = this.#options
    if (!probe) return this.databaseLeft(failure)
    if (this.#isAsking) return
    this.#isAsking = true
    try {
      await probe()
    } catch {
      this.databaseLeft(failure)
    } finally {
      this.#isAsking = false
      this.#next()
    }
  }

  /** Rejects with why the database did not take them, where the disk does not take them either. */
  async #spoolGroup (group: Waiting[], failure?: unknown): Promise<void> {
    try {
      const batches = group.map(({ batch }) => batch)
      await this.#options.spool()!.append(batches)
      this.#options.onSpooled?.(batches)
      for (const { resolve } of group) resolve({ stored: 'spool', replayed: false })
    } catch (error) {
      for (const { reject } of group) reject(error instanceof SpoolFull ? error : failure ?? error)
    }
  }

  /** A database that answers, but slower than logs come, must not hold them for ever. */
  #relieve (): void {
    const limit = performance.now() - this.#options.patience
    if (this.#queue.length === 0 || this.#queue[0]!.since > limit) return
    if (this.#options.spool()) return this.#startSpooling()
    while (this.#queue.length > 0 && this.#queue[0]!.since <= limit) {
      const { batch, reject } = this.#queue.shift()!
      this.#records -= batch.records.length
      this.#bytes -= batch.bytes
      reject(new Overloaded())
    }
  }
}
