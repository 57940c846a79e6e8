// Writing the tables `alerts` and `alert_outbox`.
import type { Knex } from 'knex'
import { groupBy } from '../../model/group-by.ts'
import type { UtcTime } from '../../model/instant.ts'
import { shift } from '../../model/span.ts'
import type { NewAlert } from '../alert.ts'
import type { StoredChannel } from '../channels/stored.ts'
import { later } from '../tally.ts'

/** Rule of alerts that no rule has raised: tests. */
export const noRule = 0
/** Rows of one statement. */
const rowsPerStatement = 200
/** How long an alert waits for others that are found at the same time, in milliseconds: errors come in swarms. */
const bundlingMs = 1000

/**
 * Writes alerts, each with a row of the outbox for each channel of its rule.
 * An alert with the rule, subject and number of an earlier one is left out. A rule without channels of its own, or that
 * is unknown, has all channels of the user.
 */
export async function raiseAlerts (transaction: Knex, alerts: readonly NewAlert[], now: UtcTime): Promise<void> {
  for (let at = 0; at < alerts.length; at += rowsPerStatement) {
    const fresh = await freshOf(transaction, alerts.slice(at, at + rowsPerStatement))
    if (fresh.length > 0) await write(transaction, fresh, now)
  }
}

async function write (transaction: Knex, alerts: readonly NewAlert[], now: UtcTime): Promise<void> {
  await transaction('alerts').insert(alerts.map(toRow)).onConflict(['rule_id', 'subject', 'number']).ignore()
  const ids = await idsOf(transaction, alerts)
  const channels = await channelsOf(transaction, alerts)
  const rows = alerts.flatMap((alert) => {
    const alertId = ids.get(nameOf(alert))
    if (alertId === undefined) return []
    const nextAt = later(shift(now, bundlingMs), alert.notBefore ?? now)
    return channels(alert).map((channelId) => outboxRow({ alertId, channelId, nextAt }))
  })
  await insertOutbox(transaction, rows)
}

async function insertOutbox (transaction: Knex, rows: ReadonlyArray<ReturnType<typeof outboxRow>>): Promise<void> {
  for (let at = 0; at < rows.length; at += rowsPerStatement) {
    const some = rows.slice(at, at + rowsPerStatement)
    await transaction('alert_outbox').insert(some).onConflict(['alert_id', 'channel_id']).ignore()
  }
}

/** A test of a channel. */
export interface RaisedTest {
  alertId: string
  /** Tries before this one. */
  tries: number
}

/** Writes a test for a channel, or has one that waits sent now; undefined while one is under way. */
export async function raiseTest (
  transaction: Knex, { id: channelId, userId, name }: Pick<StoredChannel, 'id' | 'userId' | 'name'>, now: UtcTime
): Promise<RaisedTest | undefined> {
  const about = { rule_id: noRule, subject: String(channelId) }
  const last = await transaction('alerts').where(about).orderBy('number', 'desc').first('id', 'number')
  const row = last && transaction('alert_outbox').where({ alert_id: last.id, channel_id: channelId })
  const before = await row?.clone().first('state', 'tries')
  if (before?.state === 'sending') return undefined
  if (before?.state === 'waiting') {
    await row.clone().update({ next_at: now })
    return { alertId: String(last.id), tries: before.tries }
  }
  const number = (last?.number ?? 0) + 1
  const detail = { title: `Test of ${name}`, logs: 0, samples: [] }
  const test: NewAlert = { userId, ruleId: noRule, subject: about.subject, number, kind: 'test', at: now, detail }
  await transaction('alerts').insert(toRow(test))
  const alertId = (await idsOf(transaction, [test])).get(nameOf(test))
  if (alertId === undefined) return undefined
  await insertOutbox(transaction, [outboxRow({ alertId, channelId, nextAt: now })])
  return { alertId, tries: 0 }
}

/** A row of the outbox that waits to be sent. */
function outboxRow ({ alertId, channelId, nextAt }: { alertId: string, channelId: number, nextAt: UtcTime }) {
  return {
    alert_id: alertId,
    channel_id: channelId,
    state: 'waiting',
    next_at: nextAt,
    tries: 0,
    may_repeat: false,
    told_logs: 0,
    edits: 0
  }
}

/** The alerts that were not written before, each once. */
async function freshOf (transaction: Knex, alerts: readonly NewAlert[]): Promise<NewAlert[]> {
  const known = await idsOf(transaction, alerts)
  const fresh = new Map(alerts.map((alert) => [nameOf(alert), alert]))
  return [...fresh].flatMap(([name, alert]) => known.has(name) ? [] : [alert])
}

/** Ids of the stored ones among some alerts, by `nameOf`. */
async function idsOf (transaction: Knex, alerts: readonly NewAlert[]): Promise<Map<string, string>> {
  const rows: Array<{ id: number | string, rule_id: number, subject: string, number: number }> =
    await transaction('alerts')
      .select('id', 'rule_id', 'subject', 'number')
      .whereIn(['rule_id', 'subject', 'number'], alerts.map(({ ruleId, subject, number }) => [ruleId, subject, number]))
  return new Map(rows.map(({ id, rule_id: ruleId, subject, number }) => (
    [nameOf({ ruleId, subject, number }), String(id)]
  )))
}

function nameOf ({ ruleId, subject, number }: Pick<NewAlert, 'ruleId' | 'subject' | 'number'>): string {
  return `${ruleId} ${number} ${subject}`
}

/** Finds the channels of some alerts; resolves to a function that gives those of one. */
async function channelsOf (
  transaction: Knex, alerts: readonly NewAlert[]
): Promise<(alert: NewAlert) => number[]> {
  const channels: Array<{ id: number, user_id: number }> = await transaction('alert_channels')
    .select('id', 'user_id').whereIn('user_id', [...new Set(alerts.map(({ userId }) => userId))]).orderBy('id')
  const ofUsers = groupBy(channels, (channel) => channel.user_id)
  const rules: Array<{ id: number, channels: string | null }> = await transaction('alert_rules')
    .select('id', 'channels').whereIn('id', [...new Set(alerts.map(({ ruleId }) => ruleId))])
  const chosen = new Map(rules.map((rule) => [rule.id, rule.channels === null ? undefined : idsIn(rule.channels)]))
  return ({ userId, ruleId }) => {
    const own = (ofUsers.get(userId) ?? []).map(({ id }) => id)
    const some = chosen.get(ruleId)
    return some ? own.filter((id) => some.has(id)) : own
  }
}

function idsIn (json: string): Set<number> {
  return new Set(JSON.parse(json))
}

function toRow ({ userId, ruleId, subject, number, kind, at, detail }: NewAlert) {
  return { user_id: userId, rule_id: ruleId, subject, number, kind, raised_at: at, detail: JSON.stringify(detail) }
}
