import type { Knex } from 'knex'
import { createTable } from '../src/store/tables.ts'

/**
 * Groups of errors: what the alerts know of the logs of level error and critical.
 *
 * `alert_progress` has one row: batches created before `reached_at` are counted in the groups. `steps` rises with each
 * transaction of the follower, so that a holder that lost its lease changes nothing. `alert_steps` names the batches
 * that were counted lately, by which one that appears late is found.
 */
export async function up (knex: Knex): Promise<void> {
  await createTable(knex, 'error_groups', (table) => {
    table.integer('user_id').unsigned().notNullable()
    table.binary('group_key', 8).notNullable()
    table.string('process', 255).notNullable()
    table.text('text').notNullable()
    table.enum('worst', ['error', 'critical']).notNullable()
    table.enum('state', ['new', 'ongoing', 'acknowledged', 'muted', 'resolved', 'regressed']).notNullable()
    // Since when it has its state, and the number of its logs then.
    table.datetime('state_at', { precision: 6 }).notNullable()
    table.bigInteger('state_logs').unsigned().notNullable()
    // A muted group is muted until this time, or until it has this many logs.
    table.datetime('until_at', { precision: 6 })
    table.bigInteger('until_logs').unsigned()
    table.bigInteger('logs').unsigned().notNullable()
    // By arrival, then by the time of the events.
    table.datetime('first_seen', { precision: 6 }).notNullable()
    table.datetime('last_seen', { precision: 6 }).notNullable()
    table.datetime('first_at', { precision: 6 }).notNullable()
    table.datetime('last_at', { precision: 6 }).notNullable()
    // The first log and the last two, as JSON: ids and times.
    table.string('samples', 255).notNullable()
    // The group that this one was merged into.
    table.binary('merged_into', 8)
    table.integer('changes').unsigned().notNullable()
    table.primary(['user_id', 'group_key'])
    table.index(['user_id', 'last_seen'])
    table.index(['state', 'last_seen'])
  }, { clustered: true })
  await createHistory(knex)
  await createProgress(knex)
}

async function createHistory (knex: Knex): Promise<void> {
  await createTable(knex, 'error_group_hours', (table) => {
    table.integer('user_id').unsigned().notNullable()
    table.binary('group_key', 8).notNullable()
    table.datetime('hour', { precision: 6 }).notNullable()
    table.bigInteger('logs').unsigned().notNullable()
    table.primary(['user_id', 'group_key', 'hour'])
  }, { clustered: true })
  await createTable(knex, 'error_group_changes', (table) => {
    table.integer('user_id').unsigned().notNullable()
    table.binary('group_key', 8).notNullable()
    table.integer('number').unsigned().notNullable()
    table.enum('state', ['new', 'ongoing', 'acknowledged', 'muted', 'resolved', 'regressed']).notNullable()
    table.datetime('changed_at', { precision: 6 }).notNullable()
    // Who changed it, and by what: a user by the API, or the server itself.
    table.string('changed_by', 64).notNullable()
    table.string('source', 16).notNullable()
    table.string('note', 255).notNullable()
    table.primary(['user_id', 'group_key', 'number'])
  }, { clustered: true })
}

async function createProgress (knex: Knex): Promise<void> {
  await createTable(knex, 'alert_progress', (table) => {
    table.integer('id').unsigned().notNullable()
    table.datetime('reached_at', { precision: 6 }).notNullable()
    table.bigInteger('steps').unsigned().notNullable()
    table.primary(['id'])
  }, { clustered: true })
  await createTable(knex, 'alert_steps', (table) => {
    table.datetime('from_at', { precision: 6 }).notNullable()
    table.datetime('to_at', { precision: 6 }).notNullable()
    table.integer('batches').unsigned().notNullable()
    table.specificType('names', 'mediumblob').notNullable()
    table.primary(['from_at'])
  }, { clustered: true })
}

export async function down (knex: Knex): Promise<void> {
  const tables = ['alert_steps', 'alert_progress', 'error_group_changes', 'error_group_hours', 'error_groups']
  for (const table of tables) await knex.schema.dropTable(table)
}
