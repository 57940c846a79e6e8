import type { Knex } from 'knex'
import { createTable } from '../src/store/tables.ts'

/**
 * Hashes of the logs that tokens with `once` sent recently, written in the transaction that stores the log.
 *
 * A log that is sent again within the token's window, in whatever batch, is stored once. The 16 bytes of a hash begin
 * with the log's time, so that the hashes of one moment are adjacent in the key.
 */
export async function up (knex: Knex): Promise<void> {
  await knex.schema.alterTable('tokens', (table) => { table.integer('once_seconds').unsigned() })
  await createTable(knex, 'recent_logs', (table) => {
    table.integer('user_id').unsigned().notNullable()
    table.binary('log_hash', 16).notNullable()
    table.datetime('expires_at', { precision: 6 }).notNullable().index()
    table.primary(['user_id', 'log_hash'])
  }, { clustered: true })
}

export async function down (knex: Knex): Promise<void> {
  await knex.schema.dropTable('recent_logs')
  await knex.raw('ALTER TABLE tokens DROP COLUMN once_seconds')
}
