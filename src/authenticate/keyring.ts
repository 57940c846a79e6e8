import { randomBytes } from 'node:crypto'
import { utcTime, type Caller, type Scope, type UtcTime } from '../record.ts'
import { Answers } from './answers.ts'
import type { Memory } from './known.ts'
import { tokenPrefix } from './presented.ts'
import { digestOf } from './token.ts'

/** What the store knows of a random token's owner. */
interface Owner {
  tokenId: number
  userId: number
  userName: string
  admin: boolean
  scopes: readonly Scope[]
  /** Null: never. */
  expiresAt: UtcTime | null
}

/** What is kept of a token beyond this process, by its SHA-256 in hex: who may send logs with it. */
export interface RememberedToken {
  id: number
  name: string
  expiresAt: UtcTime | null
}

/** Where random tokens are kept, by their SHA-256. */
export interface TokenStore {
  findOwner (hash: Buffer): Promise<Owner | undefined>
  markUsed (id: number): Promise<void>
  insert (token: { userId: number, name: string, hash: Buffer, scopes: readonly Scope[], expiresAt: UtcTime | null }): Promise<number>
}

/** A token that a user asks for. */
export interface NewToken {
  userId: number
  /** 1 to 100 characters. */
  name: string
  scopes: readonly Scope[]
  /** Milliseconds since 1970. Default: never. */
  expires?: number
}

/** Makes a random token: 256 bits, so that nobody guesses it and SHA-256 hides it. It is told this once. */
export async function makeToken (store: TokenStore, { userId, name, scopes, expires }: NewToken): Promise<{ id: number, token: string }> {
  const token = `${tokenPrefix}${randomBytes(32).toString('base64url')}`
  const id = await store.insert({ userId, name, hash: digestOf(token), scopes, expiresAt: expires === undefined ? null : utcTime(expires) })
  return { id, token }
}

/** So often, in milliseconds, the use of a token is noted. */
const noteAfter = 60_000

/** Tells whose a random token is. One that is revoked is out a second later. */
export class Keyring {
  readonly #store: TokenStore
  readonly #memory: () => Memory<RememberedToken> | undefined
  readonly #answers = new Answers<Caller>()
  readonly #notedAt = new Map<number, number>()

  constructor (store: TokenStore, memory: () => Memory<RememberedToken> | undefined = () => undefined) {
    this.#store = store
    this.#memory = memory
  }

  /**
   * The owner, with the token's scopes. Undefined for a token that is nobody's. While the database is
   * away, who is known stays known, and after a restart may send logs; of anybody else it rejects with DatabaseAway.
   */
  find (token: string): Promise<Caller | undefined> {
    const hash = digestOf(token)
    const key = hash.toString('hex')
    return this.#answers.find(key, () => this.#look(hash, key), () => this.#recall(key))
  }

  /** Asks anew for every token: one was revoked through this process. */
  forget (): void {
    this.#answers.forget()
  }

  #recall (key: string): Caller | undefined {
    const known = this.#memory()?.find(key)
    if (!known || (known.expiresAt !== null && known.expiresAt <= utcTime())) return undefined
    const { id, name } = known
    return { id, name, scopes: new Set(['write']), admin: false }
  }

  async #look (hash: Buffer, key: string): Promise<Caller | undefined> {
    const owner = await this.#store.findOwner(hash)
    if (!owner) {
      this.#memory()?.forget(key)
      return undefined
    }
    const { tokenId, userId, userName, admin, scopes, expiresAt } = owner
    if (scopes.includes('write')) this.#memory()?.remember(key, { id: userId, name: userName, expiresAt })
    if (Date.now() - (this.#notedAt.get(tokenId) ?? 0) > noteAfter) {
      this.#notedAt.set(tokenId, Date.now())
      // Its use is no reason to refuse or to wait.
      this.#store.markUsed(tokenId).catch(() => {})
    }
    return { id: userId, name: userName, scopes: new Set(scopes), admin, tokenId }
  }
}
