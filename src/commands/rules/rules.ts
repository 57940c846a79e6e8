// What the commands about rules share.
import { rulesOf } from '../../alerts/rules/rules.ts'
import type { Rule } from '../../alerts/rules/rule.ts'
import { BadRequest, CommandError, Conflict, UsageError } from '../../errors.ts'
import { usersOf, type User } from '../../store/users.ts'
import type { Context } from '../context.ts'
import { withTables, type Knex } from '../database.ts'

/** A rule as a command names it. */
export interface NamedRule {
  user: string
  name: string
}

/** Does work on the rules of a user. */
export function onRules<T> (
  { settings }: Context, name: string, work: (knex: Knex, user: User) => Promise<T>
): Promise<T> {
  return withTables(settings, async (knex) => {
    const user = await usersOf(knex).find(name)
    if (!user) throw new CommandError(`there is no user ${name}`)
    try {
      return await work(knex, user)
    } catch (error) {
      if (error instanceof BadRequest) throw new UsageError(error.message)
      throw error instanceof Conflict ? new CommandError(error.message) : error
    }
  })
}

export async function findRule (knex: Knex, user: User, name: string): Promise<Rule> {
  const rule = await rulesOf(knex).find(user.id, name)
  if (!rule) throw new CommandError(`${user.name} has no rule ${name}; see: loggerbot rules list ${user.name}`)
  return rule
}
