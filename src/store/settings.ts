import type { Knex } from 'knex'
import { Conflict, TooLarge } from '../errors.ts'
import { utcTime } from '../model/instant.ts'
import { audited, type AuditEntry } from './audit.ts'
import { dialectOf } from './dialects/index.ts'

export type UserSettings = Record<string, unknown>

/** Bound on the settings of a user as JSON, in bytes. */
export const maxSettingsBytes = 8192
const maxTries = 10

/** The table `user_settings`. */
export function settingsOf (knex: Knex) {
  const find = async (userId: number): Promise<string | undefined> =>
    (await knex('user_settings').where('user_id', userId).first('settings'))?.settings

  return {
    async read (userId: number): Promise<UserSettings> {
      return parse(await find(userId))
    },

    /**
     * Merges changes by name, where null deletes; resolves to all settings.
     * Throws TooLarge, and Conflict while too many others change them at the same time.
     */
    async change (userId: number, changes: UserSettings, entry: AuditEntry): Promise<UserSettings> {
      for (let tries = 1; tries <= maxTries; tries++) {
        const before = await find(userId)
        const merged = merge(parse(before), changes)
        const row = { user_id: userId, settings: JSON.stringify(merged), updated_at: utcTime() }
        if (Buffer.byteLength(row.settings) > maxSettingsBytes) {
          throw new TooLarge(`the settings of a user must have ${maxSettingsBytes} bytes at most, as JSON`)
        }
        const changed = await audited(knex, entry, (transaction) => before === undefined
          ? insert(transaction, row)
          : transaction('user_settings').where({ user_id: userId, settings: before }).update(row))
        if (changed > 0) return merged
      }
      throw new Conflict('other requests change the settings at the same time')
    }
  }
}

/** Resolves to 0 if another request was quicker. */
async function insert (transaction: Knex, row: { user_id: number, settings: string }): Promise<number> {
  try {
    await transaction('user_settings').insert(row)
    return 1
  } catch (error) {
    if (dialectOf(transaction).isDuplicate(error)) return 0
    throw error
  }
}

function parse (text: string | undefined): UserSettings {
  return text === undefined ? {} : JSON.parse(text)
}

function merge (settings: UserSettings, changes: UserSettings): UserSettings {
  return Object.fromEntries(Object.entries({ ...settings, ...changes }).filter(([, value]) => value !== null))
}
