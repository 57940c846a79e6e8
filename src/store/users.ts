import type { Knex } from 'knex'
import { utcTime, type UtcTime } from '../model/instant.ts'
import { isWord } from '../model/name.ts'
import { dialectOf } from './dialects/index.ts'
import { retryConflicts } from './retry.ts'

/** A user. */
export interface User {
  id: number
  name: string
  telId: string | null
  credential: string
  createdAt: UtcTime
  disabled: boolean
  admin: boolean
  /** Days for which the user's logs are kept; 0: for ever; null: the default of the settings. */
  retentionDays: number | null
}

/** A row of `users`. */
interface UserRow {
  id: number
  username: string
  tel_id: string | null
  credential: string
  created_at: UtcTime
  disabled_at: UtcTime | null
  /** 0 or 1 when it is read. */
  admin: number | boolean
  retention_days: number | null
}

type NewUser = Pick<User, 'name' | 'credential' | 'telId'> & { admin?: boolean }

/** The table `users`. Names are case-sensitive. A text that cannot be a name is never looked up. */
export function usersOf (knex: Knex) {
  const users = () => knex<UserRow>('users')

  return {
    async find (name: string): Promise<User | undefined> {
      const row = isWord(name) ? await users().where('username', name).first() : undefined
      return row && toUser(row)
    },

    /** Finds those of the names that exist. */
    async findAll (names: readonly string[]): Promise<User[]> {
      const words = names.filter(isWord)
      return words.length === 0 ? [] : (await users().whereIn('username', words)).map(toUser)
    },

    /** Resolves to the users' names by their ids. */
    async names (ids: Iterable<number>): Promise<Map<number, string>> {
      const rows = await users().whereIn('id', [...new Set(ids)]).select('id', 'username')
      return new Map(rows.map(({ id, username }) => [id, username]))
    },

    /** All users, sorted by name. */
    async list (): Promise<User[]> {
      return (await users().orderBy('username')).map(toUser)
    },

    /** Inserts a user; false, and nothing is stored, if the name is taken. */
    async insert ({ name, credential, telId, admin = false }: NewUser): Promise<boolean> {
      const row = { username: name, credential, tel_id: telId, admin, created_at: utcTime() }
      try {
        await retryConflicts(knex, () => users().insert(row))
        return true
      } catch (error) {
        if (dialectOf(knex).isDuplicate(error)) return false
        throw error
      }
    },

    /** Sets the days for which the user's logs are kept, as `retentionDays`; false if there is no such user. */
    async keepFor (name: string, days: number | null): Promise<boolean> {
      if (!isWord(name)) return false
      return await retryConflicts(knex, () => users().where('username', name).update({ retention_days: days })) > 0
    },

    /** Disables a user; false if there is no such user. The time of an earlier call stays. */
    async disable (name: string): Promise<boolean> {
      if (!isWord(name) || !await users().where('username', name).first('id')) return false
      await retryConflicts(knex, () =>
        users().where('username', name).whereNull('disabled_at').update({ disabled_at: utcTime() }))
      return true
    }
  }
}

function toUser (row: UserRow): User {
  return {
    id: row.id,
    name: row.username,
    telId: row.tel_id,
    credential: row.credential,
    createdAt: row.created_at,
    disabled: row.disabled_at !== null,
    admin: Boolean(row.admin),
    retentionDays: row.retention_days
  }
}
