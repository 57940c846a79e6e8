import type { Knex } from 'knex'
import { createTable } from '../src/store/tables.ts'

/** The keys of recent batches, written in the transaction of their rows: they make it safe to retry a batch. */
export async function up (knex: Knex): Promise<void> {
  await createTable(knex, 'ingest_batches', (table) => {
    table.integer('user_id').unsigned().notNullable()
    table.binary('batch_key', 16).notNullable()
    table.datetime('created_at', { precision: 6 }).notNullable().index()
    table.primary(['user_id', 'batch_key'])
  }, { clustered: true })
}

export async function down (knex: Knex): Promise<void> {
  await knex.schema.dropTable('ingest_batches')
}
