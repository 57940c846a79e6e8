import type { IncomingHttpHeaders } from 'node:http'
import { BadRequest, Forbidden, NotAllowed, Unavailable } from '../errors.ts'
import { scopes, type Caller, type KeyCaller, type LogUser, type Scope, type UserCaller } from '../model/caller.ts'
import { within } from '../timeout.ts'
import { Attempts } from './attempts.ts'
import { coalesce } from './coalesce.ts'
import { credentialsOf, isCrossSite, sessionCookie } from './credentials.ts'
import { Keyring, type RememberedToken, type SecretStore } from './keyring.ts'
import { networkOf } from './network.ts'
import type { Memory } from './remembered.ts'
import { contractToken, isSameSecret } from './token.ts'
import { Users, type RememberedUser, type StoredUser } from './users.ts'
import { Verifier } from './verifier.ts'

/** A request, as far as authentication reads it; Fastify's has this shape. */
export interface AuthenticRequest {
  headers: IncomingHttpHeaders
  ip: string
  host: string
  method: string
  protocol: string
  server: { prefix: string }
}

/** Where users and their secrets are looked up. */
export interface Directory {
  /** Finds the users with these names. */
  findUsers: (names: readonly string[]) => Promise<readonly StoredUser[]>
  tokens: SecretStore
  sessions: SecretStore
}

export interface AuthenticatorOptions extends Directory {
  /**
   * Asked before a caller is refused: it has what was committed on other nodes of a cluster, and may wait for it.
   * Default: nothing is asked again.
   */
  current?: Directory | undefined
  /** Users and tokens that may send logs during a database outage. */
  memory: () => { users?: Memory<RememberedUser>, tokens?: Memory<RememberedToken> }
  /** The X-Api-Key of the settings; empty: none is right. */
  apiKey: string
  /** Bound on a query for a user or token, in ms; past it the database counts as unavailable. */
  lookupTimeoutMs: number
}

const everyScope: ReadonlySet<Scope> = new Set(scopes)
const keyCaller: KeyCaller = { kind: 'key', id: null, name: 'API key', scopes: new Set(['read']), admin: true }

/** How long a caller waits to be found by `current`; then they are refused. Short, because strangers wait, too. */
const currentTimeoutMs = 1000
/** Age in ms up to which an answer counts, when the right to an open response is checked. */
const rightMaxAgeMs = 200

/**
 * Finds the caller of a request by its credentials.
 * Failures are limited to 10 a minute for a network and user, and to some more for a network over all names and tokens;
 * past that, every method throws TooManyAttempts.
 */
export class Authenticator {
  readonly #tokens: Keyring
  readonly #sessions: Keyring
  readonly #users: Users
  readonly #verifier: Verifier
  readonly #apiKey: string
  readonly #keyAttempts = new Attempts()

  constructor ({ findUsers, tokens, sessions, current, memory, apiKey, lookupTimeoutMs }: AuthenticatorOptions) {
    const findUser = coalesce((names: readonly string[]) => within(lookupTimeoutMs, findUsers(names)))
    const findCurrent = current && coalesce((names: readonly string[]) => (
      within(currentTimeoutMs, current.findUsers(names))
    ))
    const inTime = (store: SecretStore, current: SecretStore | undefined): SecretStore => ({
      async findOwner (hash) {
        const owner = await within(lookupTimeoutMs, store.findOwner(hash))
        return owner ?? (current && await within(currentTimeoutMs, current.findOwner(hash)).catch(() => undefined))
      },
      markUsed: (id) => store.markUsed(id)
    })
    const maxWaitMs = lookupTimeoutMs
    this.#tokens = new Keyring({ store: inTime(tokens, current?.tokens), memory: () => memory().tokens, maxWaitMs })
    this.#sessions = new Keyring({ store: inTime(sessions, current?.sessions), kind: 'session', maxWaitMs })
    this.#users = new Users({
      // A look-up that waits behind a hanging query would otherwise wait for two timeouts.
      find: (name) => within(lookupTimeoutMs, findUser(name)),
      findCurrent: findCurrent && ((name) => within(currentTimeoutMs, findCurrent(name))),
      memory: () => memory().users
    })
    this.#verifier = new Verifier(this.#users)
    this.#apiKey = apiKey
  }

  /**
   * Finds the caller for a route that asks for the scope; undefined without a valid credential.
   * The scope itself is not checked. Throws NotAllowed when a browser sent the credential on behalf of another site.
   */
  async callerOf (request: AuthenticRequest, scope: Scope, maxAgeMs?: number): Promise<Caller | undefined> {
    const credentials = credentialsOf(request.headers, this.sessionCookieOf(request))
    switch (credentials?.kind) {
      case undefined:
        return undefined
      case 'token':
        return this.callerOfToken(credentials.secret, request.ip, maxAgeMs)
      case 'password':
        refuseCrossSite(request, scope)
        return this.callerOfPassword(request.ip, credentials, maxAgeMs)
      case 'api key':
        return await this.#isApiKey(credentials.secret, request.ip) ? keyCaller : undefined
      case 'session':
        refuseCrossSite(request, scope)
        return this.#sessions.find(credentials.secret, request.ip, maxAgeMs)
    }
  }

  /** Finds the owner of a random token. The secret of a session is valid only as its cookie. */
  callerOfToken (token: string, address: string, maxAgeMs?: number): Promise<UserCaller | undefined> {
    return this.#tokens.find(token, address, maxAgeMs)
  }

  /** Verifies a user's password. */
  async callerOfPassword (
    address: string, { name, secret }: { name: string, secret: string }, maxAgeMs?: number
  ): Promise<UserCaller | undefined> {
    const user = await this.#verifier.verify(name, contractToken(name, secret), address, maxAgeMs)
    return user && { kind: 'user', ...user, scopes: everyScope }
  }

  /** Verifies the contract's X-User-Token of the named user. Throws BadRequest, Forbidden. */
  async requireUser (request: AuthenticRequest, name: string): Promise<LogUser> {
    const user = await this.#verifier.verify(name, userTokenOf(request), request.ip)
    if (!user) throw new Forbidden()
    return user
  }

  /** Finds a user by the name alone; undefined when missing or disabled. */
  trustedUser (name: string): Promise<LogUser | undefined> {
    return this.#users.findTrusted(name)
  }

  /** Throws BadRequest without an X-Api-Key, and Forbidden while the settings have no API key. */
  requireKeyForm ({ headers }: AuthenticRequest): void {
    if (this.#apiKey === '') throw new Forbidden()
    if (headerOf(headers, 'x-api-key') === '') throw new BadRequest('header X-Api-Key is missing')
  }

  /** Throws Forbidden unless X-Api-Key is the API key of the settings. */
  async requireApiKey ({ headers, ip }: AuthenticRequest): Promise<void> {
    if (!await this.#isApiKey(headerOf(headers, 'x-api-key'), ip)) throw new Forbidden()
  }

  /** Name of the cookie of a browser's session, as the request must send it. */
  sessionCookieOf ({ protocol, server }: AuthenticRequest): string {
    return sessionCookie(protocol, server.prefix)
  }

  /** Whether the caller may still do what the request was let in for; also true while the database is unavailable. */
  async isStillAllowed (request: AuthenticRequest, { id, admin, kind }: Caller, scope: Scope): Promise<boolean> {
    // The API key stays the same while the process runs.
    if (kind === 'key') return true
    try {
      const caller = await this.callerOf(request, scope, rightMaxAgeMs)
      return caller?.id === id && caller.scopes.has(scope) && caller.admin === admin
    } catch (error) {
      return error instanceof Unavailable
    }
  }

  /** Asks the database for every token and session again, because one was revoked through this process. */
  forgetSecrets (): void {
    this.#tokens.clear()
    this.#sessions.clear()
  }

  async #isApiKey (key: string, address: string): Promise<boolean> {
    if (this.#apiKey === '') return false
    const prove = async (): Promise<true | undefined> => isSameSecret(key, this.#apiKey) || undefined
    return await this.#keyAttempts.spend(networkOf(address), prove) ?? false
  }
}

/** Reads X-User-Token. Throws BadRequest when it cannot be a token. */
export function userTokenOf ({ headers }: AuthenticRequest): string {
  const token = headerOf(headers, 'x-user-token')
  if (token.length !== 32) throw new BadRequest('header X-User-Token must be 32 characters')
  return token
}

/** Throws NotAllowed when a browser sent the request on behalf of another site. */
export function requireSameSite ({ headers, host }: AuthenticRequest): void {
  if (isCrossSite(headers, host)) throw new NotAllowed('this is accepted only from pages of the same site')
}

/** A credential that a browser sends by itself, a cookie or a password, must change nothing for other sites. */
function refuseCrossSite ({ headers, host, method }: AuthenticRequest, scope: Scope): void {
  const isChange = scope === 'write' || !['GET', 'HEAD'].includes(method)
  if (isChange && isCrossSite(headers, host)) {
    throw new NotAllowed('a session or password is valid only for requests from pages of the same site')
  }
}

function headerOf (headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name]
  return typeof value === 'string' ? value : ''
}
