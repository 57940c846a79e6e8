// The user that a request about groups, rules or channels means.
import type { FastifyInstance } from 'fastify'
import { BadRequest, NotAllowed } from '../../src/errors.ts'
import { requireUser } from '../../src/http/guard.ts'
import type { Caller } from '../../src/model/caller.ts'
import { usersOf } from '../../src/store/users.ts'

/** The user that a request is about; undefined, for administrators, means all users. */
export async function requestedUserId (
  app: FastifyInstance, caller: Caller, name: string | undefined
): Promise<number | undefined> {
  if (name === undefined) return caller.admin ? undefined : requireUser(caller).id
  if (!caller.admin) throw new NotAllowed('user: only administrators name a user')
  const user = await app.logReaders.awaitDatabase(usersOf(app.logDb).find(name))
  if (!user) throw new BadRequest('user must be the name of a user', { rule: 'user.unknown', field: 'user' })
  return user.id
}

/** The owner of one thing: for administrators, too, themselves by default. */
export async function ownerOf (app: FastifyInstance, caller: Caller, name: string | undefined): Promise<number> {
  return await requestedUserId(app, caller, name ?? (caller.admin ? caller.name : undefined)) ?? requireUser(caller).id
}
