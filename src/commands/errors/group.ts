import { CommandError, Conflict, UsageError } from '../../errors.ts'
import { usersOf } from '../../store/users.ts'
import type { Context } from '../context.ts'
import { withTables, type Knex } from '../database.ts'

/** A group as a command names it. */
export interface NamedGroup {
  user: string
  id: string
}

/** Does work on a group of errors; `work` resolves to undefined or false where there is none. */
export function onGroup<T> (
  { settings }: Context,
  { user, id }: NamedGroup,
  work: (knex: Knex, group: { userId: number, key: string }) => Promise<T>
): Promise<Exclude<T, undefined | false>> {
  requireId('ID', id)
  return withTables(settings, async (knex) => {
    const userId = await userIdOf(knex, user)
    try {
      const done = await work(knex, { userId, key: id })
      if (isDone(done)) return done
    } catch (error) {
      throw error instanceof Conflict ? new CommandError(error.message) : error
    }
    throw new CommandError(`${user} has no group of errors ${id}`)
  })
}

function isDone<T> (done: T): done is Exclude<T, undefined | false> {
  return done !== undefined && done !== false
}

export function requireId (name: string, id: string): void {
  if (!/^[0-9a-f]{16}$/.test(id)) throw new UsageError(`${name} must be the 16 hex digits that errors list prints`)
}

export async function userIdOf (knex: Knex, name: string): Promise<number> {
  const user = await usersOf(knex).find(name)
  if (!user) throw new CommandError(`there is no user ${name}`)
  return user.id
}
