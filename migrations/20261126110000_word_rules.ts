import type { Knex } from 'knex'

/**
 * By which rules the index of words was made, as `wordRules` of `src/text.js` counts them. Those of before (1) knew no words
 * of scripts without blanks and took escape sequences for letters: the index is made anew, and asked once it is.
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
