import { randomBytes } from 'node:crypto'
import { Conflict, NotAllowed } from '../errors.ts'
import type { Actor } from '../model/caller.ts'
import { Attempts } from './attempts.ts'
import { networkOf } from './network.ts'
import { registerUser } from './register.ts'
import { isSameSecret } from './token.ts'

/** The first user, and the code that the terminal printed. */
export interface FirstUser {
  code: string
  /** Name and password are one word of 1 to 100 characters each. */
  name: string
  password: string
  address: string
}

export interface SetupStore {
  isMissing (): Promise<boolean>
  /** Resolves to false, and stores nothing, when there is a user. */
  insert (
    user: { name: string, credential: string },
    entry: { by: Actor, action: string, detail: Record<string, unknown> }
  ): Promise<boolean>
}

const alreadyDone = 'there is a user already: administrators create the others'

/**
 * Creates the first user, an administrator, for a caller with the setup code; closed once there is a user.
 *
 * The code belongs to this process, or to the workers of one server, and is stored nowhere. Wrong codes are limited to
 * 10 a minute for a network.
 */
export class Setup {
  readonly #store: SetupStore
  readonly #attempts = new Attempts()
  #code: string | undefined
  #asking: Promise<boolean> | undefined
  /** No user is ever deleted. */
  #hasUsers = false

  constructor (store: SetupStore) {
    this.#store = store
  }

  /** Sets the code; undefined if there is a user. */
  async open (code = randomSetupCode()): Promise<string | undefined> {
    if (await this.isFresh()) this.#code = code
    return this.#code
  }

  /** Whether the first user can be created by a code. */
  async isOpen (): Promise<boolean> {
    return this.#code !== undefined && await this.isFresh()
  }

  /** Whether there is no user. At most one query at a time, and none once there is a user. */
  async isFresh (): Promise<boolean> {
    if (this.#hasUsers) return false
    this.#asking ??= this.#store.isMissing().finally(() => { this.#asking = undefined })
    if (!await this.#asking) this.#hasUsers = true
    return !this.#hasUsers
  }

  /** Creates the first user. Throws Conflict if there is one, NotAllowed without the code, and TooManyAttempts. */
  async createFirst ({ code, name, password, address }: FirstUser): Promise<void> {
    if (!await this.isFresh()) throw new Conflict(alreadyDone)
    const expected = this.#code
    if (expected === undefined) {
      throw new NotAllowed('the first user cannot be created here: run loggerbot user add NAME --admin')
    }
    if (!await this.#attempts.spend(networkOf(address), async () => isSameSecret(code, expected) || undefined)) {
      throw new NotAllowed('code must be the one that this server printed when it started')
    }
    const entry = { by: { name, address }, action: 'user.setup', detail: { user: name, admin: true } }
    await registerUser({
      find: async () => undefined,
      insert: async (user) => {
        if (!await this.#store.insert(user, entry)) throw new Conflict(alreadyDone)
        return true
      }
    }, { name, password, telId: null, admin: true, by: entry.by })
    this.#hasUsers = true
  }
}

/** A code of 120 random bits. */
export function randomSetupCode (): string {
  return randomBytes(15).toString('base64url')
}
