import type { Knex } from 'knex'
import { createTable } from '../src/store/tables.ts'

/** Clustered by its only key (user_id, log_event_at, id): one index serves writing, paging and retention. */
export async function up (knex: Knex): Promise<void> {
  await createTable(knex, 'user_logs', (table) => {
    table.integer('user_id').unsigned().notNullable()
    table.datetime('log_event_at', { precision: 6 }).notNullable()
    table.bigInteger('id').unsigned().notNullable()
    table.enum('log_level', ['debug', 'info', 'warning', 'error', 'critical']).notNullable()
    table.bigInteger('pid').unsigned().notNullable()
    table.string('p_name', 255).notNullable()
    table.string('p_description', 255).notNullable()
    table.text('log_msg', 'mediumtext').notNullable()
    table.datetime('post_time', { precision: 6 }).notNullable()
    table.json('attributes')
    table.primary(['user_id', 'log_event_at', 'id'])
  }, { clustered: true })
}

export async function down (knex: Knex): Promise<void> {
  await knex.schema.dropTable('user_logs')
}
