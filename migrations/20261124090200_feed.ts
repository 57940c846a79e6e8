import type { Knex } from 'knex'
import { createTable } from '../src/store/tables.ts'

/**
 * What the tail follows. Each batch says where its rows are. Each instance says since when its oldest open batch is
 * being stored: no new batch can appear before that time.
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
  await knex.schema.alterTable('ingest_batches', (table) => {
    table.dropColumns('first_id', 'records', 'first_at', 'last_at')
  })
}
