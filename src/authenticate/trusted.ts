import type { LogUser } from '../record.ts'
import { Answers } from './answers.ts'
import type { Memory, StoredUser } from './verifier.ts'

/** Finds users whose name is all that has to be known: the settings vouch for it. One that is disabled is out a second later. */
export class TrustedUsers {
  readonly #find: (name: string) => Promise<StoredUser | undefined>
  readonly #memory: () => Memory | undefined
  readonly #answers = new Answers<LogUser>()

  /** `find` rejects when the database is away: then the memory tells, and who was found before. */
  constructor (find: (name: string) => Promise<StoredUser | undefined>, memory: () => Memory | undefined) {
    this.#find = find
    this.#memory = memory
  }

  /** Undefined where there is no such user, or they are disabled. */
  find (name: string): Promise<LogUser | undefined> {
    return this.#answers.find(name, async () => this.#remember(name, await this.#find(name).catch((error) => {
      const known = this.#memory()?.find(name)
      if (!known) throw error
      return { ...known, admin: false, disabled: false }
    })))
  }

  #remember (name: string, user: StoredUser | undefined): LogUser | undefined {
    if (!user || user.disabled) {
      this.#memory()?.forget(name)
      return undefined
    }
    this.#memory()?.remember(user)
    return { id: user.id, name }
  }
}
