// Which of the rows that are shown match a query: the server tells, for the time that they cover.
import { signal } from '@preact/signals'
import { request } from '../api/client.ts'
import type { Log, Page } from '../api/types.ts'
import { afterTime } from './read.ts'

/** Logs of an answer, and answers about one page of rows. */
const limit = 1000
const maxAnswers = 5

interface Span {
  from: string
  /** Exclusive. */
  to: string
}

export class Matches {
  readonly #query: string
  readonly #user: string
  readonly #ids = new Set<string>()
  readonly #known = signal<readonly Span[]>([])
  #asked: readonly Span[] = []

  constructor (query: string, user: string) {
    this.#query = query
    this.#user = user
  }

  /** Whether the server said that a log does not match. */
  isOther ({ id, at }: Log): boolean {
    return isWithin(this.#known.value, at) && !this.#ids.has(id)
  }

  /** Asks about the time of the logs that it was not asked about before. */
  async ask (logs: readonly Log[], signal: AbortSignal): Promise<void> {
    const times = logs.map(({ at }) => at).filter((at) => !isWithin(this.#asked, at)).sort()
    const [from, last] = [times[0], times.at(-1)]
    if (from === undefined || last === undefined) return
    const span = { from, to: afterTime(last) }
    this.#asked = [...this.#asked, span]
    let cursor: string | undefined
    for (let answers = 0; answers < maxAnswers; answers++) {
      const times = cursor === undefined ? span : { cursor }
      const params = { query: this.#query, user: this.#user, limit, cut: 1, ...times }
      const page: Page = await request<Page>('api/logs', { params, signal })
      for (const { id } of page.logs) this.#ids.add(id)
      cursor = page.cursor
      if (cursor === undefined) break
    }
    if (cursor === undefined) this.#known.value = [...this.#known.value, span]
  }
}

function isWithin (spans: readonly Span[], at: string): boolean {
  return spans.some(({ from, to }) => at >= from && at < to)
}
