import { performance } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import type { Knex } from 'knex'
import type { Horizons } from '../cluster/horizons.ts'
import { LeasedWorker, urgentLeaseSeconds, type WorkerInstance } from '../cluster/leased-worker.ts'
import { millisecondsOf, type UtcTime } from '../model/instant.ts'
import type { StoredLog } from '../model/record.ts'
import type { Span } from '../model/span.ts'
import { listBatchesUpTo, stampOf, type StoredBatch } from '../store/batches.ts'
import { openReader } from '../store/connect.ts'
import type { Reader } from '../store/reader.ts'
import { transact } from '../store/retry.ts'
import { ageGroups } from './aging.ts'
import { addTallies } from './groups.ts'
import {
  advance, forgetSteps, namesOfStep, readProgress, stepsWithLateBatches, type Progress, type Step
} from './progress.ts'
import { RuleRunner } from './rules/runner.ts'
import { logsOf } from './source.ts'
import { Tallies } from './tally.ts'

/** Pause between two looks at the feed, in milliseconds. */
const pollMs = 250
/** Logs of the batches of one step, of any level. */
const maxLogsPerStep = 20_000
/** Interval at which late batches are searched for, old names deleted, old states ended, and the server examined. */
const lookBackMs = 10_000
/** Interval at which states of rules are looked at that are due. */
const sweepMs = 1000
/** From this share of its time on, the event loop counts as busy: requests come first. */
const busyUtilization = 0.9
/** Rest after a piece of work while the process is busy, in parts of the duration of that work. */
const busyRest = 12
/** A follower that is further behind the writer, in seconds, no longer rests. */
const maxGivenWaySeconds = 60
/** While no batch comes the progress is saved only this often. */
const maxUnsavedMs = 3_600_000

export interface FollowerOptions {
  knex: Knex
  instance: WorkerInstance
  horizons: Pick<Horizons, 'now' | 'pastStored'>
  /** A run failed; the next one tries again. */
  onFailure: (error: unknown) => void
  /** A run has succeeded again. */
  onRecovery?: (() => void) | undefined
}

/**
 * Counts the errors of all users by group, behind the writer, from what is stored: each error exactly once. In the same
 * transactions it runs the rules of all users, and writes their alerts.
 * One instance at a time does it. Nothing of it is in the path of a request.
 */
export class ErrorFollower {
  readonly #knex: Knex
  readonly #horizons: FollowerOptions['horizons']
  readonly #worker: LeasedWorker
  readonly #connection: ReturnType<typeof openReader>
  readonly #reader: Reader
  /** Undefined while another instance may have made progress. */
  #progress: Progress | undefined
  readonly #rules: RuleRunner
  #lookedBackAt = -Infinity
  #sweptAt = -Infinity
  /** Since the last piece of work. */
  #utilization = performance.eventLoopUtilization()

  constructor ({ knex, instance, horizons, onFailure, onRecovery }: FollowerOptions) {
    this.#knex = knex
    this.#horizons = horizons
    this.#worker = new LeasedWorker(instance, {
      lease: 'alerts',
      leaseSeconds: urgentLeaseSeconds,
      pauseMs: pollMs,
      run: (isAwaited) => this.#run(isAwaited),
      reset: () => {
        this.#progress = undefined
        this.#rules.reset()
      },
      onFailure,
      onRecovery
    })
    this.#connection = openReader(knex)
    this.#reader = { knex: this.#connection.knex, signal: this.#worker.signal }
    this.#rules = new RuleRunner(knex, this.#worker.signal)
  }

  /** Seconds by which the groups are behind what is stored; 0 while another instance counts. */
  get behindSeconds (): number {
    return this.#progress === undefined ? 0 : Math.max(0, (Date.now() - millisecondsOf(this.#progress.reached)) / 1000)
  }

  start (): void {
    this.#worker.start()
  }

  /** Counts everything that is stored; rejects with LeaseTaken where another instance counts. */
  runNow (): Promise<void> {
    return this.#worker.runNow()
  }

  stop (): void {
    this.#worker.stop()
  }

  async close (): Promise<void> {
    await this.#worker.close()
    await this.#connection.close()
    await this.#rules.close()
  }

  async #run (isAwaited: boolean): Promise<void> {
    const horizon = isAwaited ? await this.#horizons.pastStored() : (await this.#horizons.now()).time
    this.#progress ??= await readProgress(this.#knex, horizon)
    await this.#rules.beat(isAwaited)
    if (await this.#rules.refresh()) {
      await this.#fenced((transaction, reached) => this.#rules.adopt(transaction, reached))
    }
    while (this.#progress.reached < horizon) {
      await this.#follow(this.#progress, horizon)
      await this.#worker.holdLease()
      await this.#rules.beat()
    }
    if (isAwaited || performance.now() - this.#sweptAt >= sweepMs) await this.#sweep()
    if (isAwaited || performance.now() - this.#lookedBackAt >= lookBackMs) await this.#lookBack()
  }

  /** Brings the states of rules up to date that are due. */
  async #sweep (): Promise<void> {
    this.#sweptAt = performance.now()
    let isMore = this.#progress !== undefined && await this.#rules.hasDue(this.#progress.reached)
    while (isMore) {
      isMore = await this.#fenced((transaction, reached) => this.#rules.sweep(transaction, reached)) === true
    }
  }

  async #lookBack (): Promise<void> {
    this.#lookedBackAt = performance.now()
    if (this.#progress === undefined) return
    for (const span of await stepsWithLateBatches(this.#knex, this.#progress.reached)) await this.#countLate(span)
    await forgetSteps(this.#knex, this.#progress.reached)
    await ageGroups(this.#knex, (transaction, aged, now) => this.#rules.tellAged(transaction, aged, now))
    if (!this.#rules.isAboutServer) return
    await this.#fenced((transaction) => this.#rules.tellHealth(transaction, this.behindSeconds))
  }

  /** Does work in a transaction that only the holder of the progress can commit. */
  async #fenced<T> (work: (transaction: Knex, reached: UtcTime) => Promise<T>): Promise<T | undefined> {
    const progress = this.#progress
    if (progress === undefined) return undefined
    const { reached } = progress
    const { next, result } = await transact(this.#knex, async (transaction) => {
      const next = await advance(transaction, progress, { from: reached, to: reached, batches: [], isLate: false })
      return { next, result: await work(transaction, reached) }
    })
    this.#progress = next
    return result
  }

  /** Counts a step of the feed. */
  async #follow (progress: Progress, horizon: UtcTime): Promise<void> {
    const from = progress.reached
    const { batches, to } = await listBatchesUpTo(this.#knex, { from, to: horizon }, maxLogsPerStep)
    if (batches.length === 0 && millisecondsOf(to) - millisecondsOf(from) < maxUnsavedMs) {
      // Not saved: an instance that goes on at the saved time finds no batch either.
      this.#progress = { ...progress, reached: to }
    } else {
      await this.#count(progress, { from, to, batches, isLate: false })
    }
  }

  /** Counts the batches of an earlier step that appeared after it. */
  async #countLate (span: Span): Promise<void> {
    const names = await namesOfStep(this.#knex, span.from)
    const late: StoredBatch[] = []
    for (let from = span.from; from < span.to;) {
      const { batches, to } = await listBatchesUpTo(this.#knex, { from, to: span.to }, maxLogsPerStep)
      late.push(...batches.filter((batch) => !names.has(batch)))
      from = to
    }
    if (this.#progress && late.length > 0) await this.#count(this.#progress, { ...span, batches: late, isLate: true })
  }

  /** Counts batches and runs the rules on them, in one transaction with the progress. */
  async #count (progress: Progress, step: Step): Promise<void> {
    const tallies = new Tallies()
    const sightings = this.#rules.begin()
    let startedAt = performance.now()
    for await (const page of logsOf(this.#reader, step.batches, (userId) => this.#rules.guard(userId))) {
      for (const seen of page) if (isError(seen.log)) tallies.add(seen)
      await sightings.add(page)
      await this.#worker.holdLease()
      await this.#giveWay(performance.now() - startedAt)
      startedAt = performance.now()
    }
    this.#progress = await transact(this.#knex, async (transaction) => {
      const next = await advance(transaction, progress, step)
      const hasErrors = tallies.size > 0
      const changed = hasErrors ? await addTallies(transaction, tallies.list(), await stampOf(transaction)) : []
      await this.#rules.tell(transaction, { sightings, changed, reached: next.reached })
      return next
    })
    await this.#giveWay(performance.now() - startedAt)
  }

  /** Rests after a piece of work while requests keep the event loop busy. */
  async #giveWay (tookMs: number): Promise<void> {
    const { utilization } = performance.eventLoopUtilization(this.#utilization)
    this.#utilization = performance.eventLoopUtilization()
    if (utilization < busyUtilization || this.behindSeconds > maxGivenWaySeconds) return
    await delay(tookMs * busyRest, undefined, { signal: this.#worker.signal })
  }
}

function isError ({ severity }: StoredLog): boolean {
  return severity === 'error' || severity === 'critical'
}
