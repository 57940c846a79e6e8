import type { Knex } from 'knex'
import { createTable } from '../src/store/tables.ts'

/** A record of deletions on request, written with each step of a deletion, and kept. */
export async function up (knex: Knex): Promise<void> {
  await createTable(knex, 'audit', (table) => {
    table.increments('id')
    table.datetime('created_at', { precision: 6 }).notNullable()
    table.string('caller', 100).notNullable()
    table.string('action', 32).notNullable()
    table.text('detail', 'mediumtext').notNullable()
    table.bigInteger('logs').unsigned().notNullable()
  })
}

export async function down (knex: Knex): Promise<void> {
  await knex.schema.dropTable('audit')
}
