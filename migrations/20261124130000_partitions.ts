import type { Knex } from 'knex'
import { divideLogs, uniteLogs } from '../src/store/partitions.ts'

/** On MySQL the logs are divided by time, so that old ones can go at once, with their files. This copies the table; meanwhile new logs wait, or go to the spool. */
export async function up (knex: Knex): Promise<void> {
  await divideLogs(knex)
}

export async function down (knex: Knex): Promise<void> {
  await uniteLogs(knex)
}
