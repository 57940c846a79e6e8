import type { Knex } from 'knex'

/**
 * The size of a dead letter's record in bytes, and, if it was cut, the SHA-256 of the whole record.
 *
 * The index finds a user's oldest dead letters, which are deleted first once there are too many.
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
  await knex.schema.alterTable('dead_letters', (table) => {
    table.dropIndex(['user_id', 'id'], 'dead_letters_user')
  })
  for (const column of ['record_bytes', 'record_sha256']) {
    await knex.raw(`ALTER TABLE dead_letters DROP COLUMN ${column}`)
  }
}
