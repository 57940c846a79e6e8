// What the outbox says to people: alerts with what became of each, and its state.
import type { Knex } from 'knex'
import { groupBy } from '../../model/group-by.ts'
import { millisecondsOf, type UtcTime } from '../../model/instant.ts'
import type { FailureCause } from '../channels/failures.ts'
import type { ChannelKind, ChannelState } from '../channels/stored.ts'
import type { RaisedTest } from './raise.ts'
import { readAlerts, type StoredAlert } from './stored-alert.ts'

/** What became of an alert on one channel. */
export interface Delivery {
  /** Null: the channel was deleted. */
  channel: string | null
  state: 'waiting' | 'sending' | 'sent' | 'given_up'
  tries: number
  mayRepeat: boolean
  triedAt: UtcTime | null
  /** Why the last try failed; null, too, where an earlier version noted the reason. */
  cause: FailureCause | null
  reason: string | null
}

export interface AlertSelection {
  /** Undefined: of all users. */
  userId: number | undefined
  /** Those that became so on a channel. */
  state?: Delivery['state']
  /** Those that were given up on a channel, or wait there after a failed try. */
  failed?: boolean
  /** Those that are older than this one. */
  before?: string
  limit: number
}

/** Lists alerts, the newest first. */
export async function listAlerts (
  knex: Knex, { userId, state, failed = false, before, limit }: AlertSelection
): Promise<Array<StoredAlert & { deliveries: Delivery[] }>> {
  const query = knex('alerts').select('id').orderBy('id', 'desc').limit(limit)
  if (userId !== undefined) query.where('user_id', userId)
  if (before !== undefined) query.where('id', '<', before)
  if (state !== undefined) query.whereIn('id', knex('alert_outbox').select('alert_id').where('state', state))
  if (failed) {
    const rows = knex('alert_outbox').select('alert_id').where('state', 'given_up')
    query.whereIn('id', rows.orWhere(knex.raw("state <> 'sent' AND reason IS NOT NULL")))
  }
  const ids = (await query).map(({ id }) => String(id))
  const deliveries = await deliveriesOf(knex, ids)
  const alerts = await readAlerts(knex, ids)
  return alerts.reverse().map((alert) => ({ ...alert, deliveries: deliveries.get(alert.id) ?? [] }))
}

/** Whether a message was given up, or waits after a failed try. */
export function hasFailed ({ state, reason }: Delivery): boolean {
  return state === 'given_up' || (state !== 'sent' && reason !== null)
}

async function deliveriesOf (knex: Knex, ids: readonly string[]): Promise<Map<string, Delivery[]>> {
  const rows = await knex('alert_outbox')
    .leftJoin('alert_channels', 'alert_channels.id', 'channel_id')
    .select('alert_outbox.*', { channel: 'alert_channels.name' })
    .whereIn('alert_id', [...ids]).orderBy(['alert_id', 'channel_id'])
  const byAlert = groupBy(rows, (row) => String(row.alert_id))
  return new Map([...byAlert].map(([id, ofAlert]) => [id, ofAlert.map(toDelivery)]))
}

function toDelivery (
  row: Omit<Delivery, 'mayRepeat' | 'triedAt'> & { may_repeat: unknown, claimed_at: UtcTime | null }
): Delivery {
  const { channel, state, tries, cause, reason } = row
  return { channel, state, tries, mayRepeat: Boolean(row.may_repeat), triedAt: row.claimed_at, cause, reason }
}

/** What has become of a test so far. */
export async function deliveryOfTest (knex: Knex, { alertId }: RaisedTest): Promise<Delivery | undefined> {
  return (await deliveriesOf(knex, [alertId])).get(alertId)?.[0]
}

/** State of the outbox of one channel. */
export interface ChannelHealth {
  channelId: number
  userId: number
  name: string
  kind: ChannelKind
  state: ChannelState
  waiting: number
  /** Age of the oldest alert that waits, in seconds; 0: none waits. */
  oldestSeconds: number
  /** Of those that wait: they may have arrived. */
  uncertain: number
  givenUp: number
}

/** The state of the outbox by channel, of one user or of all; channels where nothing waits and nothing is lost last. */
export async function readHealth (
  knex: Knex, { userId, now, limit }: { userId: number | undefined, now: UtcTime, limit: number }
): Promise<ChannelHealth[]> {
  const query = knex('alert_channels')
    .leftJoin('alert_outbox', (join) => {
      join.on('channel_id', 'alert_channels.id').onIn('alert_outbox.state', ['waiting', 'sending', 'given_up'])
    })
    .leftJoin('alerts', 'alerts.id', 'alert_id')
    .groupBy('alert_channels.id', 'alert_channels.user_id', 'name', 'alert_channels.kind', 'alert_channels.state')
    .select('alert_channels.id', 'alert_channels.user_id', 'name', 'alert_channels.kind', 'alert_channels.state')
    .select(knex.raw("SUM(CASE WHEN alert_outbox.state IN ('waiting', 'sending') THEN 1 ELSE 0 END) AS waiting"))
    .select(knex.raw("SUM(CASE WHEN alert_outbox.state = 'waiting' AND may_repeat THEN 1 ELSE 0 END) AS uncertain"))
    .select(knex.raw("SUM(CASE WHEN alert_outbox.state = 'given_up' THEN 1 ELSE 0 END) AS given_up"))
    .select(knex.raw("MIN(CASE WHEN alert_outbox.state IN ('waiting', 'sending') THEN raised_at END) AS oldest"))
    .orderBy('alert_channels.id').limit(limit)
  const rows = await (userId === undefined ? query : query.where('alert_channels.user_id', userId))
  return rows.map((row) => ({
    channelId: row.id,
    userId: row.user_id,
    name: row.name,
    kind: row.kind,
    state: row.state,
    waiting: Number(row.waiting),
    oldestSeconds: row.oldest === null ? 0 : Math.max(0, (millisecondsOf(now) - millisecondsOf(row.oldest)) / 1000),
    uncertain: Number(row.uncertain),
    givenUp: Number(row.given_up)
  }))
}

/** State of the outbox of all users. */
export interface OutboxState {
  waiting: number
  /** Of those that wait: they may have arrived. */
  uncertain: number
  givenUp: number
  /** Age of the oldest alert that waits, in seconds. */
  oldestSeconds: number
}

/** Reads the state of the outbox of all users. */
export async function readState (knex: Knex, now: UtcTime): Promise<OutboxState> {
  const waiting = await knex('alert_outbox').join('alerts', 'alerts.id', 'alert_id')
    .where('state', 'waiting')
    .select(knex.raw('COUNT(*) AS waiting, SUM(may_repeat) AS uncertain, MIN(raised_at) AS oldest')).first()
  const lost = await knex('alert_outbox').where('state', 'given_up').count({ count: '*' }).first()
  const oldest = waiting?.oldest ?? now
  return {
    waiting: Number(waiting?.waiting ?? 0),
    uncertain: Number(waiting?.uncertain ?? 0),
    givenUp: Number(lost?.count ?? 0),
    oldestSeconds: Math.max(0, millisecondsOf(now) - millisecondsOf(oldest)) / 1000
  }
}
