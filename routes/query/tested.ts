// Tails whose logs take a thread to test: the feed gives all that may be asked for, and the rest is left out here.
import { setImmediate } from 'node:timers/promises'
import type { Matching } from '../../src/search/matching.ts'
import { MatchingTooSlow } from '../../src/search/matching.ts'
import type { Filter } from '../../src/query/filter.ts'
import type { Tailed, TailEvent } from '../../src/tail/subscription.ts'

/** Milliseconds that a thread may spend on a tail's logs at once, and the share of the time that it may on all of them. */
const budgetMs = 3000
const share = 0.1
/** Bounds of what is tested at once: logs, and characters of their messages. */
const maxLogs = 500
const maxCharacters = 1_000_000
/** Silence after which a client is told that nothing came, in milliseconds. */
const heartbeatMs = 15_000

/** Who follows what, and where it is tested. */
export interface Testing {
  matching: Matching
  filter: Filter
  caller: string
}

/** The events whose logs are asked for; ends with `tooSlow` where telling takes more time than a tail may have. */
export async function * testedEvents (events: AsyncGenerator<TailEvent, void, void>, { matching, filter, caller }: Testing, signal: AbortSignal): AsyncGenerator<TailEvent | 'tooSlow', void, void> {
  const began = performance.now()
  let toldAt = began
  let spent = 0
  for await (const some of together(events)) {
    const names = new Map(some.filter(isLog).map(({ log, userName }) => [log, userName]))
    let found: ReadonlySet<Tailed['log']>
    try {
      const result = await matching.select({ filter, logs: [...names.keys()], nameOf: (log) => names.get(log)!, caller, budget: budgetMs }, signal)
      found = new Set(result.found)
      spent += result.took
    } catch (error) {
      if (error instanceof MatchingTooSlow) yield 'tooSlow'
      else if (!signal.aborted) throw error
      return
    }
    const wanted: TailEvent[] = some.filter((event) => !isLog(event) || found.has(event.log))
    if (wanted.length === 0 && performance.now() - toldAt > heartbeatMs) wanted.push('silence')
    if (wanted.length > 0) toldAt = performance.now()
    yield * wanted
    if (spent > budgetMs + share * (performance.now() - began)) return yield 'tooSlow'
  }
}

function isLog (event: TailEvent): event is Tailed {
  return typeof event === 'object' && 'log' in event
}

/** The events that come without waiting, together. */
async function * together (events: AsyncGenerator<TailEvent, void, void>): AsyncGenerator<TailEvent[], void, void> {
  let next: Promise<IteratorResult<TailEvent, void>> | undefined
  try {
    for (;;) {
      const first = await (next ?? events.next())
      if (first.done) return
      const some = [first.value]
      let characters = lengthOf(first.value)
      next = undefined
      // Asking for the next gives up the memory of what was taken, so nothing is asked for while much is held.
      while (some.length < maxLogs && characters < maxCharacters) {
        next ??= events.next()
        const result = await Promise.race([next, setImmediate()])
        if (!result || result.done) break
        some.push(result.value)
        characters += lengthOf(result.value)
        next = undefined
      }
      yield some
    }
  } finally {
    // It ends with its signal, and nobody needs to wait for that.
    events.return().catch(() => {})
  }
}

function lengthOf (event: TailEvent): number {
  return isLog(event) ? event.log.message.length : 0
}
