import type { Knex } from 'knex'
import { createTable } from '../src/store/tables.ts'

/** Searches that users saved under a name. What only pages read of them is one JSON, so that it may grow. */
export async function up (knex: Knex): Promise<void> {
  await createTable(knex, 'saved_searches', (table) => {
    table.integer('user_id').unsigned().notNullable()
    table.string('name', 100).notNullable()
    table.boolean('shared').notNullable().index()
    table.integer('position').notNullable()
    table.text('content').notNullable()
    table.string('etag', 24).notNullable()
    table.datetime('updated_at', { precision: 6 }).notNullable()
    table.primary(['user_id', 'name'])
  }, { clustered: true })
}

export async function down (knex: Knex): Promise<void> {
  await knex.schema.dropTable('saved_searches')
}
