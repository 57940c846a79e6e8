// One POST of a webhook: to an address that was checked, without redirects, bounded in time and bytes.
import http, { type ClientRequest, type IncomingMessage } from 'node:http'
import https from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { codeOf } from '../../../errors.ts'
import { unlessAborted } from '../../../timeout.ts'
import { version } from '../../../version.ts'
import type { SendOutcome } from '../channel.ts'
import { outcomeOf } from './outcome.ts'
import { TargetRefused, type TargetGuard } from './target.ts'

export interface WebhookRequest {
  url: URL
  headers: Record<string, string>
  body: string
}

export interface SendOptions {
  guard: TargetGuard
  /** Time to resolve the name and to connect, TLS included. Default 5000. */
  connectMs?: number
  /** Time of everything. Default 10000. */
  totalMs?: number
}

/** Bytes that are read of an answer, its header included. */
const maxAnswerBytes = 64 * 1024

/** Sends a request. Never rejects. */
export async function post (
  request: WebhookRequest, { guard, connectMs = 5000, totalMs = 10_000 }: SendOptions, signal: AbortSignal
): Promise<SendOutcome> {
  const connecting = new Deadline(connectMs)
  const whole = new Deadline(totalMs)
  try {
    const ended = AbortSignal.any([signal, connecting.signal, whole.signal])
    const addresses = await addressesOf(request.url, guard, ended)
    return 'kind' in addresses ? addresses : await exchange(request, addresses, ended, () => connecting.end())
  } finally {
    connecting.end()
    whole.end()
  }
}

/** Aborts its signal after a time, unless it is ended before. */
class Deadline {
  readonly #controller = new AbortController()
  readonly #timer: NodeJS.Timeout

  constructor (ms: number) {
    const reason = Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })
    this.#timer = setTimeout(() => this.#controller.abort(reason), ms)
  }

  get signal (): AbortSignal {
    return this.#controller.signal
  }

  end (): void {
    clearTimeout(this.#timer)
  }
}

async function addressesOf (url: URL, guard: TargetGuard, signal: AbortSignal): Promise<string[] | SendOutcome> {
  try {
    return await unlessAborted(signal, guard.addressesOf(url))
  } catch (error) {
    if (error instanceof TargetRefused) {
      const { then, cause, message: reason } = error
      return { kind: 'notDelivered', then, cause, reason }
    }
    const reason = `the host cannot be resolved${codeIn(error)}`
    return { kind: 'notDelivered', then: 'wait', cause: 'send.unreachable', reason }
  }
}

/** Sends the request to one of the addresses, and reads the answer. */
async function exchange (
  { url, headers, body }: WebhookRequest, addresses: readonly string[], signal: AbortSignal, onConnected: () => void
): Promise<SendOutcome> {
  const request = (url.protocol === 'https:' ? https : http).request(url, {
    method: 'POST',
    // A connection that was idle is the usual source of doubt about what was delivered.
    agent: false,
    lookup: lookupAmong(addresses),
    signal,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(body),
      'user-agent': `LoggerBot-Server/${version}`,
      ...headers
    }
  })
  request.end(body)
  const { isWritten, outcome, error } = await answerTo(request, onConnected)
  if (outcome) return outcome
  const code = codeIn(signal.aborted ? signal.reason : error)
  return isWritten
    ? { kind: 'unknown', cause: 'send.unanswered', reason: `no valid answer${code}` }
    : { kind: 'notDelivered', then: 'wait', cause: 'send.unreachable', reason: `no connection${code}` }
}

interface Answer {
  /** Whether any of the request may have arrived. */
  isWritten: boolean
  /** What the status says; undefined: none came. */
  outcome?: SendOutcome
  error?: unknown
}

/** Resolves to the answer once the request has ended. */
function answerTo (request: ClientRequest, onConnected: () => void): Promise<Answer> {
  const answer: Answer = { isWritten: false }
  request.once('socket', (socket) => socket.once(request.protocol === 'https:' ? 'secureConnect' : 'connect', () => {
    answer.isWritten = true
    onConnected()
  }))
  const stopAtLimit = () => {
    if (request.socket && request.socket.bytesRead > maxAnswerBytes) request.destroy()
  }
  request.on('information', stopAtLimit)
  request.once('response', (response: IncomingMessage) => {
    answer.outcome = outcomeOf(response)
    response.on('data', stopAtLimit)
    // The status is known: how the body ends does not matter.
    response.on('error', () => {})
  })
  request.on('error', (error) => { answer.error = error })
  return new Promise((resolve) => request.once('close', () => resolve(answer)))
}

/** Resolves any name to addresses that were checked before. */
function lookupAmong (addresses: readonly string[]): LookupFunction {
  const found = addresses.map((address) => ({ address, family: isIP(address) }))
  return (_name, { all }, callback) => {
    const [first] = found
    if (all) callback(null, found)
    else callback(null, first?.address ?? '', first?.family)
  }
}

/** ` (ECONNREFUSED)`; messages of errors are left out: they can hold the address. */
function codeIn (error: unknown): string {
  const code = codeOf(error)
  return code === undefined ? '' : ` (${code})`
}
