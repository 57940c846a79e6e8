import { timingSafeEqual } from 'node:crypto'
import type { LogUser } from '../record.ts'
import { Attempts } from './attempts.ts'
import { nobodysCredential, verifyCredential } from './credential.ts'
import { digestOf } from './token.ts'

/** What the store knows of a user. */
export interface StoredUser extends LogUser {
  credential: string
  disabled: boolean
}

interface Proved {
  user: LogUser
  /** SHA-256 of the token: the token itself is not kept. */
  digest: Buffer
  credential: string
  checkedAt: number
}

/** For so long, in milliseconds, a proved token is not held against the user's row: a disabled user is out after it. */
const recheckAfter = 1000

/**
 * Tells whose a token is. scrypt runs once for a user and process: a token that was proved is
 * remembered for as long as the user's row stays as it was.
 */
export class Verifier {
  readonly #find: (name: string) => Promise<StoredUser | undefined>
  readonly #attempts: Attempts
  readonly #proved = new Map<string, Proved>()
  readonly #underWay = new Map<string, Promise<LogUser | undefined>>()

  constructor (find: (name: string) => Promise<StoredUser | undefined>, attempts: Attempts) {
    this.#find = find
    this.#attempts = attempts
  }

  /**
   * The user, if the token is theirs. Undefined for a wrong token, an unknown and a disabled user,
   * at the same cost for each. Throws TooManyAttempts after too many of those from the address.
   */
  async verify (name: string, token: string, address: string): Promise<LogUser | undefined> {
    const digest = digestOf(token)
    return await this.#recall(name, digest) ??
      await this.#once(`prove ${name} ${digest.toString('hex')}`, () =>
        this.#attempts.spend(`${address} ${name}`, () => this.#prove(name, token, digest)))
  }

  async #recall (name: string, digest: Buffer): Promise<LogUser | undefined> {
    const proved = this.#proved.get(name)
    if (!proved || !timingSafeEqual(proved.digest, digest)) return undefined
    if (Date.now() - proved.checkedAt < recheckAfter) return proved.user
    return this.#once(`recall ${name}`, async () => {
      const stored = await this.#find(name)
      if (stored?.credential === proved.credential && !stored.disabled) {
        proved.checkedAt = Date.now()
        return proved.user
      }
      this.#proved.delete(name)
      return undefined
    })
  }

  async #prove (name: string, token: string, digest: Buffer): Promise<LogUser | undefined> {
    const stored = await this.#find(name)
    const matches = await verifyCredential(token, stored?.credential ?? nobodysCredential)
    if (!stored || !matches || stored.disabled) return undefined
    const user = { id: stored.id, name: stored.name }
    this.#proved.set(name, { user, digest, credential: stored.credential, checkedAt: Date.now() })
    return user
  }

  /** Of many requests that ask the same at once, the first does the work and all get its answer. */
  #once (question: string, answer: () => Promise<LogUser | undefined>): Promise<LogUser | undefined> {
    let answering = this.#underWay.get(question)
    if (!answering) {
      answering = answer().finally(() => this.#underWay.delete(question))
      this.#underWay.set(question, answering)
    }
    return answering
  }
}
