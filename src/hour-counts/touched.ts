import type { Touched } from './batches.ts'
import { merged, partsOutside, type Span } from '../model/span.ts'

/** Spans of a user that are told apart. */
const maxSpans = 1000

/** Hours of users that changed lately: counting them is not worth it while they keep changing. */
export class TouchedHours {
  /** Spans of each user, keyed by their text, with when they changed last. */
  readonly #users = new Map<number, Map<string, Span & { at: number }>>()

  /** Notes that a span changed, at a time of the monotonic clock. Too many of a user become one that covers them. */
  add ({ userId, from, to }: Touched, at: number): void {
    let spans = this.#users.get(userId)
    if (spans === undefined) this.#users.set(userId, spans = new Map())
    spans.set(`${from} ${to}`, { from, to, at })
    if (spans.size <= maxSpans) return
    const all = merged([...spans.values()])
    spans.clear()
    spans.set('all', { from: all[0]?.from ?? from, to: all.at(-1)?.to ?? to, at })
  }

  /** Removes and yields the spans that have not changed since a time, without the parts that other spans cover. */
  * takeQuiet (since: number): Generator<Touched, void, void> {
    for (const [userId, spans] of this.#users) {
      const quiet = [...spans].filter(([, { at }]) => at <= since)
      for (const [name] of quiet) spans.delete(name)
      if (spans.size === 0) this.#users.delete(userId)
      const parts = partsOutside(quiet.map(([, span]) => span), [...spans.values()])
      for (const part of parts) yield { userId, ...part }
    }
  }
}
