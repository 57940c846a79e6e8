import { setTimeout as delay } from 'node:timers/promises'
import { CommandError } from '../../errors.ts'

/** Milliseconds before a retry: doubled each time, from the first to the longest delay. */
const firstDelayMs = 250
const maxDelayMs = 30_000
/** Longest Retry-After that is obeyed, in seconds. */
const maxRetryAfter = 300
const requestTimeoutMs = 60_000

/** Where batches are sent. */
export interface Target {
  url: URL
  headers: Record<string, string>
  /** Reports a problem in one line. */
  warn (line: string): void
}

/** The answer to a batch that was stored. */
export interface Receipt {
  accepted: number
  rejected: number
}

/** Sends batches, one at a time; each is retried without end until there is a final answer. */
export class Delivery {
  readonly #target: Target
  #isFailing = false

  constructor (target: Target) {
    this.#target = target
  }

  /** Resolves once the body is durable. Throws CommandError if the server refuses it. */
  async send (body: Buffer, key: string): Promise<Receipt> {
    for (let attempt = 0; ; attempt++) {
      const response = await this.#post(body, key)
      if (response?.ok) {
        this.#isFailing = false
        const text = await response.text().catch(() => undefined)
        // An answer that is cut off is asked for once more.
        if (text !== undefined) return receiptOf(text, this.#target.url)
      } else if (response && response.status < 500 && ![408, 425, 429].includes(response.status)) {
        throw new CommandError(await refusalOf(response, this.#target.url))
      }
      await delay(delayOf(attempt, Number(response?.headers.get('retry-after')) || 0))
    }
  }

  async #post (body: Buffer, key: string): Promise<Response | undefined> {
    const { url, headers } = this.#target
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'text/plain', 'idempotency-key': key },
        body: new Uint8Array(body),
        redirect: 'manual',
        signal: AbortSignal.timeout(requestTimeoutMs)
      })
      if (response.status >= 429) this.#warnOnce(`${url.origin} answers ${response.status}; the logs are sent again`)
      return response
    } catch (error) {
      this.#warnOnce(`no server answers at ${url.origin} (${reasonOf(error)}); the logs are sent again`)
      return undefined
    }
  }

  /** Reports an outage once. */
  #warnOnce (line: string): void {
    if (!this.#isFailing) this.#target.warn(line)
    this.#isFailing = true
  }
}

function delayOf (attempt: number, retryAfter: number): number {
  const backoffMs = Math.min(maxDelayMs, firstDelayMs * 2 ** attempt) * (0.5 + Math.random() / 2)
  return Math.max(backoffMs, Math.min(maxRetryAfter, retryAfter) * 1000 * (1 + Math.random() / 10))
}

function receiptOf (text: string, { origin }: URL): Receipt {
  try {
    const { accepted, rejected } = JSON.parse(text)
    if (Number.isSafeInteger(accepted) && Number.isSafeInteger(rejected)) return { accepted, rejected }
  } catch {
    // Not JSON.
  }
  throw new CommandError(`${origin} did not answer as a LoggerBot Server`)
}

async function refusalOf (response: Response, { origin }: URL): Promise<string> {
  const text = await response.text().catch(() => '')
  const detail = response.headers.get('x-error-detail') ?? /"detail":"((?:[^"\\]|\\.)*)"/.exec(text)?.[1]
  const hint = [401, 403].includes(response.status) ? ' (give a token with scope write: --token, or LOGGER_TOKEN)' : ''
  return `${origin} answered ${response.status}: ${detail ?? response.statusText}${hint}`
}

function reasonOf (error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
}
