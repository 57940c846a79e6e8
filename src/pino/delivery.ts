// From queued lines to acknowledged ones, one request at a time, so that they arrive in order:
//
//   queue → request → 2xx → they leave the queue
//             ↑  │ no answer, 408, 425, 429, 5xx: the same bytes under the same Idempotency-Key
//             └──┘ again, later and later, without end
//                │ 413: each half by itself, down to one line
//                │ any other answer: said, and let go, because it would be the same the next time
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { Complaints } from './complaints.ts'
import type { CheckedOptions } from './options.ts'
import type { LineQueue } from './queue.ts'

/** A line waits for others for so long, in milliseconds. */
const patience = 1000
/** The pause before the same is sent again, in milliseconds: doubled each time, and while the process ends. */
const firstPause = 250
const longestPause = 30_000
const lastPause = 500
/** What a Retry-After may ask for at most, in seconds. */
const longestWait = 300

export class Delivery {
  readonly #options: CheckedOptions
  readonly #queue: LineQueue
  readonly #complaints: Complaints
  readonly #stopping = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #sending = false
  readonly #draining = new Set<() => void>()
  #pause = new AbortController()

  constructor (options: CheckedOptions, queue: LineQueue, complaints: Complaints) {
    this.#options = options
    this.#queue = queue
    this.#complaints = complaints
  }

  /** There is something in the queue. */
  wake (): void {
    if (this.#sending || this.#queue.lines === 0) return
    if (this.#queue.hasBatch || this.#draining.size > 0) this.#sendNext()
    else this.#timer ??= setTimeout(() => this.#sendNext(), patience)
  }

  /** Sends what there is without waiting for more; resolves once the queue is empty, or after so many milliseconds. */
  async drain (limit: number): Promise<void> {
    if (this.#queue.lines === 0) return
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer)
        this.#draining.delete(done)
        resolve()
      }
      const timer = setTimeout(done, limit)
      this.#draining.add(done)
      this.#pause.abort()
      this.wake()
    })
  }

  /** Gives up at once. */
  stop (): void {
    clearTimeout(this.#timer)
    this.#stopping.abort()
  }

  #sendNext (): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#sending = true
    this.#deliver(this.#queue.take()).then(() => {
      this.#sending = false
      if (this.#queue.lines === 0) for (const done of this.#draining) done()
      else this.wake()
    }, () => {})
  }

  /** Rejects when the delivery is stopped. */
  async #deliver (lines: readonly Buffer[]): Promise<void> {
    const status = await this.#post(Buffer.concat(lines))
    if (status === 413 && lines.length > 1) {
      const half = Math.ceil(lines.length / 2)
      await this.#deliver(lines.slice(0, half))
      await this.#deliver(lines.slice(half))
      return
    }
    if (status >= 300) this.#complaints.lost(lines.length, `dropped: ${this.#options.url} answers ${status}`)
    this.#queue.leave(lines)
  }

  /** Resolves to the status of an answer that another try would not change. */
  async #post (body: Buffer): Promise<number> {
    const key = randomUUID()
    for (let attempt = 0; ; attempt++) {
      const { status, retryAfter } = await this.#request(body, key)
      if (status !== undefined && status < 500 && ![408, 425, 429].includes(status)) return status
      await this.#rest(attempt, retryAfter)
    }
  }

  async #request (body: Buffer, key: string): Promise<{ status?: number, retryAfter?: number }> {
    const { url, token, requestTimeout } = this.#options
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson', 'idempotency-key': key },
        body: new Uint8Array(body),
        // Followed, it would become a GET.
        redirect: 'manual',
        signal: AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(requestTimeout)])
      })
      const answer = await response.text()
      const { status, headers } = response
      if (response.ok) this.#hear(answer)
      else this.#complaints.once(`${url} answers ${status}${headers.has('x-error-detail') ? `: ${headers.get('x-error-detail')}` : ''}`)
      return { status, retryAfter: Number(headers.get('retry-after')) || 0 }
    } catch (error) {
      this.#stopping.signal.throwIfAborted()
      this.#complaints.once(`${url} does not answer (${reasonOf(error)}); the logs wait, and are sent again`)
      return {}
    }
  }

  /** `{"accepted":498,"rejected":2,…}` */
  #hear (answer: string): void {
    this.#complaints.allIsWell()
    const rejected = /"rejected":\s*([1-9]\d*)/.exec(answer)?.[1]
    if (rejected) this.#complaints.lost(Number(rejected), `kept as dead letters: ${this.#options.url} could not read them`)
  }

  async #rest (attempt: number, retryAfter = 0): Promise<void> {
    const backoff = Math.min(longestPause, firstPause * 2 ** attempt) * (0.5 + Math.random() / 2)
    const asked = Math.min(longestWait, retryAfter) * 1000 * (1 + Math.random() / 10)
    const pause = Math.max(backoff, asked)
    this.#pause = new AbortController()
    await delay(this.#draining.size > 0 ? Math.min(lastPause, pause) : pause, undefined, {
      signal: AbortSignal.any([this.#stopping.signal, this.#pause.signal])
    }).catch(() => {})
    this.#stopping.signal.throwIfAborted()
  }
}

function reasonOf (error: unknown): string {
  const { name, cause } = error as Error
  return name === 'TimeoutError' ? 'no answer in time' : (cause as NodeJS.ErrnoException | undefined)?.code ?? name
}
