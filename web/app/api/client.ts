// Requests to the API of the server that served the page, as the user of the session.
import { Attempts, tryNow } from './connection.ts'
import { ApiError, type Fault } from './error.ts'
import { noteServerTime } from '../time/clock.ts'

export { ApiError } from './error.ts'

export interface RequestOptions {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Parameters of the URL; those that are empty or undefined are left out. */
  params?: Record<string, string | number | boolean | readonly string[] | undefined>
  body?: unknown
  headers?: Record<string, string>
  signal?: AbortSignal
  priority?: RequestPriority
  /** Whether it is given up where the server is busy, so that other requests have its time. */
  givesWay?: boolean
}

/** Sends a request to a path such as `api/logs`, relative to the page. Rejects with ApiError or the signal's reason. */
export async function request<Answer> (path: string, options: RequestOptions = {}): Promise<Answer> {
  const response = await send(path, options)
  return response.status === 204 ? undefined as Answer : await response.json() as Answer
}

/** Path of the browser's session, which is also asked for while the browser is signed out. */
const sessionPath = 'api/session'

let signInAgain: () => Promise<void> | undefined = () => undefined

/** Sets what is done for a request of a user whose session has ended; undefined: nothing can be done. */
export function onSignedOut (ask: typeof signInAgain): void {
  signInAgain = ask
}

/**
 * As `request`, for answers that are read as they come. While the server cannot answer, what only reads is sent again
 * until it is answered; so is every request of a user who signs in again meanwhile.
 */
export async function send (path: string, options: RequestOptions = {}): Promise<Response> {
  const { method = 'GET', signal, givesWay = false } = options
  const attempts = new Attempts()
  try {
    for (;;) {
      try {
        return await sendOnce(path, options)
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        const signedIn = error.status === 401 && path !== sessionPath ? signInAgain() : undefined
        if (signedIn) await signedIn
        else if (method !== 'GET' || (givesWay && error.status === 503)) throw error
        else await attempts.pauseAfter(error, path === sessionPath, signal)
        signal?.throwIfAborted()
      }
    }
  } finally {
    attempts.end()
  }
}

async function sendOnce (
  path: string, { method = 'GET', params = {}, body, headers, signal, priority }: RequestOptions
): Promise<Response> {
  let response: Response
  try {
    response = await fetch(`${path}${searchOf(params)}`, {
      method,
      signal,
      priority,
      ...body !== undefined && { body: JSON.stringify(body) },
      headers: {
        accept: 'application/json', ...body !== undefined && { 'content-type': 'application/json' }, ...headers
      }
    })
  } catch (error) {
    signal?.throwIfAborted()
    throw new ApiError(0, error instanceof Error ? error.message : String(error))
  }
  noteServerTime(response.headers.get('date'))
  if (!response.ok) throw await errorOf(response)
  tryNow()
  return response
}

export function searchOf (params: NonNullable<RequestOptions['params']>): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(params)) {
    if (value === undefined || value === '') continue
    for (const each of Array.isArray(value) ? value : [value]) search.append(name, String(each))
  }
  const text = search.toString()
  return text === '' ? '' : `?${text}`
}

async function errorOf (response: Response): Promise<ApiError> {
  const body = await response.json().catch(() => ({})) as { detail?: string, error?: Fault }
  const { detail = response.statusText, error: fault } = body
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN)
  return new ApiError(response.status, detail, { fault, ...retryAfter >= 0 && { retryAfter } })
}
