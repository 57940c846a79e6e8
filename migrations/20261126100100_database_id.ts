import type { Knex } from 'knex'
import { createTable } from '../src/store/tables.ts'

/** A random id of this database, by which a spool knows where its logs belong. The first reader creates it. */
export async function up (knex: Knex): Promise<void> {
  await createTable(knex, 'database_id', (table) => {
    table.integer('number').unsigned().notNullable().primary()
    table.string('id', 36).notNullable()
  }, { clustered: true })
}

export async function down (knex: Knex): Promise<void> {
  await knex.schema.dropTable('database_id')
}
