// The way home of what was spooled: one portion at a time, in order, each in a transaction of its
// own under the keys that the batches were given when they came. It also finds out that the
// database is back. Live traffic goes past it, straight to the database: the ids keep the order.
import { setTimeout as delay } from 'node:timers/promises'
import type { KeyedBatch } from './batch.ts'
import type { Outcome } from './commit.ts'
import type { Damage } from './segment.ts'
import type { Spool } from './spool.ts'
import type { Writer } from './writer.ts'

export interface DrainOptions {
  spool: () => Spool | undefined
  commit: (batches: readonly KeyedBatch[]) => Promise<Map<KeyedBatch, Outcome>>
  /** Keeps what could not be read any more, where somebody finds it. */
  bury: (damage: Damage) => Promise<void>
  /** Rejects while the database does not answer a real read. */
  probe: () => Promise<void>
  writer: Pick<Writer, 'away' | 'waiting' | 'databaseLeft' | 'databaseIsBack'>
  onDrained?: (batches: readonly KeyedBatch[]) => void
}

/** A transaction of the drain is small, so that live ones between wait little. */
const portionRecords = 1000
/** How often is looked whether there is something to do, in milliseconds. */
const pause = 500

export class Drain {
  readonly #options: DrainOptions
  readonly #closing = new AbortController()
  readonly #ended: Promise<void>

  constructor (options: DrainOptions) {
    this.#options = options
    this.#ended = this.#run()
  }

  async close (): Promise<void> {
    this.#closing.abort()
    await this.#ended
  }

  async #run (): Promise<void> {
    const { writer } = this.#options
    while (!this.#closing.signal.aborted) {
      const started = performance.now()
      let cameHome = false
      try {
        cameHome = await this.#bringHome()
        if (!cameHome && writer.away) await this.#options.probe()
        writer.databaseIsBack()
      } catch (error) {
        writer.databaseLeft(error)
      }
      // While logs wait, they have the database for as long as the drain had it.
      const busy = cameHome && writer.waiting.records > 0
      await this.#sleep(cameHome ? busy ? performance.now() - started : 0 : pause)
    }
  }

  /** One portion. False when there is none; throws while the database does not take it. */
  async #bringHome (): Promise<boolean> {
    const spool = this.#options.spool()
    const portion = await spool?.next(portionRecords)
    if (!portion) return false
    if (portion.batches.length > 0) {
      for (const outcome of (await this.#options.commit(portion.batches)).values()) {
        if (outcome.state === 'failed') throw outcome.error
      }
    }
    for (const damage of portion.damages) await this.#options.bury(damage)
    await spool!.done()
    this.#options.onDrained?.(portion.batches)
    return true
  }

  async #sleep (milliseconds: number): Promise<void> {
    await delay(milliseconds, undefined, { signal: this.#closing.signal, ref: false }).catch(() => {})
  }
}
