import type { Knex } from 'knex'
import { createTable } from '../src/store/tables.ts'

/**
 * Retention of single users, and leases for the work that only one instance may do at a time.
 *
 * `retention_days` is null for the default. `expires_at` of a lease is in milliseconds since 1970.
 */
export async function up (knex: Knex): Promise<void> {
  await knex.schema.alterTable('users', (table) => { table.integer('retention_days').unsigned() })
  await createTable(knex, 'leases', (table) => {
    table.string('name', 64).notNullable().primary()
    table.string('holder', 64).notNullable()
    table.bigInteger('expires_at').unsigned().notNullable()
  })
}

export async function down (knex: Knex): Promise<void> {
  await knex.schema.dropTable('leases')
  await knex.schema.alterTable('users', (table) => { table.dropColumn('retention_days') })
}
