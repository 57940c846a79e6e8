import type { Knex } from 'knex'

/**
 * `merged_logs`: logs of the groups of errors that were merged into a group. `state_logs` and `until_logs` count them
 * from now on, so that errors of all of them end a mute or an acknowledgement.
 */
export async function up (knex: Knex): Promise<void> {
  await knex.schema.alterTable('error_groups', (table) => {
    table.bigInteger('merged_logs').unsigned().notNullable().defaultTo(0)
  })
  const merged: Array<{ user_id: number, merged_into: Buffer, logs: number | string }> = await knex('error_groups')
    .whereNotNull('merged_into')
    .groupBy('user_id', 'merged_into').select('user_id', 'merged_into').sum({ logs: 'logs' })
  for (const { user_id: userId, merged_into: key, logs } of merged) {
    await knex('error_groups').where({ user_id: userId, group_key: key }).update({
      merged_logs: logs,
      state_logs: knex.raw('state_logs + ?', [logs]),
      until_logs: knex.raw('until_logs + ?', [logs])
    })
  }
}

export async function down (knex: Knex): Promise<void> {
  await knex.raw('ALTER TABLE error_groups DROP COLUMN merged_logs')
}
