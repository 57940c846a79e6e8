import type { Knex } from 'knex'
import { utcTime, type UtcTime } from '../model/instant.ts'
import { isWord } from '../model/name.ts'
import { audited, type AuditEntry } from './audit.ts'
import { dialectOf } from './dialects/index.ts'

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

type NewUser = Pick<User, 'name' | 'credential'> & Partial<Pick<User, 'telId' | 'admin'>>

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

    /** Up to `limit` users, sorted by name; those after a name, if one is given. */
    async page ({ after, limit }: { after?: string, limit: number }): Promise<User[]> {
      const page = users().orderBy('username').limit(limit)
      return (await (after === undefined ? page : page.where('username', '>', after))).map(toUser)
    },

    /** Inserts a user; false, and nothing is stored, if the name is taken. */
    async insert (user: NewUser, entry: AuditEntry): Promise<boolean> {
      return await insertUser(knex, toRow(user), entry)
    }
  }
}

/** Inserts a row, and its entry in the audit; false, and nothing is stored, if its name or id is taken. */
async function insertUser (knex: Knex, row: Partial<UserRow>, entry: AuditEntry): Promise<boolean> {
  try {
    return await audited(knex, entry, async (transaction) => {
      await transaction('users').insert(row)
      return 1
    }) > 0
  } catch (error) {
    if (dialectOf(knex).isDuplicate(error)) return false
    throw error
  }
}

/** The first user. */
export function firstUserOf (knex: Knex) {
  return {
    /** Whether there is no user. */
    async isMissing (): Promise<boolean> {
      return await knex('users').first('id') === undefined
    },

    /** Inserts the user as an administrator; false, and nothing is stored, if there is a user. */
    async insert (user: NewUser, entry: AuditEntry): Promise<boolean> {
      // With a fixed id, so that only one of several at once succeeds.
      return await this.isMissing() && await insertUser(knex, { ...toRow({ ...user, admin: true }), id: 1 }, entry)
    }
  }
}

function toRow ({ name, credential, telId = null, admin = false }: NewUser): Partial<UserRow> {
  return { username: name, credential, tel_id: telId, admin, created_at: utcTime() }
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
