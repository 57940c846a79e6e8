import type { Knex } from 'knex'
import { createTable } from '../src/store/tables.ts'

/**
 * A number for each holder of a lease (`epoch`), and the batches that a follower has processed (`followed_batches`).
 *
 * If more batches are found later in a follower's window of time, one of them appeared behind the follower.
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
