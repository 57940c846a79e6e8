import type { Knex } from 'knex'
import { createTable } from '../src/store/tables.ts'

/** The columns of the counts. Not imported: a released migration depends on nothing that can change. */
const severities = ['debug', 'info', 'warning', 'error', 'critical']

/**
 * The number of a user's logs of each severity in an hour, so that they need not be counted again.
 *
 * A row is valid unless a batch created since `reached_at` touched its hour. The hours from the end of `hour` up to
 * `until` have no logs.
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
