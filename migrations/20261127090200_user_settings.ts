import type { Knex } from 'knex'
import { createTable } from '../src/store/tables.ts'

/** Settings that pages keep for a user, as one JSON: pages choose the names. */
export async function up (knex: Knex): Promise<void> {
  await createTable(knex, 'user_settings', (table) => {
    table.integer('user_id').unsigned().notNullable().primary()
    table.text('settings').notNullable()
    table.datetime('updated_at', { precision: 6 }).notNullable()
  })
}

export async function down (knex: Knex): Promise<void> {
  await knex.schema.dropTable('user_settings')
}
