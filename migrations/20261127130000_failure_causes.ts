import type { Knex } from 'knex'

/** The cause of a failed send by a stable name, beside its sentence, so that the page says it in its language. */
export async function up (knex: Knex): Promise<void> {
  await knex.schema.alterTable('alert_outbox', (table) => { table.string('cause', 32) })
  await knex.schema.alterTable('alert_channels', (table) => { table.string('last_error_cause', 32) })
}

export async function down (knex: Knex): Promise<void> {
  await knex.raw('ALTER TABLE alert_channels DROP COLUMN last_error_cause')
  await knex.raw('ALTER TABLE alert_outbox DROP COLUMN cause')
}
