// What a request shows to tell who sends it, in the order in which it counts:
//
//   Authorization: Bearer TOKEN                  a random token; so with Splunk, Token and ApiKey, whose
//                                                TOKEN may be base64(id:TOKEN), as Elasticsearch has it
//   Authorization: Basic base64(user:password)   RFC 7617, UTF-8; a token may stand for the password
//   X-User-Token, DD-API-KEY, X-Seq-ApiKey       a random token
//   X-Api-Key: KEY                               a random token, or the administrator's key of the settings
//   Cookie: loggerbot_session=TOKEN              a browser's session; by TLS __Host-loggerbot_session
import type { IncomingHttpHeaders } from 'node:http'
import { parseCookie } from 'cookie'

export type Presented =
  | { kind: 'token' | 'api key' | 'session', secret: string }
  | { kind: 'password', name: string, secret: string }

/**
 * Name of the cookie of a browser's session. Where it can be, it is one that no other host and no unencrypted page can
 * set (https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#name-the-__host-prefix): that needs the path `/`.
 */
export function sessionCookie (protocol: string, prefix: string): string {
  return protocol === 'https' && prefix === '' ? '__Host-loggerbot_session' : 'loggerbot_session'
}

/** What every random token begins with. */
export const tokenPrefix = 'lb_'

const tokenHeaders = ['x-user-token', 'dd-api-key', 'x-seq-apikey'] as const

/** Undefined where there is nothing, or nothing that is well formed. */
export function presentedBy (headers: IncomingHttpHeaders, cookieName: string): Presented | undefined {
  const { authorization, cookie, 'x-api-key': apiKey } = headers
  if (authorization !== undefined) return fromAuthorization(authorization)
  for (const name of tokenHeaders) {
    const secret = headers[name]
    if (typeof secret === 'string') return { kind: 'token', secret }
  }
  if (typeof apiKey === 'string') return { kind: isToken(apiKey) ? 'token' : 'api key', secret: apiKey }
  const session = cookie === undefined ? undefined : parseCookie(cookie)[cookieName]
  return session === undefined ? undefined : { kind: 'session', secret: session }
}

function fromAuthorization (header: string): Presented | undefined {
  const [, scheme, value] = /^(\w+) +([\w+/=.~-]+) *$/.exec(header) ?? []
  switch (scheme?.toLowerCase()) {
    case 'bearer':
    case 'splunk':
    case 'token':
      return { kind: 'token', secret: value! }
    case 'apikey':
      return { kind: 'token', secret: isToken(value!) ? value! : pairOf(value!)?.secret ?? value! }
    case 'basic': {
      const pair = pairOf(value!)
      if (pair && isToken(pair.secret)) return { kind: 'token', secret: pair.secret }
      return pair && { kind: 'password', ...pair }
    }
  }
  return undefined
}

function isToken (secret: string): boolean {
  return secret.startsWith(tokenPrefix)
}

function pairOf (base64: string): { name: string, secret: string } | undefined {
  const [, name, secret] = /^([^:]*):(.*)$/su.exec(Buffer.from(base64, 'base64').toString('utf8')) ?? []
  return secret === undefined ? undefined : { name: name!, secret }
}

/** Whether a browser sent the request on behalf of another site than `host`. Old browsers send Origin alone. */
export function isFromElsewhere ({ origin, 'sec-fetch-site': site }: IncomingHttpHeaders, host: string): boolean {
  if (site !== undefined) return site !== 'same-origin' && site !== 'none'
  return origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`
}
