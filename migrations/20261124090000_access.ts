import type { Knex } from 'knex'

/** Administrators, who see the logs of all users; and tokens that expire, for browser sessions. */
export async function up (knex: Knex): Promise<void> {
  await knex.schema.alterTable('users', (table) => { table.boolean('admin').notNullable().defaultTo(false) })
  await knex.schema.alterTable('tokens', (table) => { table.datetime('expires_at', { precision: 6 }) })
}

export async function down (knex: Knex): Promise<void> {
  await knex.schema.alterTable('tokens', (table) => { table.dropColumn('expires_at') })
  await knex.schema.alterTable('users', (table) => { table.dropColumn('admin') })
}
