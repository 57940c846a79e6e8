import type { Knex } from 'knex'
import { createTable } from '../src/store/tables.ts'

/**
 * Sessions of browsers, apart from the tokens of programs: their owner sees where each was begun, and when it was used.
 * Sessions were rows of `tokens` before: users sign in once more.
 */
export async function up (knex: Knex): Promise<void> {
  await createTable(knex, 'sessions', (table) => {
    table.increments('id')
    table.integer('user_id').unsigned().notNullable().index()
    table.integer('token_id').unsigned()
    table.binary('session_hash', 32).notNullable().unique()
    table.string('scopes', 100).notNullable()
    table.datetime('created_at', { precision: 6 }).notNullable()
    table.datetime('last_used_at', { precision: 6 }).notNullable()
    table.datetime('expires_at', { precision: 6 }).notNullable().index()
    table.string('address', 64).notNullable()
    table.string('user_agent', 200).notNullable()
  })
  await knex('tokens').where('scopes', 'like', '%account%').delete()
}

export async function down (knex: Knex): Promise<void> {
  await knex.schema.dropTable('sessions')
}
