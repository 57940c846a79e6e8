// Messages that are kept up to date: the count of a group and the time of its last error are edited into its last
// message, until a user has seen to the group.
import type { Knex } from 'knex'
import { millisecondsOf, utcTime, type UtcTime } from '../../model/instant.ts'
import { shift } from '../../model/span.ts'
import { retryConflicts } from '../../store/retry.ts'
import type { SendOutcome } from '../channels/channel.ts'
import { findChannel, type StoredChannel } from '../channels/stored.ts'
import { composeAlert, groupOfAlert, isSettled } from './compose.ts'
import { nextEditMs } from './limits.ts'
import { noteTime, type Content } from './rows.ts'
import { readAlerts } from './stored-alert.ts'

/** When a message is first looked at, in milliseconds; later the more rarely, the longer nothing has changed. */
export const firstLookMs = 15_000
const maxLookMs = 60_000
/** How long a message is kept up to date, in milliseconds. */
const maxLifeMs = 24 * 3_600_000
/** Messages that are looked at in one run. */
const looksPerRun = 100

/** A message that was sent. */
interface SentRow {
  alertId: string
  channelId: number
  message: string
  messageId: string
  sentAt: UtcTime
  toldLogs: number
  editedAt: UtcTime | null
}

/** A change of a message that is to be made. */
export interface Edit {
  channel: StoredChannel
  row: Pick<SentRow, 'alertId' | 'messageId'>
  content: Content
  isLast: boolean
}

/** Finds messages to change, one of a channel at most; puts off those that need no change, or may not have one yet. */
export async function takeEdits (
  knex: Knex, now: UtcTime, { busy, most }: { busy: readonly number[], most: number }
): Promise<Edit[]> {
  const edits: Edit[] = []
  if (most === 0) return edits
  for (const row of await dueMessages(knex, now, busy)) {
    const isTaken = edits.some(({ channel }) => channel.id === row.channelId)
    const edit = isTaken ? undefined : await takeEdit(knex, row, now)
    if (edit) edits.push(edit)
    if (edits.length === most) break
  }
  return edits
}

async function dueMessages (knex: Knex, now: UtcTime, busy: readonly number[]): Promise<SentRow[]> {
  const rows = await knex('alert_outbox')
    .where('state', 'sent').where('next_at', '<=', now).whereNotIn('channel_id', [...busy])
    .orderBy(['next_at', 'edits']).limit(looksPerRun)
  return rows.map((row) => ({
    alertId: String(row.alert_id),
    channelId: row.channel_id,
    message: row.message,
    messageId: row.message_id,
    sentAt: row.claimed_at,
    toldLogs: Number(row.told_logs),
    editedAt: row.edited_at
  }))
}

async function takeEdit (knex: Knex, row: SentRow, now: UtcTime): Promise<Edit | undefined> {
  const channel = await findChannel(knex, row.channelId)
  const [alert] = await readAlerts(knex, [row.alertId])
  const group = alert && await groupOfAlert(knex, alert)
  if (!channel || !group || channel.state === 'broken' || row.sentAt < shift(now, -maxLifeMs)) {
    await lookAt(knex, row, null)
    return undefined
  }
  if (!isSettled(group) && group.logs === row.toldLogs) {
    const quietMs = millisecondsOf(now) - millisecondsOf(row.editedAt ?? row.sentAt)
    await lookAt(knex, row, shift(now, Math.min(Math.max(quietMs / 4, firstLookMs), maxLookMs)))
    return undefined
  }
  const nowMs = millisecondsOf(now)
  const allowedAt = utcTime(nextEditMs(channel.recent, nowMs))
  const until = channel.pausedUntil !== null && channel.pausedUntil > allowedAt ? channel.pausedUntil : allowedAt
  if (until > now || !await noteTime(knex, channel, 'edits', nowMs)) {
    await lookAt(knex, row, until)
    return undefined
  }
  return { channel, row, content: await composeAlert(knex, alert, row.message), isLast: isSettled(group) }
}

async function lookAt (
  knex: Knex, { alertId, channelId }: Pick<SentRow, 'alertId' | 'channelId'>, nextAt: UtcTime | null
): Promise<void> {
  const row = { alert_id: alertId, channel_id: channelId, state: 'sent' }
  await knex('alert_outbox').where(row).update({ next_at: nextAt })
}

/** Writes what became of a change. One that failed may be made again freely: it says the same. */
export async function settleEdit (knex: Knex, edit: Edit, outcome: SendOutcome, now: UtcTime): Promise<void> {
  const { channel, row: { alertId }, content: { message }, isLast } = edit
  const row = { alert_id: alertId, channel_id: channel.id, state: 'sent' }
  const isLost = outcome.kind === 'notDelivered' && outcome.then === 'giveUp'
  await retryConflicts(knex, async () => {
    await knex('alert_outbox').where(row).whereNotNull('next_at').update({
      next_at: isLost || (isLast && outcome.kind === 'delivered') ? null : shift(now, firstLookMs),
      ...outcome.kind === 'delivered' && { told_logs: message.logs, edits: knex.raw('edits + 1'), edited_at: now }
    })
  })
}
