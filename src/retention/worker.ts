import type { Knex } from 'knex'
import { LeasedWorker, type WorkerInstance } from '../cluster/leased-worker.ts'
import { LeaseTaken } from '../cluster/leases.ts'
import { codeOf } from '../errors.ts'
import { RetentionRun, type Retention } from './retention.ts'

const pauseMs = 3_600_000

export interface RetentionEvents {
  /** Called after a run that deleted logs. */
  onDeleted: (logs: number) => void
  /** Called with the error where partitions cannot be maintained: logs are deleted row by row instead. */
  onPartitionFailure: (error: unknown) => void
  /** A run failed; the next one is in an hour. */
  onFailure: (error: unknown) => void
}

/** Deletes expired logs hourly, in steps for which writers wait only briefly. */
export class RetentionWorker {
  readonly #knex: Knex
  readonly #retention: Retention
  readonly #events: RetentionEvents
  readonly #worker: LeasedWorker
  #failure: string | undefined

  constructor (knex: Knex, instance: WorkerInstance, retention: Retention, events: RetentionEvents) {
    this.#knex = knex
    this.#retention = retention
    this.#events = events
    const onFailure = (error: unknown) => {
      this.#failure = codeOf(error) ?? 'see the log of the server'
      events.onFailure(error)
    }
    this.#worker = new LeasedWorker(instance, { lease: 'retention', pauseMs, run: () => this.#run(), onFailure })
  }

  /** Why the last run failed: a code; undefined where it did not. */
  get failure (): string | undefined {
    return this.#failure
  }

  /** Runs at once, and hourly from then on. */
  start (): void {
    this.#worker.start(0)
  }

  /** Deletes now; rejects with LeaseTaken while another instance deletes. */
  runNow (): Promise<void> {
    return this.#worker.runNow()
  }

  stop (): void {
    this.#worker.stop()
  }

  close (): Promise<void> {
    return this.#worker.close()
  }

  async #run (): Promise<void> {
    const { signal } = this.#worker
    const run = new RetentionRun({ knex: this.#knex, signal }, this.#retention, this.#events.onPartitionFailure)
    let deleted = 0
    let started = performance.now()
    try {
      for await (const count of run.steps()) {
        deleted += count
        await this.#worker.rest(performance.now() - started)
        await this.#worker.holdLease()
        started = performance.now()
      }
      this.#failure = undefined
    } finally {
      if (deleted > 0) this.#events.onDeleted(deleted)
      await this.#worker.releaseLease()
    }
  }
}

/**
 * Deletes expired logs once; resolves to the number deleted, which is 0 while another instance deletes.
 * Throws ClockInDoubt where logs would have been deleted by age, but the clock may be wrong.
 */
export async function deleteExpiredLogs (
  knex: Knex, retention: Retention, onPartitionFailure: (error: unknown) => void = () => {}
): Promise<number> {
  let deleted = 0
  const onDeleted = (logs: number) => { deleted += logs }
  const events = { onDeleted, onPartitionFailure, onFailure: () => {} }
  const worker = new RetentionWorker(knex, { control: knex, commits: 0 }, retention, events)
  try {
    await worker.runNow()
  } catch (error) {
    if (!(error instanceof LeaseTaken)) throw error
  }
  return deleted
}
