import type { Knex } from 'knex'
import { severities } from '../src/model/record.ts'
import { createTable } from '../src/store/tables.ts'

/**
 * How many logs of each severity a user has in an hour, so that they need not be counted again: true
 * but for what batches created since `reached_at` touched. Up to `until` the hours after it have none.
 */
export async function up (knex: Knex): Promise<void> {
  await createTable(knex, 'hour_counts', (table) => {
    table.integer('user_id').unsigned().notNullable()
    table.datetime('hour', { precision: 6 }).notNullable()
    table.datetime('until', { precision: 6 }).notNullable()
    for (const severity of severities) table.integer(severity).unsigned().notNullable()
    table.primary(['user_id', 'hour'])
  }, { clustered: true })
  await createTable(knex, 'hour_counts_progress', (table) => {
    table.integer('id').unsigned().notNullable()
    table.datetime('reached_at', { precision: 6 }).notNullable()
    table.primary(['id'])
  }, { clustered: true })
}

export async function down (knex: Knex): Promise<void> {
  await knex.schema.dropTable('hour_counts_progress')
  await knex.schema.dropTable('hour_counts')
}
