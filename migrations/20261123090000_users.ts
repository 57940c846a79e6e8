import type { Knex } from 'knex'
import { createTable } from '../src/store/tables.ts'

/** Who may send and read logs. Names tell upper from lower case; of the credential only its scrypt hash is kept. */
export async function up (knex: Knex): Promise<void> {
  await createTable(knex, 'users', (table) => {
    table.increments('id')
    table.string('username', 100).notNullable().unique()
    table.string('tel_id', 100)
    table.string('credential', 255).notNullable()
    table.datetime('created_at', { precision: 6 }).notNullable()
    table.datetime('disabled_at', { precision: 6 })
  })
}

export async function down (knex: Knex): Promise<void> {
  await knex.schema.dropTable('users')
}
