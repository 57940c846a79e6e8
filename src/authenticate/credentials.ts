// Credentials of a request, in the order in which they are tried:
//
//   Authorization: Bearer TOKEN                  a random token; so with Splunk, Token and ApiKey, where
//                                                TOKEN may be base64(id:TOKEN), as Elasticsearch has it
//   Authorization: Basic base64(user:password)   RFC 7617, UTF-8; a token may stand for the password
//   X-User-Token, DD-API-KEY, X-Seq-ApiKey       a random token
//   X-Api-Key: KEY                               a random token, or the administrator's key of the settings
//   Cookie: loggerbot_session=TOKEN              a browser's session; over TLS __Host-loggerbot_session
import type { IncomingHttpHeaders } from 'node:http'
import { parseCookie } from 'cookie'

export type Credentials =
  | { kind: 'token' | 'api key' | 'session', secret: string }
  | { kind: 'password', name: string, secret: string }

/**
 * Name of the cookie of a browser's session.
 * Where possible, it is one that no other host and no unencrypted page can set, which needs the path `/`
 * (https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#name-the-__host-prefix).
 */
export function sessionCookie (protocol: string, prefix: string): string {
  return protocol === 'https' && prefix === '' ? '__Host-loggerbot_session' : 'loggerbot_session'
}

/** Prefix of every random token. */
export const tokenPrefix = 'lb_'

const tokenHeaders = ['x-user-token', 'dd-api-key', 'x-seq-apikey'] as const

/** Reads the credentials of a request; undefined when there are none, or none that are well formed. */
export function credentialsOf (headers: IncomingHttpHeaders, cookieName: string): Credentials | undefined {
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

function fromAuthorization (header: string): Credentials | undefined {
  const [, scheme, value] = /^(\w+) +([\w+/=.~-]+) *$/.exec(header) ?? []
  if (scheme === undefined || value === undefined) return undefined
  switch (scheme.toLowerCase()) {
    case 'bearer':
    case 'splunk':
    case 'token':
      return { kind: 'token', secret: value }
    case 'apikey':
      return { kind: 'token', secret: isToken(value) ? value : pairOf(value)?.secret ?? value }
    case 'basic': {
      const pair = pairOf(value)
      if (pair && isToken(pair.secret)) return { kind: 'token', secret: pair.secret }
      return pair && { kind: 'password', ...pair }
    }
    default:
      return undefined
  }
}

function isToken (secret: string): boolean {
  return secret.startsWith(tokenPrefix)
}

function pairOf (base64: string): { name: string, secret: string } | undefined {
  const [, name, secret] = /^([^:]*):(.*)$/su.exec(Buffer.from(base64, 'base64').toString('utf8')) ?? []
  return name === undefined || secret === undefined ? undefined : { name, secret }
}

/** Whether a browser sent the request on behalf of another site than `host`. Old browsers send only Origin. */
export function isCrossSite ({ origin, 'sec-fetch-site': site }: IncomingHttpHeaders, host: string): boolean {
  if (site !== undefined) return site !== 'same-origin' && site !== 'none'
  return origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`
}
