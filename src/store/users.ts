import type { Knex } from 'knex'
import { utcTime } from '../model/instant.ts'
import { isWord } from '../model/name.ts'
import { dialectOf } from './dialects/index.ts'
import { retryConflicts } from './retry.ts'

/** A row of `users`. */
export interface User {
  id: number
  name: string
  telId: string | null
  credential: string
  /** UTC, `YYYY-MM-DD HH:MM:SS.ffffff`. */
  createdAt: string
  disabled: boolean
  admin: boolean
  /** For so many days their logs are kept; 0: for ever; null: as the settings say. */
  retentionDays: number | null
}

/** The table `users`. Upper and lower case are different users. What can't be a name is nobody's, and the database is not asked for it. */
export function usersOf (knex: Knex) {
  return {
    async find (name: string): Promise<User | undefined> {
      const row = isWord(name) ? await knex('users').where('username', name).first() : undefined
      return row && toUser(row)
    },

    /** Those of the names that there are. */
    async findAll (names: readonly string[]): Promise<User[]> {
      const words = names.filter(isWord)
      return words.length === 0 ? [] : (await knex('users').whereIn('username', words)).map(toUser)
    },

    /** Their names by their ids. */
    async names (ids: Iterable<number>): Promise<Map<number, string>> {
      const rows = await knex('users').whereIn('id', [...new Set(ids)]).select('id', 'username')
      return new Map(rows.map(({ id, username }) => [id, username]))
    },

    /** By name. */
    async list (): Promise<User[]> {
      return (await knex('users').orderBy('username')).map(toUser)
    },

    /** False, and nothing is stored, when the name is taken. */
    async insert ({ name, credential, telId, admin = false }: Pick<User, 'name' | 'credential' | 'telId'> & { admin?: boolean }): Promise<boolean> {
      try {
        await retryConflicts(knex, () => knex('users').insert({ username: name, credential, tel_id: telId, admin, created_at: utcTime() }))
        return true
      } catch (error) {
        if (dialectOf(knex).isDuplicate(error)) return false
        throw error
      }
    },

    /** Null: as the settings say. False when there is no such user. */
    async keepFor (name: string, days: number | null): Promise<boolean> {
      return isWord(name) && await retryConflicts(knex, () => knex('users').where('username', name).update({ retention_days: days })) > 0
    },

    /** False when there is no such user. Who is disabled already stays so. */
    async disable (name: string): Promise<boolean> {
      if (!await this.find(name)) return false
      await retryConflicts(knex, () => knex('users').where('username', name).whereNull('disabled_at').update({ disabled_at: utcTime() }))
      return true
    }
  }
}

function toUser (row: { id: number, username: string, tel_id: string | null, credential: string, created_at: string, disabled_at: string | null, admin: number, retention_days: number | null }): User {
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
