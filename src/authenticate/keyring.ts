import { randomBytes } from 'node:crypto'
import { DatabaseAway } from '../errors.ts'
import type { Caller, Scope } from '../model/caller.ts'
import { utcTime, type UtcTime } from '../model/instant.ts'
import { Answers } from './outage-cache.ts'
import { Attempts } from './attempts.ts'
import type { Memory } from './remembered.ts'
import { networkOf } from './network.ts'
import { tokenPrefix } from './credentials.ts'
import { digestOf } from './token.ts'
import { Turns } from './fair-queue.ts'

/** What the store knows of a random token's owner. */
interface Owner {
  tokenId: number
  userId: number
  userName: string
  admin: boolean
  scopes: readonly Scope[]
  /** Null: never. */
  expiresAt: UtcTime | null
  /** Milliseconds within which each log that is sent with it is stored once. Default: however often it comes. */
  onceMs?: number | null
}

/** What is kept of a token beyond this process, by its SHA-256 in hex: who may send logs with it. */
export interface RememberedToken {
  id: number
  name: string
  expiresAt: UtcTime | null
  /** Where each log that is sent with it is stored once: of which token, and within how many milliseconds. */
  once?: { tokenId: number, onceMs: number }
}

/** Where random tokens are kept, by their SHA-256. */
export interface TokenStore {
  findOwner (hash: Buffer): Promise<Owner | undefined>
  markUsed (id: number): Promise<void>
  insert (token: { userId: number, name: string, hash: Buffer, scopes: readonly Scope[], expiresAt: UtcTime | null, onceMs?: number }): Promise<number>
}

/** A token that a user asks for. */
export interface NewToken {
  userId: number
  /** 1 to 100 characters. */
  name: string
  scopes: readonly Scope[]
  /** Milliseconds since 1970. Default: never. */
  expires?: number
  /** Milliseconds within which each log that is sent with it is stored once, in whole seconds. Default: however often it comes. */
  onceMs?: number
}

/** Makes a random token: 256 bits, so that nobody guesses it and SHA-256 hides it. It is told this once. */
export async function makeToken (store: TokenStore, { userId, name, scopes, expires, onceMs }: NewToken): Promise<{ id: number, token: string }> {
  const token = `${tokenPrefix}${randomBytes(32).toString('base64url')}`
  const id = await store.insert({ userId, name, hash: digestOf(token), scopes, expiresAt: expires === undefined ? null : utcTime(expires), onceMs })
  return { id, token }
}

/** The use of a token is noted this often. */
const noteAfterMs = 60_000
/** Tokens of nobody that a network may try in a minute, each counted once. */
const maxFailures = 100
/** Tokens not known here that are looked up at once, and that wait for it. */
const lookups = 8
const maxWaiting = 1000

export interface KeyringOptions {
  store: TokenStore
  /** Tokens that were good lately, for the time that the database is away. */
  memory?: () => Memory<RememberedToken> | undefined
  /** Milliseconds that a token which is not known here waits for its turn at most. Default 5000. */
  maxWaitMs?: number
  /** Milliseconds of a clock that never steps. */
  now?: () => number
}

/** Tells whose a random token is. One that is revoked is out a second later. */
export class Keyring {
  readonly #store: TokenStore
  readonly #memory: () => Memory<RememberedToken> | undefined
  readonly #maxWaitMs: number
  readonly #now: () => number
  readonly #answers: Answers<Caller>
  readonly #turns = new Turns(lookups, maxWaiting)
  readonly #failures: Attempts
  /** Tokens of nobody that are counted already. */
  readonly #counted: Attempts
  readonly #notedAt = new Map<number, number>()

  constructor ({ store, memory = () => undefined, maxWaitMs = 5000, now = () => performance.now() }: KeyringOptions) {
    this.#store = store
    this.#memory = memory
    this.#maxWaitMs = maxWaitMs
    this.#now = now
    this.#answers = new Answers(now)
    this.#failures = new Attempts(maxFailures, 60_000, now)
    this.#counted = new Attempts(1, 60_000, now)
  }

  /**
   * The owner, with the token's scopes, as they were at most `maxAgeMs` ago. Undefined for a token that is nobody's. While
   * the database is away, who is known stays known, and after a restart may send logs; of anybody else it rejects with
   * DatabaseAway. Throws TooManyAttempts where the address' network showed too many tokens of nobody, and this is none of
   * those that are known.
   */
  find (token: string, address: string, maxAgeMs?: number): Promise<Caller | undefined> {
    const hash = digestOf(token)
    const key = hash.toString('hex')
    const network = networkOf(address)
    return this.#answers.find(key, {
      ask: () => this.#look(hash, key),
      recall: () => this.#recall(key),
      asStranger: (ask) => this.#limited(network, key, ask),
      maxAgeMs
    })
  }

  async #limited (network: string, key: string, ask: () => Promise<Caller | undefined>): Promise<Caller | undefined> {
    this.#failures.check(network)
    const since = this.#now()
    return this.#turns.run(network, async () => {
      this.#failures.check(network)
      // The database hangs: who waits behind others must not wait for it again.
      if (this.#now() - since > this.#maxWaitMs) throw new DatabaseAway()
      const caller = await ask()
      if (!caller && !this.#counted.has(key)) {
        this.#counted.fail(key)
        this.#failures.fail(network)
      }
      return caller
    })
  }

  /** Asks anew for every token: one was revoked through this process. */
  forget (): void {
    this.#answers.forget()
  }

  #recall (key: string): Caller | undefined {
    const known = this.#memory()?.find(key)
    if (!known || (known.expiresAt !== null && known.expiresAt <= utcTime())) return undefined
    const { id, name, once } = known
    return { id, name, scopes: new Set(['write']), admin: false, ...once }
  }

  async #look (hash: Buffer, key: string): Promise<Caller | undefined> {
    const owner = await this.#store.findOwner(hash)
    if (!owner) {
      this.#memory()?.forget(key)
      return undefined
    }
    const { tokenId, userId, userName, admin, scopes, expiresAt } = owner
    const once = owner.onceMs ? { tokenId, onceMs: owner.onceMs } : undefined
    if (scopes.includes('write') && !scopes.includes('account')) this.#memory()?.remember(key, { id: userId, name: userName, expiresAt, ...once && { once } })
    else this.#memory()?.forget(key)
    if (this.#now() - (this.#notedAt.get(tokenId) ?? -Infinity) > noteAfterMs) {
      this.#notedAt.set(tokenId, this.#now())
      // Its use is no reason to refuse or to wait.
      this.#store.markUsed(tokenId).catch(() => {})
    }
    return { id: userId, name: userName, scopes: new Set(scopes), admin, tokenId, ...once }
  }
}
