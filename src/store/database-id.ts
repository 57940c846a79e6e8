import { randomUUID } from 'node:crypto'
import type { Knex } from 'knex'
import { dialectOf } from './dialects/index.ts'

/** The key of the only row of `database_id`. */
const onlyRow = { number: 1 }

/** The random id of this database, which the first reader creates. A spool keeps it beside its logs. */
export async function databaseIdOf (knex: Knex): Promise<string> {
  const found = await knex('database_id').where(onlyRow).first()
  if (found) return found.id
  try {
    await knex('database_id').insert({ ...onlyRow, id: randomUUID() })
  } catch (error) {
    if (!dialectOf(knex).isDuplicate(error)) throw error
  }
  const { id } = await knex('database_id').where(onlyRow).first()
  return id
}
