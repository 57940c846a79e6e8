import { BadRequest, Conflict } from '../errors.ts'
import type { Actor } from '../model/caller.ts'
import { isNewName } from '../model/name.ts'
import { hashCredential, verifyCredential } from './credential.ts'
import { contractToken } from './token.ts'
import type { StoredUser } from './users.ts'

/** A user to create; name and password are one word of 1 to 100 characters each. */
export interface NewUser {
  name: string
  password: string
  /** The user's Telegram chat id, one word of 1 to 100 characters. */
  telId: string | null
  /** May read the logs of all users, and administer the server. Default false. */
  admin?: boolean
  by: Actor
}

/** Store of users. */
export interface UserStore {
  find (name: string): Promise<StoredUser & { telId: string | null } | undefined>
  /** Resolves to false, and stores nothing, when the name is taken. */
  insert (
    user: { name: string, credential: string, telId: string | null, admin: boolean },
    entry: { by: Actor, action: string, detail: Record<string, unknown> }
  ): Promise<boolean>
}

/**
 * Creates a user who can send logs with md5(name + password), and resolves to that token.
 * The same call again changes nothing. Throws Conflict for a name with another password or chat id and for a disabled
 * user, and BadRequest for a new name with invisible characters.
 */
export async function registerUser (users: UserStore, user: NewUser): Promise<{ token: string, created: boolean }> {
  const { name, password, telId, admin = false, by } = user
  const token = contractToken(name, password)
  const before = await users.find(name)
  if (!before && !isNewName(name)) {
    const fault = { rule: 'parameter.pattern', field: 'user' } as const
    throw new BadRequest('user must be one word of 1 to 100 characters, without invisible characters', fault)
  }
  if (!before) {
    const row = { name, credential: await hashCredential(token), telId, admin }
    const isCreated = await users.insert(row, { by, action: 'user.add', detail: { user: name, admin } })
    if (isCreated) return { token, created: true }
  }
  const stored = await users.find(name)
  const isSamePassword = stored !== undefined && await verifyCredential(token, stored.credential)
  if (!isSamePassword) throw new Conflict('user exists with another password')
  if (stored.telId !== telId) throw new Conflict('user exists with another tel_id')
  if (admin && !stored.admin) throw new Conflict('user exists and is not an administrator')
  if (stored.disabled) throw new Conflict('user is disabled')
  return { token, created: false }
}
