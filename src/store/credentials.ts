import type { Knex } from 'knex'
import { audited, type AuditEntry } from './audit.ts'
import { endSessions } from './sessions.ts'
import { usersOf } from './users.ts'

interface CredentialChange {
  userId: number
  /** The stored credential until now. */
  from: string
  to: string
  /** Default: all sessions of the user end. */
  keepSessionId?: number
}

/** The credentials in the table `users`. */
export function credentialsOf (knex: Knex) {
  return {
    find: usersOf(knex).find,

    /** Replaces a credential and ends the user's sessions, except one; false if it is not `from` any more. */
    async changeCredential (
      { userId, from, to, keepSessionId }: CredentialChange, entry: AuditEntry
    ): Promise<boolean> {
      return await audited(knex, entry, async (transaction) => {
        const changed = await transaction('users').where({ id: userId, credential: from }).update({ credential: to })
        if (changed > 0) await endSessions(transaction, userId, keepSessionId)
        return changed
      }) > 0
    }
  }
}
