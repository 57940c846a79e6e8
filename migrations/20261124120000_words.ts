import type { Knex } from 'knex'
import { createTable } from '../src/store/tables.ts'

/**
 * The word index: the fingerprints of the words in each block of a user's logs, and the progress of the indexing.
 *
 * The fingerprints of a block are divided into slices; a search for a word reads one slice of each block. In
 * `word_progress`, user 0 stands for new batches: those created before `reached_at` are indexed. The row of any other
 * user is about logs that were stored before the index existed: they are indexed up to `reached_at`, and the row is
 * deleted once all of them are.
 */
export async function up (knex: Knex): Promise<void> {
  await createTable(knex, 'word_slices', (table) => {
    table.integer('user_id').unsigned().notNullable()
    table.integer('slice').unsigned().notNullable()
    table.bigInteger('block_id').unsigned().notNullable()
    table.datetime('first_at', { precision: 6 }).notNullable()
    table.datetime('last_at', { precision: 6 }).notNullable()
    table.specificType('fingerprints', 'mediumblob').notNullable()
    table.primary(['user_id', 'slice', 'block_id'])
  }, { clustered: true })
  await createTable(knex, 'word_progress', (table) => {
    table.integer('user_id').unsigned().notNullable()
    table.datetime('reached_at', { precision: 6 }).notNullable()
    table.primary(['user_id'])
  }, { clustered: true })
}

export async function down (knex: Knex): Promise<void> {
  await knex.schema.dropTable('word_progress')
  await knex.schema.dropTable('word_slices')
}
