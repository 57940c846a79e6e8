import type { Knex } from 'knex'
import { utcTime } from '../model/instant.ts'
import { deadLettersOf, maxLetters, maxLettersBytes } from './dead-letters.ts'

/** Part of a maximum that a user may add before their dead letters are counted again. */
const recountShare = 0.1

const dayMs = 86_400_000

interface LetterOwner {
  id: number | null
  /** As in `User`. */
  retentionDays: number | null
}

/** Deletes dead letters that are older than the logs of their user are kept: by default `days`, 0 for ever. */
export async function expireDeadLetters (
  knex: Knex, now: number, days: number, users: readonly LetterOwner[]
): Promise<void> {
  for (const { id, retentionDays } of [...users, { id: null, retentionDays: null }]) {
    const keptDays = retentionDays ?? days
    if (keptDays > 0) await deadLettersOf(knex).expire(id, utcTime(now - keptDays * dayMs))
  }
}

/** Deletes a user's oldest dead letters once there may be too many, one user after the other. */
export class DeadLetterCap {
  readonly #letters: ReturnType<typeof deadLettersOf>
  readonly #onFailure: (error: unknown) => void
  readonly #onDeleted: (letters: number) => void
  readonly #added = new Map<number, { letters: number, bytes: number }>()
  #last: Promise<void> = Promise.resolve()

  constructor (knex: Knex, onFailure: (error: unknown) => void, onDeleted: (letters: number) => void = () => {}) {
    this.#letters = deadLettersOf(knex)
    this.#onFailure = onFailure
    this.#onDeleted = onDeleted
  }

  /** Notes that letters of about `bytes` were stored for a user. */
  add (userId: number, letters: number, bytes: number): void {
    const added = this.#added.get(userId) ?? { letters: 0, bytes: 0 }
    added.letters += letters
    added.bytes += bytes
    this.#added.set(userId, added)
    if (added.letters < maxLetters * recountShare && added.bytes < maxLettersBytes * recountShare) return
    this.#added.delete(userId)
    this.#trim(async () => [userId])
  }

  /** Trims the letters of all users. */
  trimAll (): Promise<void> {
    this.#added.clear()
    this.#trim(() => this.#letters.owners())
    return this.#last
  }

  /** Resolves when nothing is being deleted. */
  end (): Promise<void> {
    return this.#last
  }

  #trim (owners: () => Promise<Array<number | null>>): void {
    this.#last = this.#last.then(async () => {
      for (const userId of await owners()) this.#onDeleted(await this.#letters.trim(userId))
    }).catch(this.#onFailure)
  }
}
