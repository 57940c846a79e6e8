import { randomUUID } from 'node:crypto'
import type { Knex } from 'knex'
import { dialectOf } from './dialects/index.ts'

const row = { number: 1 }

/** The random id of this database, which the first who asks makes up: a spool keeps it beside its logs. */
export async function databaseIdOf (knex: Knex): Promise<string> {
  const found = await knex('database_id').where(row).first()
  if (found) return found.id
  try {
    await knex('database_id').insert({ ...row, id: randomUUID() })
  } catch (error) {
    if (!dialectOf(knex).isDuplicate(error)) throw error
  }
  return (await knex('database_id').where(row).first()).id
}
