import type { Knex } from 'knex'
import { Conflict, NotFound } from '../errors.ts'
import type { Actor } from '../model/caller.ts'
import { utcTime } from '../model/instant.ts'
import { audited } from './audit.ts'
import { usersOf, type User } from './users.ts'

/** Changes to a user; a field that is missing stays as it is. */
export interface UserChanges {
  /** A disabled user can neither send nor read; the logs stay. */
  disabled?: boolean
  /** Whether the user may read all logs and administer the server. */
  admin?: boolean
  /** Days for which the user's logs are kept; 0: for ever; null: the default of the settings. */
  retentionDays?: number | null
}

/**
 * Changes a user; resolves to the user as changed. Every instance knows within a second.
 * Throws NotFound, and Conflict if no enabled administrator would be left.
 */
export async function changeUser (knex: Knex, name: string, changes: UserChanges, by: Actor): Promise<User> {
  const user = await usersOf(knex).find(name)
  if (!user) throw new NotFound()
  const { disabled = user.disabled, admin = user.admin, retentionDays = user.retentionDays } = changes
  const changed = { ...user, disabled, admin, retentionDays }
  const losesAdministrator = isAdministrator(user) && !isAdministrator(changed)
  await audited(knex, { by, action: 'user.change', detail: { user: name, ...changes } }, async (transaction) => {
    const row = {
      admin,
      retention_days: retentionDays,
      ...disabled !== user.disabled && { disabled_at: disabled ? utcTime() : null }
    }
    const rows = await transaction('users').where('id', user.id).update(row)
    if (losesAdministrator) await requireAdministrator(transaction)
    return rows
  })
  return changed
}

function isAdministrator ({ admin, disabled }: Pick<User, 'admin' | 'disabled'>): boolean {
  return admin && !disabled
}

/** Waits for others who change an administrator: each of two must not count on the other one. */
async function requireAdministrator (transaction: Knex): Promise<void> {
  const left = await transaction('users').where('admin', true).whereNull('disabled_at').forUpdate().first('id')
  if (!left) {
    throw new Conflict('this is the last enabled administrator: make another user an administrator first')
  }
}
