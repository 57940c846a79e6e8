// Writing what became of a message.
import type { Knex } from 'knex'
import type { UtcTime } from '../../model/instant.ts'
import { shift } from '../../model/span.ts'
import { transact } from '../../store/retry.ts'
import { toReason } from '../../store/rows.ts'
import type { SendOutcome } from '../channels/channel.ts'
import { isPausedByUser, moveChat, unlessPausedByUser, type StoredChannel } from '../channels/stored.ts'
import { firstLookMs } from './living.ts'
import { waitingAgain, type Claimed } from './rows.ts'

/** Delays after a failed send, in milliseconds; the first doubles with each failure in a row, up to the second. */
const minRetryMs = 1000
const maxRetryMs = 600_000
/** Rests of a channel that refuses messages: Telegram refuses some for minutes by mistake. */
const restsMs = [60_000, 600_000, 3_600_000]
/** The longest rest that a receiver may ask for. */
const maxAskedMs = 3_600_000
/** A broken channel is not tried, but its alerts are looked at, until they are given up. */
export const brokenLookMs = 3_600_000

/** A failed send: anything but delivery. */
export type Failure = Exclude<SendOutcome, { kind: 'delivered' }>

export interface Settlement {
  /** The sender that claimed the rows. */
  by: string
  now: UtcTime
  /** Whether the channel can change the message. */
  canEdit: boolean
}

/** Writes the outcome of a message, in one transaction. */
export async function settle (
  knex: Knex, claimed: Claimed, outcome: SendOutcome, settlement: Settlement
): Promise<void> {
  await transact(knex, async (transaction) => {
    if (outcome.kind === 'delivered') await settleDelivered(transaction, claimed, outcome.messageId, settlement)
    else await settleFailed(transaction, claimed, outcome, settlement)
  })
}

async function settleDelivered (
  transaction: Knex, claimed: Claimed, messageId: string | null, { by, now, canEdit }: Settlement
): Promise<void> {
  const { channel, content: { message } } = claimed
  const isLiving = canEdit && messageId !== null && message.hasActions
  if (isLiving) await endEarlier(transaction, claimed)
  await rowsOf(transaction, claimed, by).update({
    state: 'sent',
    next_at: isLiving ? shift(now, firstLookMs) : null,
    claimed_by: null,
    content: null,
    message_id: messageId,
    told_logs: message.logs
  })
  await transaction('alert_channels').where({ id: channel.id }).update({ last_sent_at: now })
  await unlessPausedByUser(transaction, channel.id, now).update({ state: 'ok', paused_until: null, pauses: 0 })
}

/** Ends the earlier messages about the same group: only the last one is kept up to date. */
async function endEarlier (transaction: Knex, { channel, content: { message } }: Claimed): Promise<void> {
  const own = transaction('alert_outbox').select('alert_id').where({ channel_id: channel.id, message: message.id })
  const [about] = await transaction('alerts').select('rule_id', 'subject').whereIn('id', own)
  if (!about) return
  const same = transaction('alerts').select('id').where(about)
  await transaction('alert_outbox')
    .where({ channel_id: channel.id, state: 'sent' }).whereIn('alert_id', same).update({ next_at: null })
}

async function settleFailed (
  transaction: Knex, claimed: Claimed, failure: Failure, { by, now }: Settlement
): Promise<void> {
  const { channel, mayRepeat } = claimed
  const nextAt = await pauseChannel(transaction, channel, failure, now)
  const rows = rowsOf(transaction, claimed, by)
  const why = { cause: failure.cause, reason: toReason(failure.reason) }
  if (failure.kind === 'unknown') {
    await rows.update({ ...waitingAgain(nextAt), ...why })
  } else if (failure.then === 'giveUp') {
    await rows.update({ state: 'given_up', next_at: null, claimed_by: null, content: null, ...why })
  } else {
    const isFree = !mayRepeat
    await rows.update({
      state: 'waiting', next_at: nextAt, claimed_by: null, ...why, ...isFree && { message: null, content: null }
    })
  }
}

function rowsOf (transaction: Knex, { channel, content }: Claimed, by: string): Knex.QueryBuilder {
  return transaction('alert_outbox')
    .where({ channel_id: channel.id, message: content.message.id, state: 'sending', claimed_by: by })
}

/** Lets a channel rest after a failure; resolves to when it is tried again. */
export async function pauseChannel (
  transaction: Knex, channel: StoredChannel, failure: Failure, now: UtcTime
): Promise<UtcTime> {
  const row = transaction('alert_channels').where({ id: channel.id })
  const error = { last_error: toReason(failure.reason), last_error_cause: failure.cause, last_error_at: now }
  if (failure.kind === 'notDelivered') {
    if (failure.movedTo !== undefined && channel.chat !== null) {
      await moveChat(transaction, channel.chat, failure.movedTo)
      return now
    }
    if (failure.then === 'giveUp') {
      await row.update(error)
      return now
    }
    if (failure.then === 'broken') {
      const lookAt = shift(now, brokenLookMs)
      await row.update({ ...error, state: 'broken', paused_until: lookAt })
      return lookAt
    }
  }
  const until = shift(now, restMs(failure, channel.pauses))
  const state = failure.kind === 'notDelivered' && failure.then === 'pause' && { state: 'paused' }
  await row.update(error)
  await unlessPausedByUser(transaction, channel.id, now)
    .update({ ...state, paused_until: until, pauses: channel.pauses + 1 })
  if (failure.kind === 'notDelivered' && failure.retryAfterMs !== undefined && channel.chat !== null) {
    await pauseOthers(transaction, { kind: channel.kind, chat: channel.chat }, until)
  }
  // A test goes through the pause of a user once.
  return isPausedByUser(channel, now) ? channel.pausedUntil ?? until : until
}

/** Lets all channels rest that fulfil a condition, until a time at least. */
export async function pauseOthers (
  knex: Knex, which: Partial<Pick<StoredChannel, 'kind' | 'chat'>>, until: UtcTime
): Promise<void> {
  await knex('alert_channels').where(which)
    .where((rests) => { rests.whereNull('paused_until').orWhere('paused_until', '<', until) })
    .update({ paused_until: until })
}

function restMs (failure: Failure, failures: number): number {
  if (failure.kind === 'notDelivered') {
    if (failure.retryAfterMs !== undefined) return Math.min(failure.retryAfterMs, maxAskedMs)
    if (failure.then === 'pause') return restsMs.at(Math.min(failures, restsMs.length - 1)) ?? maxRetryMs
  }
  const most = Math.min(minRetryMs * 2 ** Math.min(failures, 20), maxRetryMs)
  return most * (0.75 + Math.random() / 4)
}
