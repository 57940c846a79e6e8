import type { Knex } from 'knex'
import { createTable } from '../src/store/tables.ts'

/**
 * The index of words, which says where to look: of each block of a user's logs the fingerprints of
 * its words, in slices, of which a search reads one of each block. And how far it goes: user 0
 * stands for the batches that were created before `reached_at`, which are in it; others for the
 * history of a user from before the index, which is in it up to `reached_at`, until all of it is.
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
