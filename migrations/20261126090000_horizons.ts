import type { Knex } from 'knex'
import { createTable } from '../src/store/tables.ts'

/**
 * Each holder of a lease has a number of its own (`epoch`). And how many batches a follower took in within a window of
 * time (`followed_batches`): more of them later means that one appeared behind it.
 */
export async function up (knex: Knex): Promise<void> {
  await knex.schema.alterTable('leases', (table) => { table.bigInteger('epoch').unsigned().notNullable().defaultTo(0) })
  await createTable(knex, 'followed_batches', (table) => {
    table.string('follower', 32).notNullable()
    table.datetime('since_at', { precision: 6 }).notNullable()
    table.datetime('until_at', { precision: 6 }).notNullable()
    table.bigInteger('batches').unsigned().notNullable()
    table.primary(['follower'])
  }, { clustered: true })
}

export async function down (knex: Knex): Promise<void> {
  await knex.schema.dropTable('followed_batches')
  await knex.schema.alterTable('leases', (table) => { table.dropColumn('epoch') })
}
