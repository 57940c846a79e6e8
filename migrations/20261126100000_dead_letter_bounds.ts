import type { Knex } from 'knex'

/**
 * A dead letter is of bounded size: how long the record was in bytes, and, where it is cut, the SHA-256 of the whole. The index finds
 * a user's oldest, which go first once they have too many.
 */
export async function up (knex: Knex): Promise<void> {
  await knex.schema.alterTable('dead_letters', (table) => {
    table.bigInteger('record_bytes').unsigned().notNullable().defaultTo(0)
    table.string('record_sha256', 64)
    table.index(['user_id', 'id'], 'dead_letters_user')
  })
  await knex.raw('UPDATE dead_letters SET record_bytes = OCTET_LENGTH(record)')
}

export async function down (knex: Knex): Promise<void> {
  await knex.schema.alterTable('dead_letters', (table) => { table.dropIndex(['user_id', 'id'], 'dead_letters_user') })
  for (const column of ['record_bytes', 'record_sha256']) await knex.raw(`ALTER TABLE dead_letters DROP COLUMN ${column}`)
}
