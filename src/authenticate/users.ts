import type { LogUser } from '../model/caller.ts'
import { OutageCache, type Answer } from './outage-cache.ts'
import type { Memory } from './remembered.ts'

/** A user, and whether they may read the logs of all users. */
export interface VerifiedUser extends LogUser {
  admin: boolean
}

/** A row of the user store, as far as authentication reads it. */
export interface StoredUser extends VerifiedUser {
  credential: string
  disabled: boolean
}

/** A user as kept on disk, by name. */
export type RememberedUser = Pick<StoredUser, 'id' | 'name' | 'credential'>

export interface UsersOptions {
  /** Finds a user by name; rejects while the database is unavailable. */
  find: (name: string) => Promise<StoredUser | undefined>
  /** As `find`, with what was committed on the other nodes of a cluster. Default: `find` has that already. */
  findCurrent?: ((name: string) => Promise<StoredUser | undefined>) | undefined
  /** Users who were authenticated recently, for a database outage. */
  memory?: () => Memory<RememberedUser> | undefined
  /** Monotonic clock in ms. */
  now?: () => number
}

/** Bound on the users that are cached. */
export const maxUsers = 100_000

/** Users by name, cached for a second and throughout an outage of the database. */
export class Users {
  readonly #find: (name: string) => Promise<StoredUser | undefined>
  readonly #findCurrent: UsersOptions['findCurrent']
  readonly #memory: () => Memory<RememberedUser> | undefined
  readonly #cache: OutageCache<StoredUser>

  constructor ({ find, findCurrent, memory = () => undefined, now }: UsersOptions) {
    this.#find = find
    this.#findCurrent = findCurrent
    this.#memory = memory
    this.#cache = new OutageCache({ maxAnswers: maxUsers, now })
  }

  /** Finds a user whom the database confirmed at most `maxAgeMs` ago. Rejects with DatabaseAway. */
  find (name: string, maxAgeMs?: number): Promise<Answer<StoredUser>> {
    // A new user is known at once.
    return this.#cache.fresh(name, maxAgeMs) ??
      this.#cache.find(name, { ...this.#questionOf(name), maxAgeMs, maxMissingAgeMs: 0 })
  }

  /**
   * Finds a user who needs no token, because the settings vouch for the name; undefined when missing or disabled.
   * A disabled user loses access within a second. Rejects with DatabaseAway.
   */
  async findTrusted (name: string): Promise<LogUser | undefined> {
    const { value: user } = await this.#cache.find(name, this.#questionOf(name))
    if (!user || user.disabled) return undefined
    this.remember(user)
    return { id: user.id, name }
  }

  /** The user as another node of a cluster has stored them lately; undefined where that is as `known`, or unknown. */
  async findNewer (name: string, known: StoredUser | undefined): Promise<StoredUser | undefined> {
    const user = await this.#findCurrent?.(name).catch(() => undefined)
    return user?.credential === known?.credential && user?.disabled === known?.disabled ? undefined : user
  }

  /** Keeps an authenticated user for the next outage. */
  remember ({ id, name, credential }: RememberedUser): void {
    this.#memory()?.remember(name, { id, name, credential })
  }

  #questionOf (name: string) {
    return {
      ask: async () => {
        const user = await this.#find(name)
        const remembered = this.#memory()?.find(name)
        const isUnchanged = user && !user.disabled && user.credential === remembered?.credential
        if (remembered && !isUnchanged) this.#memory()?.forget(name)
        return user
      },
      recall: () => {
        const remembered = this.#memory()?.find(name)
        return remembered && { ...remembered, disabled: false, admin: false }
      }
    }
  }
}
