import type { Touched } from './table.ts'
import { overlap, partsOutside, type Span } from '../model/span.ts'

/** The hours of users that were touched lately: what is about to be touched again is not worth counting. */
export class TouchedHours {
  /** Of each user the spans, by themselves as text, with the time when they were touched last. */
  readonly #users = new Map<number, Map<string, Span & { at: number }>>()

  touch ({ userId, from, to }: Touched, at: number): void {
    let spans = this.#users.get(userId)
    if (spans === undefined) this.#users.set(userId, spans = new Map())
    spans.set(`${from} ${to}`, { from, to, at })
  }

  /** Takes out whatever was not touched since then; of it, the parts that were not touched by others either. */
  * takeQuiet (since: number): Generator<Touched, void, void> {
    for (const [userId, spans] of this.#users) {
      const quiet = [...spans].filter(([, { at }]) => at <= since)
      for (const [name] of quiet) spans.delete(name)
      if (spans.size === 0) this.#users.delete(userId)
      const others = [...spans.values()]
      for (const [, span] of quiet) {
        for (const part of partsOutside(span, others.filter((other) => overlap(span, other)))) yield { userId, ...part }
      }
    }
  }
}
