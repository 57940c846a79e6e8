// A replica of the database that searches and counts are read from, so that they take nothing from the server that
// stores.
//
//   answers, and has an announcement of this process  → read; it is known how far it has come (announcements.ts)
//   lacks the announcements of the last ten minutes   → not read
//   refuses, hangs or fails, also in the middle       → not read; what was under way is read from the active server
import { setTimeout as delay } from 'node:timers/promises'
import type { Knex } from 'knex'
import type { Announcements, Held } from '../cluster/announcements.ts'
import type { Horizons } from '../cluster/horizons.ts'
import { codeOf } from '../errors.ts'
import type { UtcTime } from '../model/instant.ts'
import type { ServerLog } from '../model/server-log.ts'
import { disconnect, isAway } from '../store/connect.ts'
import { limited } from '../store/limited.ts'
import { unlessAborted } from '../timeout.ts'
import type { ReadTurn } from './policy.ts'

const checkMs = 500
/** With the interval, a server that hangs is left within two seconds. */
const checkTimeoutMs = 1400
/** How long a request waits for the replica. One that is further behind is not waited for. */
const maxWaitMs = 300
const pollMs = 10
/** Within this time after the start, the replica may not have heard of this process yet. */
const graceMs = 5000
const unchecked = 'not checked yet'

export interface ReadHostOptions {
  /** `host:port`. */
  name: string
  /** Opens a pool to the replica. */
  open: () => Knex
  /** Id of this process's row in `instances`. */
  instanceId: string
  announcements: Announcements
  horizons: Horizons
  log: ServerLog
}

export class ReadHost {
  readonly name: string
  readonly #options: ReadHostOptions
  readonly #closing = new AbortController()
  #knex: Knex
  /** Aborted when the replica is not read any more. */
  #lost = new AbortController()
  #held: Held | undefined
  /** Why it is not read; undefined while it is. */
  #reason: string | undefined = unchecked
  readonly #startedAt = performance.now()
  #checking: Promise<void> | undefined
  readonly #running: Promise<void>

  constructor (options: ReadHostOptions) {
    this.name = options.name
    this.#options = options
    this.#knex = options.open()
    this.#running = this.#run()
  }

  /** `reason`: why it is not read. `lagMs`: how far it is behind, if it is read. */
  get state (): { name: string, reason: string | undefined, lagMs: number } {
    return { name: this.name, reason: this.#reason, lagMs: this.#held?.lagMs ?? 0 }
  }

  /**
   * The time before which the replica has every batch, and more; undefined where it is not read.
   * Waits for a moment for it to come as far as `time`.
   */
  async reach (time: UtcTime): Promise<UtcTime | undefined> {
    if (this.#held !== undefined && this.#held.lagMs < maxWaitMs) await this.#waitFor(time)
    return this.#held?.before
  }

  /** Reads from the replica; from the active server where it is not read, or fails. The work may be done twice. */
  async read<T> (turn: ReadTurn, work: (turn: ReadTurn) => Promise<T>): Promise<T> {
    if (this.#reason !== undefined) return work(turn)
    const [knex, lost] = [this.#knex, this.#lost.signal]
    try {
      const signal = AbortSignal.any([turn.signal, lost])
      return await unlessAborted(lost, work({ ...turn, knex, signal }))
    } catch (error) {
      const isOfReplica = lost.aborted || isAway(knex, error) || codeOf(error)?.startsWith('ER_')
      if (turn.signal.aborted || !isOfReplica) throw error
      return work(turn)
    }
  }

  async close (): Promise<void> {
    this.#closing.abort()
    await this.#running
    await disconnect(this.#knex)
  }

  async #run (): Promise<void> {
    const { signal } = this.#closing
    while (!signal.aborted) {
      await this.#check()
      await delay(checkMs, undefined, { signal, ref: false }).catch(() => {})
    }
  }

  async #waitFor (time: UtcTime): Promise<void> {
    const { announcements, horizons } = this.#options
    const deadline = performance.now() + maxWaitMs
    const isWaiting = () => this.#held !== undefined && this.#held.before < time && performance.now() < deadline
    while (isWaiting()) {
      const { before } = announcements
      // The replica has passed a time once it has an announcement that was made afterwards.
      if (before === undefined || before < time) await horizons.renew(maxWaitMs)
      await this.#check()
      if (isWaiting()) await delay(pollMs)
    }
  }

  /** Finds out how far the replica has come; never rejects. */
  #check (): Promise<void> {
    this.#checking ??= this.#readHeld().then((held) => {
      const isNew = this.#reason === unchecked && performance.now() - this.#startedAt < graceMs
      if (held !== undefined || !isNew) this.#note(held, 'it lacks what was stored in the last ten minutes')
    }, (error) => {
      this.#note(undefined, codeOf(error) ?? 'no answer')
    }).finally(() => { this.#checking = undefined })
    return this.#checking
  }

  async #readHeld (): Promise<Held | undefined> {
    const { instanceId, announcements } = this.#options
    const knex = this.#knex
    const seenAt = knex.raw('CAST(seen_at AS CHAR) AS seenAt')
    const row = await limited(knex, checkTimeoutMs, (on) => (
      on(knex('instances').where('id', instanceId).first(seenAt))
    ))
    return row && announcements.find(row.seenAt)
  }

  #note (held: Held | undefined, reason: string): void {
    const { log, open } = this.#options
    const before = this.#reason
    this.#held = held
    this.#reason = held === undefined ? reason : undefined
    if (this.#closing.signal.aborted) return
    if (held !== undefined) {
      if (before !== undefined) this.#lost = new AbortController()
      if (before !== undefined && before !== unchecked) log.warn({ host: this.name }, 'the read host is read again')
      return
    }
    if (before !== undefined && before !== unchecked) return
    log.warn({ host: this.name, reason }, 'the read host is not read: searches are read where logs are stored')
    this.#lost.abort(new Error(reason))
    // Connections that hang would stay in the pool for ever.
    disconnect(this.#knex).catch(() => {})
    this.#knex = open()
  }
}
