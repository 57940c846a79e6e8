import type { Knex } from 'knex'

/**
 * The version of the rules by which the word index was built: `wordRules` of `src/text/words.js`.
 *
 * Version 1 knew no words of scripts without spaces, and took escape sequences for letters. So the index is rebuilt,
 * and used once that is done.
 */
export async function up (knex: Knex): Promise<void> {
  await knex.schema.alterTable('word_progress', (table) => {
    table.integer('rules').unsigned().notNullable().defaultTo(1)
  })
  await knex('word_progress').delete()
  await knex('word_slices').truncate()
}

export async function down (knex: Knex): Promise<void> {
  await knex('word_progress').delete()
  await knex('word_slices').truncate()
  await knex.raw('ALTER TABLE word_progress DROP COLUMN rules')
}
