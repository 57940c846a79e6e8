import type { Knex } from 'knex'
import { createTable } from '../src/store/tables.ts'

/** Users, who send and read logs. Names are case-sensitive; a credential is stored as its scrypt hash only. */
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
