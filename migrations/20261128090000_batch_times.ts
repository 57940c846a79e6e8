import type { Knex } from 'knex'

/**
 * `times`: where the logs of a batch are from times far apart, the ranges that they are in, as JSON:
 * `[["first_at", "last_at"], …]`. Null: they are between `first_at` and `last_at`.
 */
export async function up (knex: Knex): Promise<void> {
  await knex.schema.alterTable('ingest_batches', (table) => { table.text('times', 'mediumtext') })
}

export async function down (knex: Knex): Promise<void> {
  await knex.raw('ALTER TABLE ingest_batches DROP COLUMN times')
}
