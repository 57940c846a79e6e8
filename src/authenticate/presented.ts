// What a request shows to tell who sends it, in the order in which it counts:
//
//   Authorization: Bearer TOKEN             a random token
//   Authorization: Basic base64(user:password)   (RFC 7617, UTF-8)
//   X-Api-Key: KEY                          the administrator's key of the settings
//   Cookie: loggerbot_session=TOKEN         a browser's session
import type { IncomingHttpHeaders } from 'node:http'
import { parseCookie } from 'cookie'

export type Presented =
  | { kind: 'token' | 'api key' | 'session', secret: string }
  | { kind: 'password', name: string, secret: string }

export const sessionCookie = 'loggerbot_session'

/** Undefined where there is nothing, or nothing that is well formed. */
export function presentedBy (headers: IncomingHttpHeaders): Presented | undefined {
  const { authorization, cookie, 'x-api-key': apiKey } = headers
  if (authorization !== undefined) return fromAuthorization(authorization)
  if (typeof apiKey === 'string') return { kind: 'api key', secret: apiKey }
  const session = cookie === undefined ? undefined : parseCookie(cookie)[sessionCookie]
  return session === undefined ? undefined : { kind: 'session', secret: session }
}

function fromAuthorization (header: string): Presented | undefined {
  const [, scheme, value] = /^(\w+) +([\w+/=.~-]+) *$/.exec(header) ?? []
  if (scheme?.toLowerCase() === 'bearer') return { kind: 'token', secret: value! }
  if (scheme?.toLowerCase() !== 'basic') return undefined
  const [, name, secret] = /^([^:]*):(.*)$/su.exec(Buffer.from(value!, 'base64').toString('utf8')) ?? []
  return secret === undefined ? undefined : { kind: 'password', name: name!, secret }
}

/**
 * Whether a browser sent the request on behalf of another site, which a session must not allow to
 * change anything. Old browsers send Origin alone.
 */
export function isFromElsewhere ({ origin, host, 'sec-fetch-site': site }: IncomingHttpHeaders): boolean {
  if (site !== undefined) return site !== 'same-origin' && site !== 'none'
  return origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`
}
