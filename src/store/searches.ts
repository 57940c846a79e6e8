import { createHash } from 'node:crypto'
import type { Knex } from 'knex'
import { utcTime, type UtcTime } from '../model/instant.ts'
import { audited, type AuditEntry } from './audit.ts'
import { dialectOf } from './dialects/index.ts'

/** What a saved search holds for pages, which alone give it a meaning, except for query, from and to. */
export interface SearchContent {
  query: string
  /** As a request would give it, so that it may be relative; null: open. */
  from: string | null
  to: string | null
  order: 'newest' | 'oldest'
  columns: string[]
  by: string | null
  group: string | null
}

/** A saved search, as its owner writes it. */
export interface NewSearch extends SearchContent {
  name: string
  /** Whether all users may read it. */
  shared: boolean
  position: number
}

export interface SavedSearch extends NewSearch {
  owner: string
  updatedAt: UtcTime
  /** Changes with the content: 22 characters of base64url. */
  etag: string
}

/** What must hold before a search is written. */
export interface Precondition {
  /** It must exist and have one of these etags; `any`: it must exist. Default: no condition. */
  match?: 'any' | readonly string[]
  /** It must not exist. Default false. */
  isNew?: boolean
}

/** `failed`: the precondition does not hold; `full`: the user has as many searches as possible. */
export type SaveOutcome = 'created' | 'replaced' | 'failed' | 'full'

/** A row of `saved_searches`. */
interface SearchRow {
  user_id: number
  name: string
  /** 0 or 1 when it is read. */
  shared: number | boolean
  position: number
  content: string
  etag: string
  updated_at: UtcTime
}

/** Bound on the searches of a user. */
export const maxSearches = 200
/** Bound on the searches of other users in a list: each may have 8 kB. */
export const maxSharedSearches = 300

/** The table `saved_searches`. Names are case-sensitive. */
export function searchesOf (knex: Knex) {
  const withOwner = () => knex('saved_searches').join('users', 'users.id', 'saved_searches.user_id')
    .select('saved_searches.*', 'users.username AS owner')

  return {
    /** A user's searches by position, then those that others share; `isComplete`: no shared one was left out. */
    async list (userId: number): Promise<{ searches: SavedSearch[], isComplete: boolean }> {
      const own = await withOwner().where('user_id', userId).orderBy(['position', 'name']).limit(maxSearches)
      const others = await withOwner().whereNot('user_id', userId).where('shared', true)
        .orderBy(['owner', 'position', 'name']).limit(maxSharedSearches + 1)
      const searches = [...own, ...others.slice(0, maxSharedSearches)].map(toSearch)
      return { searches, isComplete: others.length <= maxSharedSearches }
    },

    /** Finds a search of the user, or one that the named owner shares. */
    async find (userId: number, name: string, owner?: string): Promise<SavedSearch | undefined> {
      const found = withOwner().where('name', name)
      if (owner === undefined) found.where('user_id', userId)
      else found.where('username', owner).where((where) => { where.where('user_id', userId).orWhere('shared', true) })
      const row = await found.first()
      return row && toSearch(row)
    },

    /** Creates or replaces a search of the user. */
    async save (
      userId: number, search: NewSearch, precondition: Precondition, entry: AuditEntry
    ): Promise<{ outcome: SaveOutcome, etag: string, updatedAt: UtcTime }> {
      const row = toRow(userId, search)
      let outcome: SaveOutcome = 'failed'
      await audited(knex, entry, async (transaction) => {
        outcome = await write(transaction, row, precondition)
        return outcome === 'created' || outcome === 'replaced' ? 1 : 0
      })
      return { outcome, etag: row.etag, updatedAt: row.updated_at }
    },

    /** Deletes a search of the user; false if there is none, or the precondition does not hold. */
    async delete (userId: number, name: string, match: Precondition['match'], entry: AuditEntry): Promise<boolean> {
      return await audited(knex, entry, (transaction) => rowsOf(transaction, { userId, name, match }).delete()) > 0
    }
  }
}

async function write (transaction: Knex, row: SearchRow, { match, isNew }: Precondition): Promise<SaveOutcome> {
  const { user_id: userId, name } = row
  const replaced = isNew ? 0 : await rowsOf(transaction, { userId, name, match }).update(row)
  if (replaced > 0) return 'replaced'
  if (match !== undefined) return 'failed'
  const { count = 0 } = await transaction('saved_searches').where('user_id', userId).count({ count: '*' }).first() ?? {}
  const exists = await rowsOf(transaction, { userId, name }).first('name') !== undefined
  if (!exists && Number(count) >= maxSearches) return 'full'
  try {
    await transaction('saved_searches').insert(row)
    return 'created'
  } catch (error) {
    if (!dialectOf(transaction).isDuplicate(error)) throw error
    if (isNew) return 'failed'
    // Another request has just created it.
    await rowsOf(transaction, { userId, name }).update(row)
    return 'replaced'
  }
}

interface Which {
  userId: number
  name: string
  match?: Precondition['match']
}

function rowsOf (knex: Knex, { userId, name, match = 'any' }: Which): Knex.QueryBuilder {
  const row = knex('saved_searches').where({ user_id: userId, name })
  return match === 'any' ? row : row.whereIn('etag', [...match])
}

function toRow (userId: number, { name, shared, position, ...content }: NewSearch): SearchRow {
  const text = JSON.stringify(content)
  const etag = createHash('sha256').update(JSON.stringify([text, shared, position])).digest('base64url').slice(0, 22)
  return { user_id: userId, name, shared, position, content: text, etag, updated_at: utcTime() }
}

function toSearch ({ owner, ...row }: SearchRow & { owner: string }): SavedSearch {
  const content: SearchContent = JSON.parse(row.content)
  return {
    name: row.name,
    ...content,
    shared: Boolean(row.shared),
    position: row.position,
    owner,
    updatedAt: row.updated_at,
    etag: row.etag
  }
}
