import { timingSafeEqual } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { DatabaseAway, Unavailable } from '../errors.ts'
import { Attempts } from './attempts.ts'
import { nobodysCredential, verifyCredential } from './credential.ts'
import { networkOf } from './network.ts'
import type { Answer } from './outage-cache.ts'
import { digestOf } from './token.ts'
import { maxUsers, type StoredUser, type Users, type VerifiedUser } from './users.ts'

interface Proof {
  /** SHA-256 of the token: the token itself is not kept. */
  digest: Buffer
  /** The credential that the token matched. */
  credential: string
}

/** Bound on the failures of a network per minute, whatever names it tries: about three seconds of scrypt. */
const maxNetworkFailures = 60
/** Bound on the failures of a network and name per minute. */
const maxFailures = 10
const minuteMs = 60_000

/**
 * Verifies the contract's tokens.
 * scrypt runs once per user and process: a token that was verified is known for as long as the user's credential stays
 * the same.
 */
export class Verifier {
  readonly #users: Users
  /** By network and name. */
  readonly #attempts: Attempts
  /** By network: names cost an attacker nothing. */
  readonly #failures: Attempts
  readonly #proofs = new LRUCache<string, Proof>({ max: maxUsers })
  readonly #pending = new Map<string, Promise<VerifiedUser | undefined>>()

  /** `now` is a monotonic clock in ms. */
  constructor (users: Users, now?: () => number) {
    this.#users = users
    this.#attempts = new Attempts(maxFailures, minuteMs, now)
    this.#failures = new Attempts(maxNetworkFailures, minuteMs, now)
  }

  /**
   * Resolves to the user when the token is theirs, confirmed by the database at most `maxAgeMs` ago; to undefined for a
   * wrong token, an unknown user and a disabled user, at the same cost for each.
   * Rejects with TooManyAttempts after too many of those from the network of the address, and with Unavailable while
   * the database is unavailable and the token unknown, or while too many wait for scrypt.
   */
  async verify (name: string, token: string, address: string, maxAgeMs?: number): Promise<VerifiedUser | undefined> {
    const digest = digestOf(token)
    const proof = this.#proofs.get(name)
    if (proof && timingSafeEqual(proof.digest, digest)) {
      const { value: user } = await this.#users.find(name, maxAgeMs)
      if (user?.credential === proof.credential && !user.disabled) return verifiedOf(user)
    }
    const network = networkOf(address)
    return this.#once(`${network} ${name} ${digest.toString('hex')}`, () => this.#spendAttempt(name, token, network))
  }

  async #spendAttempt (name: string, token: string, network: string): Promise<VerifiedUser | undefined> {
    const check = (): void => this.#failures.check(network)
    check()
    const outcome = { isStale: false }
    const user = await this.#attempts.spend(`${network} ${name}`, async () => {
      const found = await this.#findForProof(name)
      outcome.isStale = found.isStale
      const prove = (user: StoredUser | undefined) => this.#prove(user, token, (credential) => (
        verifyCredential(token, credential, network, check)
      ))
      const proved = await prove(found.value)
      if (proved || found.isStale) return proved
      // Asked whether the user exists or not: the time that it takes must not tell.
      const newer = await this.#users.findNewer(name, found.value)
      return newer && await prove(newer)
    })
    if (user) return user
    // The database would know a new user or a new password: nobody may be told that theirs is wrong.
    if (outcome.isStale) {
      throw new Unavailable('the database is unavailable, and the user or the token is not known here')
    }
    this.#failures.fail(network)
    return undefined
  }

  async #prove (
    user: StoredUser | undefined, token: string, matches: (credential: string) => Promise<boolean>
  ): Promise<VerifiedUser | undefined> {
    if (!await matches(user?.credential ?? nobodysCredential) || !user || user.disabled) return undefined
    this.#proofs.set(user.name, { digest: digestOf(token), credential: user.credential })
    this.#users.remember(user)
    return verifiedOf(user)
  }

  async #findForProof (name: string): Promise<Answer<StoredUser>> {
    try {
      return await this.#users.find(name, 0)
    } catch (error) {
      // An unknown user costs as much as a known one.
      if (error instanceof DatabaseAway) return { value: undefined, isStale: true }
      throw error
    }
  }

  /** Shares the answer among concurrent requests for the same proof. */
  #once (key: string, prove: () => Promise<VerifiedUser | undefined>): Promise<VerifiedUser | undefined> {
    let proving = this.#pending.get(key)
    if (!proving) {
      proving = prove().finally(() => this.#pending.delete(key))
      this.#pending.set(key, proving)
    }
    return proving
  }
}

function verifiedOf ({ id, name, admin }: StoredUser): VerifiedUser {
  return { id, name, admin }
}
