// Channels, as their users make, change, test and delete them.
import type { Knex } from 'knex'
import { Conflict, NotFound } from '../../errors.ts'
import type { Actor } from '../../model/caller.ts'
import type { UtcTime } from '../../model/instant.ts'
import { audited } from '../../store/audit.ts'
import { stampOf } from '../../store/batches.ts'
import { dialectOf } from '../../store/dialects/index.ts'
import { raiseTest, type RaisedTest } from '../outbox/raise.ts'
import { ensureFirstRules } from '../rules/rules.ts'
import { secretsOf } from './channels.ts'
import { isPausedByUser, toChannel, type ChannelRow, type LineMode, type StoredChannel } from './stored.ts'
import { newSecret } from './webhook/sign.ts'
import type { WebhookTarget } from './webhook/webhook.ts'

/** Channels of a user. */
export const maxChannels = 50

type Target = Omit<WebhookTarget, 'secrets'>

/** A channel, by its user and name, and the person who changes it. */
export interface ChangedChannel {
  userId: number
  name: string
  by: Actor
}

export interface ChannelChanges {
  name?: string
  /** Nothing is sent before; null: it is tried again now; undefined: a pause by its user stays. */
  pausedUntil?: UtcTime | null
  /** Of a webhook. */
  target?: Target
  lines?: LineMode
  /** Whether messages are signed with a new secret, beside the one of before. */
  rotate: boolean
}

/** Lists channels, of one user or, undefined, of all, by name. */
export async function listChannels (knex: Knex, userId: number | undefined, limit: number): Promise<StoredChannel[]> {
  const query = knex('alert_channels').orderBy(['user_id', 'name']).limit(limit)
  const rows: ChannelRow[] = await (userId === undefined ? query : query.where('user_id', userId))
  return rows.map(toChannel)
}

/** A channel by its user and name. Throws NotFound. */
export async function ownChannel (knex: Knex, { userId, name }: ChangedChannel): Promise<StoredChannel> {
  const row: ChannelRow | undefined = await knex('alert_channels').where({ user_id: userId, name }).first()
  if (!row) throw new NotFound()
  return toChannel(row)
}

/**
 * Makes a webhook, and the first rules of a user without any; resolves to its secret.
 * Throws Conflict where the name is taken, or the user has too many.
 */
export async function makeWebhook (
  knex: Knex, { userId, name, by }: ChangedChannel, { target, lines }: { target: Target, lines: LineMode }
): Promise<string> {
  const secret = newSecret()
  const row = { user_id: userId, name, kind: 'webhook', target: JSON.stringify(target), secret, lines, pauses: 0 }
  const entry = { by, action: 'channel.make', detail: { channel: name, host: new URL(target.url).host, lines } }
  await refuseDuplicates(knex, audited(knex, entry, async (transaction) => {
    await transaction('alert_channels').insert({ ...row, state: 'ok', created_at: await stampOf(transaction) })
    const count = await transaction('alert_channels').where('user_id', userId).count({ count: '*' }).first()
    if (Number(count?.count) > maxChannels) throw new Conflict(`a user has at most ${maxChannels} channels`)
    const user = await transaction('users').where('id', userId).first('admin')
    await ensureFirstRules(transaction, { id: userId, admin: Boolean(user?.admin) })
    return 1
  }))
  return secret
}

/**
 * Changes a channel, and tries it again, unless its user has paused it; resolves to its new secret where it is rotated,
 * else to null. Throws Conflict where its new name is taken.
 */
export async function changeChannel (
  knex: Knex, { name, by }: ChangedChannel, channel: StoredChannel, changed: ChannelChanges
): Promise<string | null> {
  const { target, rotate, ...others } = changed
  const secret = rotate ? newSecret() : null
  const staysPaused = others.pausedUntil === undefined && isPausedByUser(channel, await stampOf(knex))
  const detail = { channel: name, ...target && { host: new URL(target.url).host }, ...others, rotate }
  await refuseDuplicates(knex, audited(knex, { by, action: 'channel.change', detail }, async (transaction) => (
    await apply(transaction, channel, {
      staysPaused,
      changes: {
        ...others.name !== undefined && { name: others.name },
        ...target && { target: JSON.stringify(target) },
        ...others.lines && { lines: others.lines },
        ...secret !== null && { secret: [secret, ...secretsOf(channel.secret).slice(0, 1)].join(' ') },
        ...others.pausedUntil != null && { state: 'paused', paused_until: others.pausedUntil }
      }
    })
  )))
  return secret
}

async function refuseDuplicates<T> (knex: Knex, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw dialectOf(knex).isDuplicate(error) ? new Conflict('there is a channel with this name already') : error
  }
}

/** Deletes a channel; false where there is none. Rules that named it alone go to all channels of the user. */
export async function deleteChannel (knex: Knex, { userId, name, by }: ChangedChannel): Promise<boolean> {
  return await audited(knex, { by, action: 'channel.delete', detail: { channel: name } }, async (transaction) => {
    const own = transaction('alert_channels').where({ user_id: userId, name })
    // Writes first: an embedded database needs that.
    if (await own.clone().update({ pauses: transaction.ref('pauses') }) === 0) return 0
    const row: ChannelRow = await own.clone().first()
    return await removeChannel(transaction, row)
  }) > 0
}

/** Deletes a channel, in a transaction that writes the audit; resolves to the number of deleted rows. */
export async function removeChannel (
  transaction: Knex, { id, user_id: userId }: Pick<ChannelRow, 'id' | 'user_id'>
): Promise<number> {
  await forgetInRules(transaction, userId, id)
  return await transaction('alert_channels').where({ id }).delete()
}

async function forgetInRules (transaction: Knex, userId: number, channelId: number): Promise<void> {
  const rules = await transaction('alert_rules')
    .where('user_id', userId).whereNotNull('channels').select('id', 'channels')
  for (const { id, channels } of rules) {
    const before: number[] = JSON.parse(channels)
    const others = before.filter((one) => one !== channelId)
    if (others.length === before.length) continue
    const left = others.length === 0 ? null : JSON.stringify(others)
    await transaction('alert_rules').where({ id }).update({ channels: left, revision: transaction.raw('revision + 1') })
  }
}

/**
 * Writes a test for a channel, which is tried at once even if it rests; a pause by its user goes on.
 * Throws Conflict while one is under way.
 */
export async function testChannel (
  knex: Knex, { name, by }: ChangedChannel, channel: StoredChannel
): Promise<RaisedTest> {
  const staysPaused = isPausedByUser(channel, await stampOf(knex))
  let raised: RaisedTest = { alertId: '', tries: 0 }
  await audited(knex, { by, action: 'channel.test', detail: { channel: name } }, async (transaction) => {
    const count = await apply(transaction, channel, { staysPaused, changes: {} })
    const test = await raiseTest(transaction, channel, await stampOf(transaction))
    if (!test) throw new Conflict('a test of this channel is under way: repeat the call when it has ended')
    raised = test
    return count
  })
  return raised
}

/** Changes a channel. Its rest ends, and what waited for that is looked at now, unless it is to stay paused. */
async function apply (
  transaction: Knex, channel: StoredChannel,
  { staysPaused, changes }: { staysPaused: boolean, changes: Partial<ChannelRow> }
): Promise<number> {
  const awake = staysPaused ? {} : { state: 'ok', paused_until: null }
  const row = transaction('alert_channels').where('id', channel.id)
  const count = await row.update({ pauses: 0, ...awake, ...changes })
  if (!staysPaused && channel.pausedUntil !== null) await sendNow(transaction, channel.id, channel.pausedUntil)
  return count
}

async function sendNow (transaction: Knex, channelId: number, pausedUntil: UtcTime): Promise<void> {
  await transaction('alert_outbox')
    .where({ channel_id: channelId, state: 'waiting', next_at: pausedUntil })
    .update({ next_at: await stampOf(transaction) })
}
