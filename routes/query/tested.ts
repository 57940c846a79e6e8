// The feed gives a tail all logs that may match its query. Where telling takes a thread, those that do not are left out
// here.
import { setImmediate } from 'node:timers/promises'
import type { Filter } from '../../src/query/filter.ts'
import { MatchingTooSlow, type Matches, type Matching } from '../../src/search/matching.ts'
import type { Tailed, TailEvent } from '../../src/tail/subscription.ts'

type Events<Event> = AsyncGenerator<Event, void, void>

/** Time that a thread may spend on a tail's logs at once, and, on all, its share of the tail's lifetime. */
const budgetMs = 3000
const maxShare = 0.1
/** Bounds of what is tested at once: logs, and characters of their messages. */
const maxLogs = 500
const maxCharacters = 1_000_000
/** A client gets a sign of life after this long without a matching log. */
const heartbeatMs = 15_000

/** The query of a tail, its caller, and the threads that test its logs. */
export interface TailQuery {
  matching: Matching
  filter: Filter
  caller: string
}

/** Leaves out logs that do not match; ends with `tooSlow` where testing takes more time than a tail may use. */
export async function * testedEvents (
  events: Events<TailEvent>, query: TailQuery, signal: AbortSignal
): Events<TailEvent | 'tooSlow'> {
  const startedAt = performance.now()
  let sentAt = startedAt
  let spentMs = 0
  for await (const some of coalesced(events)) {
    const matches = await findMatches(query, some.filter(isLog), signal)
    if (matches === 'aborted') return
    if (matches === 'tooSlow') return yield matches
    const logs = new Set(matches.found)
    const wanted: TailEvent[] = some.filter((event) => !isLog(event) || logs.has(event.log))
    if (wanted.length === 0 && performance.now() - sentAt > heartbeatMs) wanted.push('silence')
    if (wanted.length > 0) sentAt = performance.now()
    yield * wanted
    spentMs += matches.tookMs
    if (spentMs > budgetMs + maxShare * (performance.now() - startedAt)) return yield 'tooSlow'
  }
}

async function findMatches (
  { matching, filter, caller }: TailQuery, tailed: readonly Tailed[], signal: AbortSignal
): Promise<Matches<Tailed['log']> | 'tooSlow' | 'aborted'> {
  const names = new Map(tailed.map(({ log, userName }) => [log, userName]))
  const nameOf = (log: Tailed['log']) => names.get(log) ?? ''
  try {
    return await matching.select({ filter, logs: [...names.keys()], nameOf, caller, budgetMs }, signal)
  } catch (error) {
    if (error instanceof MatchingTooSlow) return 'tooSlow'
    if (signal.aborted) return 'aborted'
    throw error
  }
}

function isLog (event: TailEvent): event is Tailed {
  return typeof event === 'object' && 'log' in event
}

/** Events that come without waiting, as one list. */
async function * coalesced (events: Events<TailEvent>): Events<TailEvent[]> {
  let next: Promise<IteratorResult<TailEvent, void>> | undefined
  try {
    for (;;) {
      const first = await (next ?? events.next())
      if (first.done) return
      const some = [first.value]
      let characters = messageLength(first.value)
      next = undefined
      // Asking for the next event frees the memory of those before, so nothing is asked for while much is held.
      while (some.length < maxLogs && characters < maxCharacters) {
        next ??= events.next()
        const result = await Promise.race([next, setImmediate()])
        if (!result || result.done) break
        some.push(result.value)
        characters += messageLength(result.value)
        next = undefined
      }
      yield some
    }
  } finally {
    // The feed ends by its signal; there is no need to wait for it.
    events.return().catch(() => {})
  }
}

function messageLength (event: TailEvent): number {
  return isLog(event) ? event.log.message.length : 0
}
