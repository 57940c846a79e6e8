import { randomBytes } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { DatabaseAway } from '../errors.ts'
import type { Scope, UserCaller } from '../model/caller.ts'
import type { UtcTime } from '../model/instant.ts'
import { Attempts } from './attempts.ts'
import { tokenPrefix } from './credentials.ts'
import { Deadlines } from './deadlines.ts'
import { FairQueue } from './fair-queue.ts'
import { networkOf } from './network.ts'
import { OutageCache } from './outage-cache.ts'
import type { Memory } from './remembered.ts'
import { digestOf } from './token.ts'

/** Owner of a token or of a session, as the store has it. */
interface Owner {
  /** Of the token or session. */
  id: number
  userId: number
  userName: string
  admin: boolean
  scopes: readonly Scope[]
  /** Null: never. */
  expiresAt: UtcTime | null
  /** Milliseconds until then, by the database's clock. */
  leftMs: number
  /** Window in ms within which a log sent with the token is stored once. Default: however often it is sent. */
  onceMs?: number | null
}

/** A token that may send logs as kept on disk, by its SHA-256 in hex. */
export interface RememberedToken {
  id: number
  name: string
  /** The token, where each of its logs is stored once within a window, in ms. */
  once?: { tokenId: number, onceMs: number }
}

/** Store of random secrets, by their SHA-256. */
export interface SecretStore {
  findOwner (hash: Buffer): Promise<Owner | undefined>
  markUsed (id: number): Promise<void>
}

/** A token to make for a user. */
export interface NewToken {
  userId: number
  /** 1 to 100 characters. */
  name: string
  scopes: readonly Scope[]
  /** By the database's clock. Default: never. */
  expiresAt?: UtcTime
  /** Window in ms, of whole seconds, within which a log sent with it is stored once. Default: however often. */
  onceMs?: number
}

/** Creates a secret of 256 random bits, which nobody guesses, so that SHA-256 is enough to hide it. */
export function createSecret (): { secret: string, hash: Buffer } {
  const secret = `${tokenPrefix}${randomBytes(32).toString('base64url')}`
  return { secret, hash: digestOf(secret) }
}

/** Makes a random token, which is returned only this once. `insert` resolves to the id of its row. */
export async function makeToken (
  insert: (token: NewToken & { hash: Buffer }) => Promise<number>, token: NewToken
): Promise<{ id: number, token: string }> {
  const { secret, hash } = createSecret()
  return { id: await insert({ ...token, hash }), token: secret }
}

/** Interval between two notes that a token was used, in ms: its owner sees the minute. */
const noteAfterMs = 60_000
/** Bound on the tokens with a known last use; past it, a token is noted more often. */
const maxNoted = 10_000
/** Bound on the unknown tokens that a network may try in a minute, each counted once. */
const maxFailures = 100
const minuteMs = 60_000
/** Bound on concurrent look-ups of unknown tokens. */
const maxLookups = 8
/** Bound on the unknown tokens that wait for their look-up. */
const maxWaiting = 1000

/** A caller, until the deadline in ms of the monotonic clock. */
interface BoundCaller {
  caller: UserCaller
  endsAt: number
}

export interface KeyringOptions {
  store: SecretStore
  /** Default `token`. */
  kind?: 'token' | 'session'
  /** Tokens that were used recently, for a database outage. */
  memory?: () => Memory<RememberedToken> | undefined
  /** Maximal wait of an unknown token for its look-up, in ms. Default 5000. */
  maxWaitMs?: number
  /** Monotonic clock in ms. */
  now?: () => number
}

/** Finds the callers of random tokens, or of sessions. One that is revoked or has ended is refused within a second. */
export class Keyring {
  readonly #store: SecretStore
  readonly #kind: 'token' | 'session'
  readonly #memory: () => Memory<RememberedToken> | undefined
  readonly #maxWaitMs: number
  readonly #now: () => number
  readonly #cache: OutageCache<BoundCaller>
  readonly #deadlines = new Deadlines()
  readonly #lookups = new FairQueue(maxLookups, maxWaiting)
  readonly #failures: Attempts
  /** Unknown tokens that were counted. */
  readonly #counted: Attempts
  readonly #notedAt = new LRUCache<number, number>({ max: maxNoted })

  constructor (options: KeyringOptions) {
    const { store, kind = 'token', memory = () => undefined, maxWaitMs = 5000, now = () => performance.now() } = options
    this.#store = store
    this.#kind = kind
    this.#memory = memory
    this.#maxWaitMs = maxWaitMs
    this.#now = now
    this.#cache = new OutageCache({ now })
    this.#failures = new Attempts(maxFailures, minuteMs, now)
    this.#counted = new Attempts(1, minuteMs, now)
  }

  /**
   * Finds the token's owner, with its scopes, as they were at most `maxAgeMs` ago; undefined for an unknown token.
   * While the database is unavailable, cached tokens stay valid until they expire, and after a restart those that may
   * send logs and never expire; any other token rejects with DatabaseAway. Rejects with TooManyAttempts when the
   * network of the address tried too many unknown tokens and this one is not cached.
   */
  async find (token: string, address: string, maxAgeMs?: number): Promise<UserCaller | undefined> {
    const hash = digestOf(token)
    const key = hash.toString('hex')
    const { value } = await this.#cache.find(key, {
      ask: () => this.#ask(hash, key),
      recall: () => this.#recall(key),
      limitUnknown: (ask) => this.#limit(networkOf(address), key, ask),
      maxAgeMs
    })
    return value && value.endsAt > this.#now() ? value.caller : undefined
  }

  /** Asks the database for every token again, because one was revoked through this process. */
  clear (): void {
    this.#cache.clear()
  }

  #limit (
    network: string, key: string, ask: () => Promise<BoundCaller | undefined>
  ): Promise<BoundCaller | undefined> {
    this.#failures.check(network)
    const since = this.#now()
    return this.#lookups.run(network, async () => {
      this.#failures.check(network)
      // The database hangs: a token that waited behind others must not wait for it again.
      if (this.#now() - since > this.#maxWaitMs) throw new DatabaseAway()
      const bound = await ask()
      if (!bound && !this.#counted.hasFailed(key)) {
        this.#counted.fail(key)
        this.#failures.fail(network)
      }
      return bound
    })
  }

  #recall (key: string): BoundCaller | undefined {
    const remembered = this.#memory()?.find(key)
    if (!remembered) return undefined
    const { id, name, once } = remembered
    const caller: UserCaller = { kind: 'user', id, name, scopes: new Set(['write']), admin: false, ...once }
    return { caller, endsAt: Infinity }
  }

  async #ask (hash: Buffer, key: string): Promise<BoundCaller | undefined> {
    const readAt = this.#now()
    const owner = await this.#store.findOwner(hash)
    const endsAt = owner ? this.#deadlines.endOf(key, owner, readAt) : -Infinity
    if (!owner || endsAt <= this.#now()) {
      this.#memory()?.forget(key)
      return undefined
    }
    const caller = callerOf(owner, this.#kind)
    this.#remember(key, caller, endsAt)
    this.#noteUse(owner.id)
    return { caller, endsAt }
  }

  /** After a restart only the wall clock could tell when a token expires: those that expire are not remembered. */
  #remember (key: string, { id, name, scopes, tokenId, onceMs }: UserCaller, endsAt: number): void {
    const once = tokenId === undefined || onceMs === undefined ? undefined : { tokenId, onceMs }
    if (scopes.has('write') && endsAt === Infinity) this.#memory()?.remember(key, { id, name, ...once && { once } })
    else this.#memory()?.forget(key)
  }

  #noteUse (id: number): void {
    const now = this.#now()
    if (now - (this.#notedAt.get(id) ?? -Infinity) <= noteAfterMs) return
    this.#notedAt.set(id, now)
    // A failure to note it is no reason to refuse the request, or to delay it.
    this.#store.markUsed(id).catch(() => {})
  }
}

function callerOf (
  { id, userId, userName: name, admin, scopes, onceMs }: Owner, kind: 'token' | 'session'
): UserCaller {
  const caller: UserCaller = { kind: 'user', id: userId, name, scopes: new Set(scopes), admin }
  return kind === 'session' ? { ...caller, sessionId: id } : { ...caller, tokenId: id, ...onceMs && { onceMs } }
}
