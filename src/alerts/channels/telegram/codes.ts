// The table `telegram_codes`: codes by which a chat is linked to a user, each once.
import { hash, randomBytes } from 'node:crypto'
import type { Knex } from 'knex'
import { utcTime, type UtcTime } from '../../../model/instant.ts'
import { audited, type AuditEntry } from '../../../store/audit.ts'
import { databaseNow } from '../../../store/clock-doubt.ts'

/** How long a code is valid, in milliseconds, by the database's clock. */
const validMs = 15 * 60_000
/** It cannot be guessed; as base64url it has 22 of the 64 characters that Telegram's links allow. */
const codeBytes = 16

/** Makes a code for a user, in place of an earlier one. Only its hash is stored. */
export async function makeCode (
  knex: Knex, userId: number, entry: AuditEntry
): Promise<{ code: string, expiresAt: UtcTime }> {
  const code = randomBytes(codeBytes).toString('base64url')
  const now = await databaseNow(knex)
  const expiresAt = utcTime(now + validMs)
  await audited(knex, entry, async (transaction) => {
    await transaction('telegram_codes').where('user_id', userId).orWhere('expires_at', '<', utcTime(now)).delete()
    await transaction('telegram_codes').insert({ hash: hashOf(code), user_id: userId, expires_at: expiresAt })
    return 1
  })
  return { code, expiresAt }
}

/** Uses a code up, in a transaction; resolves to its user, or to undefined where it is unknown, used or too old. */
export async function useCode (transaction: Knex, code: string): Promise<number | undefined> {
  const now = utcTime(await databaseNow(transaction))
  const row = transaction('telegram_codes').where({ hash: hashOf(code) }).where('expires_at', '>', now)
  const found = await row.clone().first('user_id')
  // Of two chats that give it at the same time, one deletes it.
  return found !== undefined && await row.delete() > 0 ? found.user_id : undefined
}

function hashOf (code: string): Buffer {
  return hash('sha256', code, 'buffer')
}
