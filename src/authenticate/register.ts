import { BadRequest, Conflict } from '../errors.ts'
import { isNewName } from '../model/name.ts'
import { hashCredential, verifyCredential } from './credential.ts'
import { contractToken } from './token.ts'
import type { StoredUser } from './verifier.ts'

/** Each is one word of 1 to 100 characters; `telId` is the user's Telegram chat id, where there is one. */
export interface NewUser {
  name: string
  password: string
  telId: string | null
  /** Sees everybody's logs. Default false. */
  admin?: boolean
}

/** Where users are kept. */
export interface UserStore {
  find (name: string): Promise<StoredUser & { telId: string | null } | undefined>
  /** False, and nothing is stored, when the name is taken. */
  insert (user: { name: string, credential: string, telId: string | null, admin: boolean }): Promise<boolean>
}

/**
 * Lets a user send logs with md5(name + password). The same call again changes nothing;
 * the name with another password or chat id, or of a disabled user, throws Conflict; a new name that is not all seen, BadRequest.
 * Resolves to the token, and to whether the user is new.
 */
export async function registerUser (users: UserStore, { name, password, telId, admin = false }: NewUser): Promise<{ token: string, created: boolean }> {
  const token = contractToken(name, password)
  const before = await users.find(name)
  if (!before && !isNewName(name)) throw new BadRequest('user must be one word of 1 to 100 characters, without characters that are not seen')
  if (!before && await users.insert({ name, credential: await hashCredential(token), telId, admin })) {
    return { token, created: true }
  }
  const stored = await users.find(name)
  if (!stored || !await verifyCredential(token, stored.credential)) throw new Conflict('user exists with another password')
  if (stored.telId !== telId) throw new Conflict('user exists with another tel_id')
  if (admin && !stored.admin) throw new Conflict('user exists and is no administrator')
  if (stored.disabled) throw new Conflict('user is disabled')
  return { token, created: false }
}
