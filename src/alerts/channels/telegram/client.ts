import { createHmac } from 'node:crypto'
import { codeOf } from '../../../errors.ts'
import { isNotWritten } from './not-written.ts'
import type { BotUser, Methods } from './api.ts'

export interface TelegramOptions {
  /** Token of the bot, as @BotFather gives it. */
  token: string
  /** Address of the Bot API, http or https. Default: https://api.telegram.org. */
  apiRoot?: string
}

/** What became of a call. Reasons and descriptions hold no token. */
export type Reply<Result> =
  | { kind: 'done', result: Result }
  /** Nothing was done. The code is that of the Bot API, mostly an HTTP status. */
  | { kind: 'refused', code: number, description: string, retryAfterMs?: number, movedTo?: string }
  /** Nothing was done: the request was not written. */
  | { kind: 'notWritten', reason: string }
  /** It may have been done. */
  | { kind: 'unknown', reason: string }

export interface CallOptions {
  signal: AbortSignal
  /** Default 20,000: above the 10 s after which Node's fetch gives up to connect. */
  timeoutMs?: number
}

/** A failed call, for those who cannot go on without its result. */
export class TelegramFailure extends Error {}

const defaultRoot = 'https://api.telegram.org'
const defaultTimeoutMs = 20_000
/** A hundred updates with the longest texts have about a megabyte. */
const maxAnswerBytes = 4 * 1024 * 1024
const maxDescription = 200
/** Bytes of a signature: it fits into a button's data, and cannot be guessed. */
const signatureBytes = 12

/** Calls the methods of Telegram's Bot API, each once: repeating is up to the caller. */
export class TelegramClient {
  /** Id of the bot, which is no secret. */
  readonly botId: string
  readonly #token: string
  readonly #root: string
  #me: BotUser | undefined

  constructor ({ token, apiRoot = defaultRoot }: TelegramOptions) {
    this.#token = token
    this.#root = apiRoot.replace(/\/+$/, '')
    this.botId = token.split(':', 1).join()
  }

  /** The bot itself. Rejects with TelegramFailure. */
  async me (options: CallOptions): Promise<BotUser> {
    this.#me ??= resultOf(await this.call('getMe', {}, options))
    return this.#me
  }

  /** Signs a text with a key that only the owner of the token has: 16 characters of base64url. */
  sign (text: string): string {
    return createHmac('sha256', this.#token).update(text).digest().subarray(0, signatureBytes).toString('base64url')
  }

  /** Calls a method; never rejects. */
  async call<Method extends keyof Methods> (
    method: Method, parameters: Methods[Method][0], { signal, timeoutMs = defaultTimeoutMs }: CallOptions
  ): Promise<Reply<Methods[Method][1]>> {
    try {
      const response = await fetch(`${this.#root}/bot${this.#token}/${method}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(parameters),
        // The address holds the token: no other server gets it.
        redirect: 'manual',
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
      })
      return this.#replyOf(response.status, await readBody(response))
    } catch (error) {
      const reason = `Telegram could not be reached: ${nameOf(error)}`
      return isNotWritten(error) ? { kind: 'notWritten', reason } : { kind: 'unknown', reason }
    }
  }

  #replyOf<Result> (status: number, body: string): Reply<Result> {
    const answer = parse(body)
    if (status === 200 && answer?.ok === true) return { kind: 'done', result: answer.result }
    if (status === 200 || status >= 500) return { kind: 'unknown', reason: `Telegram answered ${status}` }
    const { description, parameters } = answer ?? {}
    return {
      kind: 'refused',
      code: status,
      description: this.#cleaned(typeof description === 'string' ? description : `status ${status}`),
      ...Number.isSafeInteger(parameters?.retry_after) && { retryAfterMs: Number(parameters?.retry_after) * 1000 },
      ...Number.isSafeInteger(parameters?.migrate_to_chat_id) && { movedTo: String(parameters?.migrate_to_chat_id) }
    }
  }

  /** A proxy may quote the address, with the token in it. */
  #cleaned (description: string): string {
    return description.replaceAll(this.#token, '…').slice(0, maxDescription)
  }
}

/** The result of a call. Throws TelegramFailure where there is none. */
export function resultOf<Result> (reply: Reply<Result>): Result {
  if (reply.kind === 'done') return reply.result
  throw new TelegramFailure(reply.kind === 'refused' ? `Telegram answered: ${reply.description}` : reply.reason)
}

interface ApiAnswer {
  ok?: unknown
  result?: any
  description?: unknown
  parameters?: { retry_after?: unknown, migrate_to_chat_id?: unknown }
}

function parse (body: string): ApiAnswer | undefined {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

async function readBody (response: Response): Promise<string> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of response.body ?? []) {
    parts.push(part)
    bytes += part.length
    if (bytes > maxAnswerBytes) throw new TelegramFailure('its answer is too long')
  }
  return Buffer.concat(parts).toString()
}

/** The code of a failed request: messages may quote its address, with the token in it. */
function nameOf (error: unknown): string {
  if (error instanceof DOMException) return error.name
  const cause = error instanceof TypeError ? error.cause : error
  return codeOf(cause) ?? (cause instanceof Error ? cause.name : 'no connection')
}
