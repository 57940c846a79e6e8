// Background work that one instance at a time does, behind the writer:
//
//   idle ──(the pause is over, or runNow)──→ take the lease ──→ run ──→ idle, with the lease
//                                                 └─ another instance has it ──→ idle
//
// A run works in units. Between two units it renews the lease (`holdLease`) and rests (`rest`), so that writes and
// searches are not delayed. Within a unit the lease is renewed beside the work, up to the time at which the unit counts
// as hanging. A holder that lost its lease in the middle of a unit may still write: the tables of each feature fence
// it, because progress is a compare-and-set that fails once another holder has made progress.
import { setTimeout as delay } from 'node:timers/promises'
import type { Knex } from 'knex'
import { codeOf } from '../errors.ts'
import { isAway } from '../store/connect.ts'
import { within } from '../timeout.ts'
import { Background } from './background.ts'
import { Lease, LeaseTaken } from './leases.ts'
import { Overtaken } from './progress.ts'

/** For work that people wait for, where an instance died. */
export const urgentLeaseSeconds = 10
/** A rest shorter than this is added to the next one, in milliseconds. */
const minRestMs = 10
/** Rest after a unit of work, in parts of its duration: while logs are stored, and while none are. */
const busyRest = 2
const idleRest = 0.25
/** Duration of a unit after which the lease is no longer renewed for it, in milliseconds. */
const maxUnitMs = 60_000
/** How long the last statement may take when the server closes, in milliseconds. */
const closeMs = 2000

/** The instance, as far as leased work needs it. */
export interface WorkerInstance {
  /** The database, by a connection that no search keeps waiting. */
  readonly control: Knex
  /** Number of transactions that this process has begun to store logs. */
  readonly commits: number
}

export interface LeasedWork {
  /** Name of the lease: one instance at a time does the work of that name. */
  lease: string
  /** Seconds after which another instance goes on where the holder died. Default: 60. */
  leaseSeconds?: number | undefined
  /** Pause between two runs, in milliseconds. */
  pauseMs: number
  /** One run, with the lease held. `isAwaited`: a caller of `runNow` waits, so the work leaves nothing for later. */
  run: (isAwaited: boolean) => Promise<void>
  /** Drops what is known from earlier runs: a run failed, or another instance has the lease. */
  reset?: () => Promise<void> | void
  /**
   * Called with the error of a failed run, once for each code until a run succeeds: an outage fails many runs.
   * Not called where another instance has the lease, or the server closes.
   */
  onFailure: (error: unknown) => void
  /** Called when a run has succeeded after failed ones, or another instance works. */
  onRecovery?: (() => void) | undefined
}

/** Repeats work while this instance has its lease. */
export class LeasedWorker {
  readonly #instance: WorkerInstance
  readonly #lease: Lease
  readonly #background: Background
  /** Codes of the errors of the latest runs, if they failed. */
  readonly #failures = new Set<string | undefined>()
  #commitsSeen: number
  #owedMs = 0
  /** Start of the unit of work, by this process's monotonic clock. */
  #unitAt = -Infinity

  constructor (instance: WorkerInstance, work: LeasedWork) {
    const { lease, leaseSeconds, pauseMs, run, reset, onFailure, onRecovery } = work
    const recover = () => {
      if (this.#failures.size > 0) onRecovery?.()
      this.#failures.clear()
    }
    this.#instance = instance
    this.#commitsSeen = instance.commits
    this.#lease = new Lease(instance.control, lease, leaseSeconds)
    this.#background = new Background(async (isAwaited) => {
      try {
        await this.holdLease()
        await this.#renewDuring(() => run(isAwaited))
        recover()
      } catch (error) {
        await reset?.()
        throw error
      }
    }, pauseMs, (error) => {
      if (error instanceof LeaseTaken) return recover()
      const code = codeOf(error)
      if (!this.#failures.has(code)) onFailure(error)
      this.#failures.add(code)
    })
  }

  /** Aborted when the work must stop. */
  get signal (): AbortSignal {
    return this.#background.signal
  }

  /** Schedules the first run. Default: after a pause. */
  start (afterMs?: number): void {
    this.#background.start(afterMs)
  }

  /** Runs as soon as the current run ends; rejects when that fails, with LeaseTaken where another instance works. */
  runNow (): Promise<void> {
    return this.#background.runNow()
  }

  /** Takes or renews the lease. Throws LeaseTaken where another instance has it, or the reason of the signal. */
  async holdLease (): Promise<void> {
    this.signal.throwIfAborted()
    this.#unitAt = performance.now()
    if (!await this.#lease.hold()) throw new LeaseTaken()
  }

  /** Works, and meanwhile renews the lease: another instance takes it only from one that died, or hangs. */
  async #renewDuring (work: () => Promise<void>): Promise<void> {
    const renewal = new Background(async () => {
      if (performance.now() - this.#unitAt < maxUnitMs) await this.#lease.hold()
    }, this.#lease.renewMs, () => {})
    renewal.start()
    try {
      await work()
    } finally {
      await renewal.end()
    }
  }

  /** Whether an error of the run does not come from the logs of one user. */
  concernsAll (error: unknown): boolean {
    return this.signal.aborted || error instanceof LeaseTaken || error instanceof Overtaken ||
      isAway(this.#instance.control, error)
  }

  /** Gives the lease back between two runs. */
  releaseLease (): Promise<void> {
    return this.#lease.release()
  }

  /** Rests after a unit of work, for longer where logs were stored meanwhile. Rejects once the signal is aborted. */
  async rest (tookMs: number): Promise<void> {
    const { commits } = this.#instance
    this.#owedMs += tookMs * (commits > this.#commitsSeen ? busyRest : idleRest)
    this.#commitsSeen = commits
    if (this.#owedMs < minRestMs) return
    await delay(this.#owedMs, undefined, { signal: this.signal })
    this.#owedMs = 0
  }

  /** Aborts the signal, and schedules no more runs. */
  stop (): void {
    this.#background.stop()
  }

  /** Ends the run under way and gives the lease back; a database that hangs does not keep the server from closing. */
  async close (): Promise<void> {
    await within(closeMs, this.#background.end().then(() => this.#lease.release())).catch(() => {})
  }
}
