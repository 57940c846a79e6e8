import type { Knex } from 'knex'
import { createTable } from '../src/store/tables.ts'

/** Random 256-bit tokens of users. Being random, they need no slow hash: the SHA-256 finds the row. */
export async function up (knex: Knex): Promise<void> {
  await createTable(knex, 'tokens', (table) => {
    table.increments('id')
    table.integer('user_id').unsigned().notNullable().index()
    table.string('name', 100).notNullable()
    table.binary('token_hash', 32).notNullable().unique()
    table.string('scopes', 100).notNullable()
    table.datetime('created_at', { precision: 6 }).notNullable()
    table.datetime('last_used_at', { precision: 6 })
    table.datetime('revoked_at', { precision: 6 })
  })
}

export async function down (knex: Knex): Promise<void> {
  await knex.schema.dropTable('tokens')
}
