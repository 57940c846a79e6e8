import { BadRequest, Conflict, NotAllowed, NotFound } from '../errors.ts'
import type { Actor } from '../model/caller.ts'
import { isWord } from '../model/name.ts'
import { hashCredential, verifyCredential } from './credential.ts'
import { contractToken } from './token.ts'
import type { StoredUser } from './users.ts'

/** A password to set. */
export interface NewPassword {
  /** Name of the user. */
  name: string
  /** One word of 1 to 100 characters. */
  password: string
  /** The password until now, which must be right. Default: it is not checked. */
  current?: string
  /** The session that does not end. Default: all end. */
  keepSessionId?: number
  by: Actor
}

/** Store of the users' credentials. */
export interface PasswordStore {
  find (name: string): Promise<StoredUser | undefined>
  /** Replaces a credential and ends the sessions; false, and nothing changes, if it is not `from` any more. */
  changeCredential (
    change: { userId: number, from: string, to: string, keepSessionId?: number },
    entry: { by: Actor, action: string, detail: Record<string, unknown> }
  ): Promise<boolean>
}

/**
 * Changes a user's password, and with it the contract's token, which it resolves to. The user's sessions end; their
 * random tokens stay. Throws BadRequest for a password that breaks its rule, NotFound, NotAllowed if `current` is
 * wrong, and Conflict if the password was changed meanwhile.
 */
export async function changePassword (users: PasswordStore, change: NewPassword): Promise<string> {
  const { name, password, current, keepSessionId, by } = change
  if (!isWord(password)) {
    const fault = { rule: 'parameter.pattern', field: 'password' } as const
    throw new BadRequest('the new password must be one word of 1 to 100 characters', fault)
  }
  const user = await users.find(name)
  if (!user) throw new NotFound()
  // The caller's right to it may have been read a second ago: only the stored credential counts.
  if (current !== undefined && !await verifyCredential(contractToken(name, current), user.credential)) {
    throw new NotAllowed('password must be the current password')
  }
  const token = contractToken(name, password)
  const row = { userId: user.id, from: user.credential, to: await hashCredential(token), keepSessionId }
  const isChanged = await users.changeCredential(row, { by, action: 'password.change', detail: { user: name } })
  if (!isChanged) throw new Conflict('the password was changed by another request')
  return token
}
