import { randomBytes } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { DatabaseAway } from '../errors.ts'
import type { Scope, UserCaller } from '../model/caller.ts'
import { utcTime, type UtcTime } from '../model/instant.ts'
import { Attempts } from './attempts.ts'
import { tokenPrefix } from './credentials.ts'
import { FairQueue } from './fair-queue.ts'
import { networkOf } from './network.ts'
import { OutageCache } from './outage-cache.ts'
import type { Memory } from './remembered.ts'
import { digestOf } from './token.ts'

/** Owner of a random token, as the store has it. */
interface Owner {
  tokenId: number
  userId: number
  userName: string
  admin: boolean
  scopes: readonly Scope[]
  /** Null: never. */
  expiresAt: UtcTime | null
  /** Window in ms within which a log sent with the token is stored once. Default: however often it is sent. */
  onceMs?: number | null
}

/** A token that may send logs as kept on disk, by its SHA-256 in hex. */
export interface RememberedToken {
  id: number
  name: string
  expiresAt: UtcTime | null
  /** The token, where each of its logs is stored once within a window, in ms. */
  once?: { tokenId: number, onceMs: number }
}

/** Store of random tokens, by their SHA-256. */
export interface TokenStore {
  findOwner (hash: Buffer): Promise<Owner | undefined>
  markUsed (id: number): Promise<void>
}

/** Store that new tokens are added to. Resolves to the id. */
export interface NewTokenStore {
  insert (token: {
    userId: number, name: string, hash: Buffer, scopes: readonly Scope[], expiresAt: UtcTime | null, onceMs?: number
  }): Promise<number>
}

/** A token to make for a user. */
export interface NewToken {
  userId: number
  /** 1 to 100 characters. */
  name: string
  scopes: readonly Scope[]
  /** In ms since 1970. Default: never. */
  expires?: number
  /** Window in ms, of whole seconds, within which a log sent with it is stored once. Default: however often. */
  onceMs?: number
}

/**
 * Makes a random token of 256 bits, which nobody guesses, so that SHA-256 is enough to hide it.
 * It is returned only this once.
 */
export async function makeToken (
  store: NewTokenStore, { userId, name, scopes, expires, onceMs }: NewToken
): Promise<{ id: number, token: string }> {
  const token = `${tokenPrefix}${randomBytes(32).toString('base64url')}`
  const expiresAt = expires === undefined ? null : utcTime(expires)
  const id = await store.insert({ userId, name, hash: digestOf(token), scopes, expiresAt, onceMs })
  return { id, token }
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

export interface KeyringOptions {
  store: TokenStore
  /** Tokens that were used recently, for a database outage. */
  memory?: () => Memory<RememberedToken> | undefined
  /** Maximal wait of an unknown token for its look-up, in ms. Default 5000. */
  maxWaitMs?: number
  /** Monotonic clock in ms. */
  now?: () => number
}

/** Finds the callers of random tokens. A token that is revoked is refused within a second. */
export class Keyring {
  readonly #store: TokenStore
  readonly #memory: () => Memory<RememberedToken> | undefined
  readonly #maxWaitMs: number
  readonly #now: () => number
  readonly #cache: OutageCache<UserCaller>
  readonly #lookups = new FairQueue(maxLookups, maxWaiting)
  readonly #failures: Attempts
  /** Unknown tokens that were counted. */
  readonly #counted: Attempts
  readonly #notedAt = new LRUCache<number, number>({ max: maxNoted })

  constructor ({ store, memory = () => undefined, maxWaitMs = 5000, now = () => performance.now() }: KeyringOptions) {
    this.#store = store
    this.#memory = memory
    this.#maxWaitMs = maxWaitMs
    this.#now = now
    this.#cache = new OutageCache({ now })
    this.#failures = new Attempts(maxFailures, minuteMs, now)
    this.#counted = new Attempts(1, minuteMs, now)
  }

  /**
   * Finds the token's owner, with its scopes, as they were at most `maxAgeMs` ago; undefined for an unknown token.
   * While the database is unavailable, cached tokens stay valid, and after a restart those that may send logs; any
   * other token rejects with DatabaseAway. Rejects with TooManyAttempts when the network of the address tried too many
   * unknown tokens and this one is not cached.
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
    return value
  }

  /** Asks the database for every token again, because one was revoked through this process. */
  clear (): void {
    this.#cache.clear()
  }

  #limit (network: string, key: string, ask: () => Promise<UserCaller | undefined>): Promise<UserCaller | undefined> {
    this.#failures.check(network)
    const since = this.#now()
    return this.#lookups.run(network, async () => {
      this.#failures.check(network)
      // The database hangs: a token that waited behind others must not wait for it again.
      if (this.#now() - since > this.#maxWaitMs) throw new DatabaseAway()
      const caller = await ask()
      if (!caller && !this.#counted.hasFailed(key)) {
        this.#counted.fail(key)
        this.#failures.fail(network)
      }
      return caller
    })
  }

  #recall (key: string): UserCaller | undefined {
    const remembered = this.#memory()?.find(key)
    if (!remembered || (remembered.expiresAt !== null && remembered.expiresAt <= utcTime())) return undefined
    const { id, name, once } = remembered
    return { kind: 'user', id, name, scopes: new Set(['write']), admin: false, ...once }
  }

  async #ask (hash: Buffer, key: string): Promise<UserCaller | undefined> {
    const owner = await this.#store.findOwner(hash)
    if (!owner) {
      this.#memory()?.forget(key)
      return undefined
    }
    const { tokenId, userId: id, userName: name, admin, scopes, expiresAt, onceMs } = owner
    const once = onceMs ? { tokenId, onceMs } : undefined
    const maySend = scopes.includes('write') && !scopes.includes('account')
    if (maySend) this.#memory()?.remember(key, { id, name, expiresAt, ...once && { once } })
    else this.#memory()?.forget(key)
    this.#noteUse(tokenId)
    return { kind: 'user', id, name, scopes: new Set(scopes), admin, tokenId, ...once }
  }

  #noteUse (tokenId: number): void {
    const now = this.#now()
    if (now - (this.#notedAt.get(tokenId) ?? -Infinity) <= noteAfterMs) return
    this.#notedAt.set(tokenId, now)
    // A failure to note it is no reason to refuse the request, or to delay it.
    this.#store.markUsed(tokenId).catch(() => {})
  }
}
