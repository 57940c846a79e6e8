// What a channel is sent next.
import type { Knex } from 'knex'
import { millisecondsOf, utcTime, type UtcTime } from '../../model/instant.ts'
import { shift } from '../../model/span.ts'
import { findChannel, isPausedByUser, type StoredChannel } from '../channels/stored.ts'
import { composeAlert, composeDigest, messageIdOf } from './compose.ts'
import { nextSendMs } from './limits.ts'
import {
  claim, contentOf, defer, dueRows, giveUp, isSending, release, type Claimed, type Content, type WaitingRow
} from './rows.ts'
import { brokenLookMs } from './settle.ts'
import { readAlerts } from './stored-alert.ts'

/** How long an alert is tried, in milliseconds. */
const maxAgeMs = 24 * 3_600_000
/** Alerts that wait at the same time, and are told one by one; more are told in a digest. */
const maxSingle = 3
const expired = { cause: 'send.expired', reason: 'it could not be delivered within 24 hours' } as const
/** When a channel is looked at again whose message is under way, in milliseconds. */
const busyLookMs = 1000

/** What is sent next: a message that may have arrived as it was, or alerts in a new one. */
type Choice = { kind: 'again', message: string } | { kind: 'new', rows: readonly WaitingRow[] }

/** Claims what a channel is sent next; resolves to undefined where it is sent nothing now. */
export async function takeTurn (
  knex: Knex, channelId: number, by: string, now: UtcTime
): Promise<Claimed | undefined> {
  // First: its recent times show whether another sender sends meanwhile.
  const channel = await findChannel(knex, channelId)
  const rows = await withoutLost(knex, { channel, channelId }, await dueRows(knex, channelId, now), now)
  if (!channel || rows.length === 0) return undefined
  // A pause of the user lets tests through.
  const allowed = isPausedByUser(channel, now) ? rows.filter(({ kind }) => kind === 'test') : rows
  const until = await restsUntil(knex, { channel, passesPause: allowed !== rows && allowed.length > 0 }, now)
  if (until > now) {
    await defer(knex, channelId, rows, until)
    return undefined
  }
  const choice = choose(allowed)
  const content = choice.kind === 'again'
    ? await contentOf(knex, channelId, choice.message)
    : await compose(knex, channel, choice.rows)
  if (!content) {
    if (choice.kind === 'again') await release(knex, channelId, choice.message)
    return undefined
  }
  const alertIds = choice.kind === 'new' ? choice.rows.map(({ alertId }) => alertId) : undefined
  const isClaimed = await claim(knex, channel, { content, alertIds, by, now, nowMs: millisecondsOf(now) })
  return isClaimed ? { channel, content, mayRepeat: choice.kind === 'again' } : undefined
}

/** Gives up the rows that cannot be sent any more; resolves to the others. */
async function withoutLost (
  knex: Knex, { channel, channelId }: { channel: StoredChannel | undefined, channelId: number },
  rows: readonly WaitingRow[], now: UtcTime
): Promise<readonly WaitingRow[]> {
  if (!channel) {
    await giveUp(knex, channelId, rows, { cause: 'send.channel-deleted', reason: 'the channel was deleted' })
    return []
  }
  const user = await knex('users').where({ id: channel.userId }).first('disabled_at')
  if (!user || user.disabled_at !== null) {
    await giveUp(knex, channelId, rows, { cause: 'send.user-disabled', reason: 'the user is disabled' })
    return []
  }
  const oldest = shift(now, -maxAgeMs)
  const old = rows.filter(({ raisedAt }) => raisedAt <= oldest)
  const messages = new Set(old.flatMap(({ message }) => message ?? []))
  const isLost = ({ raisedAt, message }: WaitingRow) => (
    raisedAt <= oldest || (message !== null && messages.has(message))
  )
  await giveUp(knex, channelId, rows.filter(isLost), expired)
  return rows.filter((row) => !isLost(row))
}

/** The time before which a channel is sent nothing. */
async function restsUntil (
  knex: Knex, { channel, passesPause }: { channel: StoredChannel, passesPause: boolean }, now: UtcTime
): Promise<UtcTime> {
  if (!passesPause && channel.pausedUntil !== null && channel.pausedUntil > now) return channel.pausedUntil
  if (channel.state === 'broken') {
    const lookAt = shift(now, brokenLookMs)
    await knex('alert_channels').where({ id: channel.id, state: 'broken' }).update({ paused_until: lookAt })
    return lookAt
  }
  if (await isSending(knex, channel.id)) return shift(now, busyLookMs)
  return utcTime(nextSendMs(channel.recent, millisecondsOf(now)))
}

function choose (rows: readonly WaitingRow[]): Choice {
  const test = rows.find(({ kind, message }) => kind === 'test' && message === null)
  if (test) return { kind: 'new', rows: [test] }
  const fresh = rows.filter(({ message }) => message === null)
  const again = rows.filter(({ message }) => message !== null)
    .reduce<WaitingRow | undefined>((least, row) => !least || row.tries < least.tries ? row : least, undefined)
  // What was tried less goes first: a message that its receiver cannot bear must not hold up the others.
  const [oldest] = fresh
  if (again?.message != null && (!oldest || again.tries <= oldest.tries + 1)) {
    return { kind: 'again', message: again.message }
  }
  return { kind: 'new', rows: fresh.length > maxSingle ? fresh : fresh.slice(0, 1) }
}

async function compose (
  knex: Knex, channel: StoredChannel, rows: readonly WaitingRow[]
): Promise<Content | undefined> {
  const alerts = await readAlerts(knex, rows.map(({ alertId }) => alertId))
  const [row] = rows
  const [alert] = alerts
  if (!row || !alert) return undefined
  const id = messageIdOf(row.alertId, channel.id, row.tries)
  return alerts.length === 1 ? await composeAlert(knex, alert, id) : composeDigest(alerts, channel, id)
}
