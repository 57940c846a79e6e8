// Buttons below alerts. Clients can send any data: it counts only with the signature of this bot, and where the message
// is an alert of a channel that the chat is linked to now.
import type { Knex } from 'knex'
import { shift } from '../../../model/span.ts'
import { beginAudit } from '../../../store/audit.ts'
import { stampOf } from '../../../store/batches.ts'
import type { AlertDetail } from '../../alert.ts'
import { changeState, type WantedState } from '../../changes.ts'
import { findGroup } from '../../read.ts'
import type { CallbackQuery } from './api.ts'
import { showAround } from './around.ts'
import { readButtonData, type ButtonAction } from './button-data.ts'
import { answerPress, type Afterwards, type BotContext, type Effect } from './context.ts'

/** How long the button mutes, in milliseconds. */
const muteMs = 3_600_000
const maxNoteCharacters = 100

/** An alert in the chat where a button was pressed. */
interface PressedAlert {
  id: string
  userId: number
  user: string
  detail: AlertDetail
}

interface Press extends CallbackQuery {
  action: ButtonAction
  alert: PressedAlert
  chat: string
}

/** The effect of a press; undefined where it changes nothing, and is only answered. */
export function effectOfPress (context: BotContext, query: CallbackQuery): Effect | undefined {
  const { message, data = '' } = query
  const button = readButtonData(context.client, data)
  if (message === undefined || button === undefined) return undefined
  const chat = String(message.chat.id)
  return async (transaction) => {
    const place = { chat, messageId: String(message.message_id) }
    const alert = await findAlert(transaction, button.alertId, place)
    if (!alert) return () => answerPress(context, query.id, 'This chat does not get these alerts any more.')
    const press = { ...query, action: button.action, alert, chat }
    return button.action === 'around'
      ? await around(context, transaction, press)
      : await change(context, transaction, press)
  }
}

/** Answers to a press without an effect. */
export function refusePress (context: BotContext, { id }: CallbackQuery): Afterwards {
  return () => answerPress(context, id, 'This button is not known any more.')
}

async function findAlert (
  transaction: Knex, id: string, { chat, messageId }: { chat: string, messageId: string }
): Promise<PressedAlert | undefined> {
  const row = await transaction('alert_outbox')
    .join('alert_channels', 'alert_channels.id', 'alert_outbox.channel_id')
    .join('alerts', 'alerts.id', 'alert_outbox.alert_id')
    .join('users', 'users.id', 'alert_channels.user_id')
    .where({ 'alert_outbox.alert_id': id, 'alert_outbox.message_id': messageId })
    .where({ 'alert_channels.kind': 'telegram', 'alert_channels.chat': chat })
    .where('alerts.user_id', transaction.ref('users.id')).whereNull('users.disabled_at')
    .first('alerts.user_id', 'users.username', 'alerts.detail')
  return row && { id, userId: row.user_id, user: row.username, detail: JSON.parse(row.detail) }
}

async function change (context: BotContext, transaction: Knex, press: Press): Promise<Afterwards> {
  const { id, from, action, alert: { userId, user, detail: { groupKey } } } = press
  const group = groupKey === undefined ? undefined : await findGroup(transaction, userId, groupKey)
  if (!group) return () => answerPress(context, id, 'There is no group of errors to change.')
  const key = group.mergedInto ?? group.key
  const wanted: WantedState = action === 'mute'
    ? { state: 'muted', untilAt: shift(await stampOf(transaction), muteMs), logs: null }
    : { state: 'acknowledged' }
  const by = { name: user }
  const note = `${from.first_name} in Telegram`.slice(0, maxNoteCharacters).toWellFormed()
  await changeState(transaction, { userId, key, by, source: 'telegram' }, wanted, note)
  await auditPress(transaction, 'error.state', press, { error: key, ...wanted })
  return () => answerPress(context, id, action === 'mute' ? 'Muted for an hour.' : 'Acknowledged.')
}

async function around (context: BotContext, transaction: Knex, press: Press): Promise<Afterwards> {
  const { id, chat, message, alert: { userId, detail: { samples: [sample] } } } = press
  // In a group nobody reads logs but those of the messages.
  if (message?.chat.type !== 'private') return () => answerPress(context, id, 'Logs are shown in private chats only.')
  if (!sample) return () => answerPress(context, id, 'There is no log to show.')
  await auditPress(transaction, 'telegram.context', press, { log: sample.id })
  return async () => {
    await answerPress(context, id, 'Here they are.')
    await showAround(context, { chat, userId, log: sample.id })
  }
}

async function auditPress (
  transaction: Knex, action: string, { alert, chat, from }: Press, detail: Record<string, unknown>
): Promise<void> {
  const about = { ...detail, alert: alert.id, chat, telegramUser: String(from.id) }
  await beginAudit(transaction, { by: { name: alert.user }, action, detail: about })
}
