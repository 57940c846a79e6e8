// The table `alert_outbox`: reading, claiming and settling rows. A row is claimed, and that is committed, before its
// message is sent; what became of it is written afterwards.
//
//   waiting ──(claimed)──→ sending ──(delivered)──→ sent
//      ↑                      ├─(not delivered)──→ waiting, without its message
//      └──(24 hours)──┐       └─(unknown, or the process died)──→ waiting, to be sent again as it was, with a remark
//                 given_up
import type { Knex } from 'knex'
import type { UtcTime } from '../../model/instant.ts'
import { transact } from '../../store/retry.ts'
import type { AlertKind } from '../alert.ts'
import type { AlertMessage } from '../channels/channel.ts'
import type { FailureReason } from '../channels/failures.ts'
import type { StoredChannel } from '../channels/stored.ts'
import type { Sample } from '../tally.ts'
import { withTime } from './limits.ts'

/** Rows that are read, claimed or changed at once; a digest covers no more. */
const maxRowsAtOnce = 2000

/** A row that waits, and what decides about it. */
export interface WaitingRow {
  alertId: string
  kind: AlertKind
  raisedAt: UtcTime
  tries: number
  /** The message that may have told it already. */
  message: string | null
}

/** What a message says, as it is kept: lines of logs are read each time, so that deleted ones are not told. */
export interface Content {
  message: Omit<AlertMessage, 'lines' | 'mayRepeat' | 'url' | 'logsUrl'>
  samples: readonly Sample[]
  /** Of a group of errors. */
  groupKey?: string
}

/** A message that may be sent: its rows are claimed. */
export interface Claimed {
  channel: StoredChannel
  content: Content
  mayRepeat: boolean
}

/** Ids of channels that have rows to look at, apart from some. */
export async function dueChannels (knex: Knex, now: UtcTime, busy: readonly number[]): Promise<number[]> {
  const rows: Array<{ channel_id: number }> = await knex('alert_outbox')
    .distinct('channel_id')
    .where('state', 'waiting').where('next_at', '<=', now).whereNotIn('channel_id', busy)
    .limit(100)
  return rows.map(({ channel_id: id }) => id)
}

/** The rows of a channel that are due, the oldest first. */
export async function dueRows (knex: Knex, channelId: number, now: UtcTime): Promise<WaitingRow[]> {
  const rows = await knex('alert_outbox')
    .join('alerts', 'alerts.id', 'alert_id')
    .select('alert_id', 'kind', 'raised_at', 'tries', 'message')
    .where({ channel_id: channelId, state: 'waiting' }).where('next_at', '<=', now)
    .orderBy('alert_id').limit(maxRowsAtOnce)
  return rows.map((row) => ({
    alertId: String(row.alert_id),
    kind: row.kind,
    raisedAt: row.raised_at,
    tries: row.tries,
    message: row.message
  }))
}

/** Puts rows of a channel off. */
export async function defer (
  knex: Knex, channelId: number, rows: readonly WaitingRow[], nextAt: UtcTime
): Promise<void> {
  await waitingOf(knex, channelId, rows).update({ next_at: nextAt })
}

export async function giveUp (
  knex: Knex, channelId: number, rows: readonly WaitingRow[], { cause, reason }: FailureReason
): Promise<void> {
  if (rows.length === 0) return
  await waitingOf(knex, channelId, rows).update({ state: 'given_up', next_at: null, content: null, cause, reason })
}

function waitingOf (knex: Knex, channelId: number, rows: readonly WaitingRow[]): Knex.QueryBuilder {
  return knex('alert_outbox')
    .where({ channel_id: channelId, state: 'waiting' }).whereIn('alert_id', rows.map(({ alertId }) => alertId))
}

/** What is kept of a message that may have arrived. */
export async function contentOf (knex: Knex, channelId: number, message: string): Promise<Content | undefined> {
  const row = await knex('alert_outbox')
    .where({ channel_id: channelId, state: 'waiting', message }).whereNotNull('content').first('content')
  return row && JSON.parse(row.content)
}

/** Frees the alerts of a message whose first alert was deleted: they are told in another message. */
export async function release (knex: Knex, channelId: number, message: string): Promise<void> {
  await knex('alert_outbox').where({ channel_id: channelId, state: 'waiting', message }).update({ message: null })
}

/** Whether a message of the channel is under way, by any instance. */
export async function isSending (knex: Knex, channelId: number): Promise<boolean> {
  return await knex('alert_outbox').where({ channel_id: channelId, state: 'sending' }).first('alert_id') !== undefined
}

export interface Claim {
  content: Content
  /** Alerts of a new message; undefined: those that the message had before. */
  alertIds: readonly string[] | undefined
  by: string
  now: UtcTime
  nowMs: number
}

/**
 * Claims the rows of a message; false where another sender, or a change of the channel, came first.
 * The channel must have been read before `isSending`: its recent times are what is compared.
 */
export async function claim (
  knex: Knex, channel: StoredChannel, { content, alertIds, by, now, nowMs }: Claim
): Promise<boolean> {
  const message = content.message.id
  return await transact(knex, async (transaction) => {
    if (!await noteTime(transaction, channel, 'sends', nowMs)) return false
    const rows = transaction('alert_outbox').where({ channel_id: channel.id, state: 'waiting' })
    if (alertIds) rows.whereIn('alert_id', [...alertIds]).whereNull('message')
    else rows.where({ message })
    const claimed = { state: 'sending', message, claimed_by: by, claimed_at: now, next_at: null }
    const count = await rows.update({ ...claimed, tries: transaction.raw('tries + 1') })
    if (count === 0) return false
    if (alertIds) {
      const lead = transaction('alert_outbox').where({ channel_id: channel.id, alert_id: alertIds[0] })
      await lead.update({ content: JSON.stringify(content) })
    }
    return true
  })
}

/** Adds a time to the recent ones of a channel; false where it was changed since it was read. */
export async function noteTime (
  knex: Knex, { id, recent, recentText }: StoredChannel, kind: 'sends' | 'edits', nowMs: number
): Promise<boolean> {
  const rows = knex('alert_channels').where({ id, recent: recentText })
  return await rows.update({ recent: JSON.stringify(withTime(recent, kind, nowMs)) }) > 0
}

/** Rows that were claimed, and whose outcome was not written. */
export interface ClaimedRow {
  channelId: number
  message: string
  claimedBy: string
  claimedAt: UtcTime
}

export async function claimedMessages (knex: Knex): Promise<ClaimedRow[]> {
  const rows = await knex('alert_outbox')
    .distinct('channel_id', 'message', 'claimed_by', 'claimed_at').where('state', 'sending')
  return rows.map((row) => ({
    channelId: row.channel_id, message: row.message, claimedBy: row.claimed_by, claimedAt: row.claimed_at
  }))
}

/** Has a message sent again, with the remark that it may have arrived, unless its claim is another one by now. */
export async function takeBack (
  knex: Knex, { channelId, message, claimedBy, claimedAt }: ClaimedRow, nextAt: UtcTime
): Promise<void> {
  const claimed = { channel_id: channelId, message, claimed_by: claimedBy, claimed_at: claimedAt }
  await knex('alert_outbox').where({ ...claimed, state: 'sending' }).update(waitingAgain(nextAt))
}

/** Columns of a row whose message may have arrived. */
export function waitingAgain (nextAt: UtcTime) {
  return { state: 'waiting', may_repeat: true, next_at: nextAt, claimed_by: null }
}
