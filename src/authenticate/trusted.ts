import type { LogUser } from '../model/caller.ts'
import { Answers } from './outage-cache.ts'
import type { Memory } from './remembered.ts'
import type { RememberedUser, StoredUser } from './verifier.ts'

/** Finds users whose name is all that has to be known: the settings vouch for it. One that is disabled is out a second later. */
export class TrustedUsers {
  readonly #find: (name: string) => Promise<StoredUser | undefined>
  readonly #memory: () => Memory<RememberedUser> | undefined
  readonly #answers = new Answers<LogUser>()

  /** `find` rejects when the database is away: then the memory tells, and who was found before. */
  constructor (find: (name: string) => Promise<StoredUser | undefined>, memory: () => Memory<RememberedUser> | undefined) {
    this.#find = find
    this.#memory = memory
  }

  /** Undefined where there is no such user, or they are disabled. */
  find (name: string): Promise<LogUser | undefined> {
    return this.#answers.find(name, {
      ask: async () => this.#remember(name, await this.#find(name)),
      recall: () => {
        const known = this.#memory()?.find(name)
        return known && { id: known.id, name }
      }
    })
  }

  #remember (name: string, user: StoredUser | undefined): LogUser | undefined {
    if (!user || user.disabled) {
      this.#memory()?.forget(name)
      return undefined
    }
    const { id, credential } = user
    this.#memory()?.remember(name, { id, name, credential })
    return { id, name }
  }
}
