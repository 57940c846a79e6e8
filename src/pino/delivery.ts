// Sends queued lines, one request at a time, so that they arrive in order:
//
//   queue → request → 2xx: the lines leave the queue
//             ↑  │ no answer, 408, 425, 429, 5xx: the same bytes under the same Idempotency-Key are sent
//             └──┘ again, with growing delays and without end
//                │ 413: each half is sent alone, down to one line
//                │ any other answer is final: the lines are dropped, and reported
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { LineQueue } from './line-queue.ts'
import type { CheckedOptions } from './options.ts'
import type { Reports } from './reports.ts'

/** Milliseconds that a line waits for others. */
const maxWaitMs = 1000
/** Milliseconds before a retry: doubled each time, from the first to the longest delay. */
const firstDelayMs = 250
const maxDelayMs = 30_000
/** Longest delay while the process ends. */
const maxDrainDelayMs = 500
/** Longest Retry-After that is obeyed, in seconds. */
const maxRetryAfter = 300

export class Delivery {
  readonly #options: CheckedOptions
  readonly #queue: LineQueue
  readonly #reports: Reports
  readonly #stopping = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #isSending = false
  /** Resolve the calls of `drain` that wait. */
  readonly #draining = new Set<() => void>()
  /** Aborted to end the present delay. */
  #delay = new AbortController()

  constructor (options: CheckedOptions, queue: LineQueue, reports: Reports) {
    this.#options = options
    this.#queue = queue
    this.#reports = reports
  }

  /** Call this when the queue has got a line. */
  wake (): void {
    if (this.#isSending || this.#queue.lines === 0) return
    if (this.#queue.hasBatch || this.#draining.size > 0) this.#sendNext()
    else this.#timer ??= setTimeout(() => this.#sendNext(), maxWaitMs)
  }

  /** Sends all lines without waiting for more; resolves once the queue is empty, or after the timeout. */
  async drain (timeoutMs: number): Promise<void> {
    if (this.#queue.lines === 0) return
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer)
        this.#draining.delete(done)
        resolve()
      }
      const timer = setTimeout(done, timeoutMs)
      this.#draining.add(done)
      this.#delay.abort()
      this.wake()
    })
  }

  /** Aborts the request and all retries. */
  stop (): void {
    clearTimeout(this.#timer)
    this.#stopping.abort()
  }

  #sendNext (): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#isSending = true
    this.#deliver(this.#queue.nextBatch()).then(() => {
      this.#isSending = false
      if (this.#queue.lines === 0) for (const done of this.#draining) done()
      else this.wake()
    }, () => {
      // It was stopped.
    })
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
    if (status >= 300) this.#reports.addLoss(lines.length, `dropped because ${this.#options.url} answers ${status}`)
    this.#queue.remove(lines)
  }

  /** Sends until there is a final answer; resolves to its status. */
  async #post (body: Buffer): Promise<number> {
    const key = randomUUID()
    for (let attempt = 0; ; attempt++) {
      const { status, retryAfter } = await this.#request(body, key)
      if (status !== undefined && status < 500 && ![408, 425, 429].includes(status)) return status
      await this.#waitBeforeRetry(attempt, retryAfter)
    }
  }

  async #request (body: Buffer, key: string): Promise<{ status?: number, retryAfter?: number }> {
    const { url, token, requestTimeout } = this.#options
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson', 'idempotency-key': key },
        body: new Uint8Array(body),
        // A redirect that is followed would become a GET.
        redirect: 'manual',
        signal: AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(requestTimeout)])
      })
      const answer = await response.text()
      const { ok, status, headers } = response
      const detail = headers.get('x-error-detail')
      if (ok) this.#reportRejected(answer)
      else this.#reports.addFault(`${url} answers ${status}${detail === null ? '' : `: ${detail}`}`)
      return { status, retryAfter: Number(headers.get('retry-after')) || 0 }
    } catch (error) {
      this.#stopping.signal.throwIfAborted()
      this.#reports.addFault(`${url} does not answer (${reasonOf(error)}); the logs wait, and are sent again`)
      return {}
    }
  }

  /** `answer` is like `{"accepted":498,"rejected":2,…}`. */
  #reportRejected (answer: string): void {
    this.#reports.addSuccess()
    const rejected = /"rejected":\s*([1-9]\d*)/.exec(answer)?.[1]
    if (rejected) this.#reports.addLoss(Number(rejected), `dead letters that ${this.#options.url} could not read`)
  }

  async #waitBeforeRetry (attempt: number, retryAfter = 0): Promise<void> {
    const backoffMs = Math.min(maxDelayMs, firstDelayMs * 2 ** attempt) * (0.5 + Math.random() / 2)
    const askedMs = Math.min(maxRetryAfter, retryAfter) * 1000 * (1 + Math.random() / 10)
    const delayMs = Math.max(backoffMs, askedMs)
    this.#delay = new AbortController()
    await delay(this.#draining.size > 0 ? Math.min(maxDrainDelayMs, delayMs) : delayMs, undefined, {
      signal: AbortSignal.any([this.#stopping.signal, this.#delay.signal])
    }).catch(() => {
      // The delay was cut short.
    })
    this.#stopping.signal.throwIfAborted()
  }
}

function reasonOf (error: unknown): string {
  const { name, cause } = error as Error
  return name === 'TimeoutError' ? 'no answer in time' : (cause as NodeJS.ErrnoException | undefined)?.code ?? name
}
