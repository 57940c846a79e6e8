import type { Knex } from 'knex'
import { createTable } from '../src/store/tables.ts'

/** Accepted records that could not be stored as logs: kept whole, with the reason, until somebody looks at them. */
export async function up (knex: Knex): Promise<void> {
  await createTable(knex, 'dead_letters', (table) => {
    table.bigInteger('id').unsigned().notNullable()
    table.integer('user_id').unsigned()
    table.datetime('created_at', { precision: 6 }).notNullable()
    table.string('source', 32).notNullable()
    table.text('record', 'longtext').notNullable()
    table.string('reason', 255).notNullable()
    table.primary(['id'])
  }, { clustered: true })
}

export async function down (knex: Knex): Promise<void> {
  await knex.schema.dropTable('dead_letters')
}
