import type { Knex } from 'knex'
import { createTable } from '../src/store/tables.ts'

/**
 * Rules, what they have told (`alerts`), and its way to each channel (`alert_outbox`).
 *
 * An alert is written in the transaction that finds it, with a row of the outbox for each channel. A row is claimed
 * before it is sent, and its end is written afterwards: a process that dies between the two leaves a row in state
 * `sending`: its message may have arrived, so it is sent again with that remark.
 */
export async function up (knex: Knex): Promise<void> {
  await createChannels(knex)
  await createRules(knex)
  await createOutbox(knex)
  await createTelegram(knex)
}

async function createChannels (knex: Knex): Promise<void> {
  await createTable(knex, 'alert_channels', (table) => {
    table.increments('id')
    table.integer('user_id').unsigned().notNullable()
    table.string('name', 100).notNullable()
    table.enum('kind', ['telegram', 'webhook']).notNullable()
    // As JSON: the chat and topic, or the address and its template.
    table.text('target').notNullable()
    // Of telegram: the id of the chat, by which what is said there finds its channels.
    table.string('chat', 32).index()
    // Signs what a webhook gets.
    table.string('secret', 255)
    // Lines of logs in messages: none, without what varies, or as they are.
    table.enum('lines', ['none', 'masked', 'whole']).notNullable()
    table.enum('state', ['ok', 'paused', 'broken']).notNullable()
    // Nothing is sent before; `pauses` counts the failed sends in a row, by which it grows.
    table.datetime('paused_until', { precision: 6 })
    table.integer('pauses').unsigned().notNullable()
    // Times of the sends and edits of the last hour, as JSON; null: none. Its limits go by them.
    table.text('recent')
    table.string('last_error', 255)
    table.datetime('last_error_at', { precision: 6 })
    table.datetime('last_sent_at', { precision: 6 })
    table.datetime('created_at', { precision: 6 }).notNullable()
    table.unique(['user_id', 'name'])
  })
}

async function createRules (knex: Knex): Promise<void> {
  await createTable(knex, 'alert_rules', (table) => {
    table.increments('id')
    table.integer('user_id').unsigned().notNullable()
    table.string('name', 100).notNullable()
    table.enum('kind', ['match', 'count', 'group', 'silence', 'server']).notNullable()
    // As JSON; its shape depends on the kind.
    table.text('settings').notNullable()
    // As JSON: how often it may speak, and when it is quiet.
    table.text('telling').notNullable()
    // Ids of channels as JSON; null: all channels of the user.
    table.text('channels')
    table.boolean('is_enabled').notNullable()
    // Why it cannot be run; null: it can.
    table.string('fault', 255)
    // Rises with each change: who evaluates the rules sees by it that they changed.
    table.integer('revision').unsigned().notNullable()
    table.datetime('created_at', { precision: 6 }).notNullable()
    table.datetime('updated_at', { precision: 6 }).notNullable()
    table.unique(['user_id', 'name'])
  })
  await createTable(knex, 'alert_rule_states', (table) => {
    table.integer('rule_id').unsigned().notNullable()
    // The value of the rule's key, a group, or the empty text.
    table.string('subject', 255).notNullable()
    table.string('state', 16).notNullable()
    table.datetime('since_at', { precision: 6 }).notNullable()
    // When the rule must look at it again without any log.
    table.datetime('due_at', { precision: 6 }).index()
    table.text('detail').notNullable()
    table.primary(['rule_id', 'subject'])
  }, { clustered: true })
  // Problems of an instance while it has them; those that kept logs away excuse silence.
  await createTable(knex, 'alert_problems', (table) => {
    table.string('instance', 36).notNullable()
    table.string('kind', 16).notNullable()
    table.datetime('from_at', { precision: 6 }).notNullable()
    table.datetime('to_at', { precision: 6 }).notNullable().index()
    table.string('detail', 255).notNullable()
    table.primary(['instance', 'kind', 'from_at'])
  }, { clustered: true })
}

async function createOutbox (knex: Knex): Promise<void> {
  await createTable(knex, 'alerts', (table) => {
    table.bigIncrements('id')
    table.integer('user_id').unsigned().notNullable()
    table.integer('rule_id').unsigned().notNullable()
    table.string('subject', 255).notNullable()
    // Counts the alerts of a rule about a subject, so that none is written twice.
    table.integer('number').unsigned().notNullable()
    table.string('kind', 16).notNullable()
    table.datetime('raised_at', { precision: 6 }).notNullable()
    table.text('detail').notNullable()
    table.unique(['rule_id', 'subject', 'number'])
    table.index(['user_id', 'id'])
  })
  await createTable(knex, 'alert_outbox', (table) => {
    table.bigInteger('alert_id').unsigned().notNullable()
    table.integer('channel_id').unsigned().notNullable()
    table.enum('state', ['waiting', 'sending', 'sent', 'given_up']).notNullable()
    // When it is sent, or, of a message that was sent, looked at for an edit; null: never.
    table.datetime('next_at', { precision: 6 })
    table.integer('tries').unsigned().notNullable()
    table.string('claimed_by', 36)
    table.datetime('claimed_at', { precision: 6 })
    table.boolean('may_repeat').notNullable()
    // The message that tells it, by our id: several alerts may have one. It is sent again as it was.
    table.string('message', 26)
    // What the message says, as JSON, without lines of logs; with the first of its alerts.
    table.text('content')
    // The message by the channel's id.
    table.string('message_id', 64)
    // Number of logs that the message tells, and the edits that brought it there.
    table.bigInteger('told_logs').unsigned().notNullable()
    table.integer('edits').unsigned().notNullable()
    table.datetime('edited_at', { precision: 6 })
    table.string('reason', 255)
    table.primary(['alert_id', 'channel_id'])
    table.index(['state', 'next_at'])
    table.index(['channel_id', 'state'])
  }, { clustered: true })
}

async function createTelegram (knex: Knex): Promise<void> {
  await createTable(knex, 'telegram_codes', (table) => {
    table.binary('hash', 32).notNullable()
    table.integer('user_id').unsigned().notNullable()
    table.datetime('expires_at', { precision: 6 }).notNullable()
    table.primary(['hash'])
  }, { clustered: true })
  await createTable(knex, 'telegram_progress', (table) => {
    table.string('bot', 32).notNullable()
    table.bigInteger('next_update').unsigned().notNullable()
    table.primary(['bot'])
  }, { clustered: true })
}

export async function down (knex: Knex): Promise<void> {
  const tables = [
    'telegram_progress', 'telegram_codes', 'alert_outbox', 'alerts',
    'alert_problems', 'alert_rule_states', 'alert_rules', 'alert_channels'
  ]
  for (const table of tables) await knex.schema.dropTable(table)
}
