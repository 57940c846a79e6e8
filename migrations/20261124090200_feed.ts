import type { Knex } from 'knex'
import { createTable } from '../src/store/tables.ts'

/**
 * What the tail follows: each batch says where its rows are, and each instance how far the batches
 * that it is storing go back, before which nothing new can appear.
 */
export async function up (knex: Knex): Promise<void> {
  await knex.schema.alterTable('ingest_batches', (table) => {
    table.bigInteger('first_id').unsigned().notNullable().defaultTo(0)
    table.integer('records').unsigned().notNullable().defaultTo(0)
    table.datetime('first_at', { precision: 6 })
    table.datetime('last_at', { precision: 6 })
  })
  await createTable(knex, 'instances', (table) => {
    table.string('id', 36).notNullable()
    table.datetime('seen_at', { precision: 6 }).notNullable()
    table.datetime('oldest_at', { precision: 6 }).notNullable()
    table.primary(['id'])
  }, { clustered: true })
}

export async function down (knex: Knex): Promise<void> {
  await knex.schema.dropTable('instances')
  await knex.schema.alterTable('ingest_batches', (table) => { table.dropColumns('first_id', 'records', 'first_at', 'last_at') })
}
