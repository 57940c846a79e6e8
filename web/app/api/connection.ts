// Requests that were not answered, and wait for their next attempt. What only reads is sent again until it is answered.
import { computed, signal } from '@preact/signals'
import type { ApiError } from './error.ts'

/** Worst first: no answer at all, no database behind the server, a busy server, too many requests of this user. */
const troubles = ['away', 'database', 'busy', 'limited'] as const
export type Trouble = typeof troubles[number]

interface Wait {
  trouble: Trouble
  /** When it began, and when it tries again; milliseconds since 1970. */
  since: number
  retryAt: number
  wake (): void
}

/** Seconds between attempts while the server does not answer; the last one for all further ones. */
const pauses = [1, 2, 5, 10, 30]

const waits = signal<readonly Wait[]>([])

/** What keeps requests waiting now; undefined: nothing. */
export const connection = computed(() => (
  troubles.map((trouble) => waits.value.find((wait) => wait.trouble === trouble)).find((wait) => wait !== undefined)
))

/** Why the same request may succeed later; undefined: it may not. */
function troubleOf ({ status, fault, retryAfter }: ApiError): Trouble | undefined {
  if (status === 429) return 'limited'
  if (status === 503 && fault?.rule === 'database.unavailable') return 'database'
  if (status === 503 && retryAfter !== undefined) return 'busy'
  // A proxy before the server answers in its place.
  return [0, 502, 503, 504].includes(status) ? 'away' : undefined
}

/** The attempts of one request. */
export class Attempts {
  #failures = 0
  #wait: Wait | undefined

  /**
   * Waits until the request may be sent again; rejects where it may not, and with the signal's reason. Where the page
   * is nothing without the answer, a failure of the server is no answer.
   */
  async pauseAfter (error: ApiError, isNeeded: boolean, signal?: AbortSignal): Promise<void> {
    const trouble = troubleOf(error) ?? (isNeeded && error.status >= 500 ? 'away' : undefined)
    if (!trouble) throw error
    const backoff = pauses[this.#failures++] ?? pauses.at(-1) ?? 0
    const seconds = trouble === 'away' ? backoff * (0.5 + Math.random() / 2) : (error.retryAfter ?? 5) + Math.random()
    await new Promise<void>((resolve) => {
      const now = Date.now()
      const timer = setTimeout(resolve, seconds * 1000)
      const wake = () => { clearTimeout(timer); resolve() }
      this.#replace({ trouble, since: this.#wait?.since ?? now, retryAt: now + seconds * 1000, wake })
      signal?.addEventListener('abort', wake, { once: true })
    })
    signal?.throwIfAborted()
  }

  /** The request is answered, or given up. */
  end (): void {
    if (this.#wait) this.#replace(undefined)
  }

  #replace (wait: Wait | undefined): void {
    const others = waits.peek().filter((other) => other !== this.#wait)
    this.#wait = wait
    waits.value = wait ? [...others, wait] : others
  }
}

/** Tells that the server answers: what waits for it is sent at once. */
export function tryNow (): void {
  for (const { trouble, wake } of waits.peek()) if (trouble === 'away' || trouble === 'database') wake()
}

addEventListener('online', tryNow)
