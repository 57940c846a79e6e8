import { timingSafeEqual } from 'node:crypto'
import { Unavailable } from '../errors.ts'
import type { LogUser } from '../model/caller.ts'
import { Attempts } from './attempts.ts'
import { nobodysCredential, verifyCredential } from './credential.ts'
import { orFallback } from './fallback.ts'
import type { Memory } from './remembered.ts'
import { networkOf } from './network.ts'
import { digestOf } from './token.ts'

/** A user, and whether they see everybody's logs. */
export interface ProvedUser extends LogUser {
  admin: boolean
}

/** What the store knows of a user. */
export interface StoredUser extends ProvedUser {
  credential: string
  disabled: boolean
}

/** What is kept of a user beyond this process, by their name. */
export type RememberedUser = Pick<StoredUser, 'id' | 'name' | 'credential'>

interface Proved {
  user: ProvedUser
  /** SHA-256 of the token: the token itself is not kept. */
  digest: Buffer
  credential: string
  checkedAt: number
  /** The last check found the database away. */
  unconfirmed: boolean
}

/** A proved token is good for this long without a look at the user's row: a disabled user is out after it. */
const recheckAfterMs = 1000
/** Failed tries a minute of a network, whatever names it tries: about three seconds of scrypt. */
const maxFailures = 60
const minuteMs = 60_000

export interface VerifierOptions {
  /** Rejects when the database is away. */
  find: (name: string) => Promise<StoredUser | undefined>
  /** Users that were let in lately, for the time that the database is away. */
  memory?: () => Memory<RememberedUser> | undefined
  /** Milliseconds of a clock that never steps. */
  now?: () => number
}

/**
 * Tells whose a token is. scrypt runs once for a user and process: a token that was proved is
 * remembered for as long as the user's row stays as it was, or can't be read.
 */
export class Verifier {
  readonly #find: (name: string) => Promise<StoredUser | undefined>
  readonly #memory: () => Memory<RememberedUser> | undefined
  readonly #now: () => number
  /** By network and name. */
  readonly #attempts: Attempts
  /** By network alone: names cost an attacker nothing. */
  readonly #failures: Attempts
  readonly #proved = new Map<string, Proved>()
  readonly #underWay = new Map<string, Promise<ProvedUser | undefined>>()

  constructor ({ find, memory = () => undefined, now = () => performance.now() }: VerifierOptions) {
    this.#find = find
    this.#memory = memory
    this.#now = now
    this.#attempts = new Attempts(10, minuteMs, now)
    this.#failures = new Attempts(maxFailures, minuteMs, now)
  }

  /**
   * The user, if the token is theirs. Undefined for a wrong token, an unknown and a disabled user,
   * at the same cost for each. Throws TooManyAttempts after too many of those from the address' network, and
   * Unavailable for whoever is not known while the database is away, or while too many wait for scrypt.
   * A proof of the same user is at most `maxAgeMs` old.
   */
  async verify (name: string, token: string, address: string, maxAgeMs = recheckAfterMs): Promise<ProvedUser | undefined> {
    const digest = digestOf(token)
    const proved = this.#proved.get(name)
    if (proved && timingSafeEqual(proved.digest, digest)) {
      if (this.#now() - proved.checkedAt < maxAgeMs) return proved.user
      const checked = this.#once(`check ${name}`, () => this.#recheck(name, proved))
      // Nobody waits a second time for a database that is silent.
      const user = proved.unconfirmed ? proved.user : await checked
      if (user) return user
    }
    const network = networkOf(address)
    return this.#once(`prove ${network} ${name} ${digest.toString('hex')}`, () => this.#spendAttempt(name, token, digest, network))
  }

  #recheck (name: string, proved: Proved): Promise<ProvedUser | undefined> {
    const fallBack = () => {
      proved.unconfirmed = true
      proved.checkedAt = this.#now()
      return proved.user
    }
    return orFallback(this.#ask(name, proved), fallBack)
  }

  async #ask (name: string, proved: Proved): Promise<ProvedUser | undefined> {
    const stored = await this.#find(name)
    proved.unconfirmed = false
    proved.checkedAt = this.#now()
    if (stored?.credential !== proved.credential || stored.disabled) {
      if (this.#proved.get(name) === proved) this.#proved.delete(name)
      this.#memory()?.forget(name)
      return undefined
    }
    proved.user = { ...proved.user, admin: stored.admin }
    return proved.user
  }

  async #spendAttempt (name: string, token: string, digest: Buffer, network: string): Promise<ProvedUser | undefined> {
    const check = () => this.#failures.check(network)
    check()
    let away = false
    const user = await this.#attempts.spend(`${network} ${name}`, async () => {
      const known = this.#memory()?.find(name)
      const fallBack = () => {
        away = true
        return known && { ...known, disabled: false, admin: false }
      }
      const finding = this.#find(name)
      const stored = await (known ? orFallback(finding, fallBack) : finding.catch(fallBack))
      const matches = await verifyCredential(token, stored?.credential ?? nobodysCredential, network, check)
      if (!stored || !matches || stored.disabled) return undefined
      return this.#remember(stored, digest, away)
    })
    // A new user or a new password would be in the database: nobody may be told that it is wrong.
    if (!user && !away) this.#failures.fail(network)
    if (!user && away) throw new Unavailable('the database is away, and the user or the token is not known here')
    return user
  }

  #remember ({ id, name, admin, credential }: StoredUser, digest: Buffer, unconfirmed: boolean): ProvedUser {
    const user = { id, name, admin }
    this.#proved.set(name, { user, digest, credential, checkedAt: this.#now(), unconfirmed })
    this.#memory()?.remember(name, { id, name, credential })
    return user
  }

  /** Of many requests that ask the same at once, the first does the work and all get its answer. */
  #once (question: string, answer: () => Promise<ProvedUser | undefined>): Promise<ProvedUser | undefined> {
    let answering = this.#underWay.get(question)
    if (!answering) {
      answering = answer().finally(() => this.#underWay.delete(question))
      this.#underWay.set(question, answering)
    }
    return answering
  }
}
