// The table `alert_channels`.
import type { Knex } from 'knex'
import type { UtcTime } from '../../model/instant.ts'
import type { FailureCause } from './failures.ts'
import { recentOf, type Recent } from '../outbox/limits.ts'

export type ChannelKind = 'telegram' | 'webhook'
/** Lines of logs in messages: none, without what varies, or as they are. */
export const lineModes = ['none', 'masked', 'whole'] as const
export type LineMode = typeof lineModes[number]
/** `paused`: it refused messages lately, and is tried again; `broken`: its owner must change it. */
export type ChannelState = 'ok' | 'paused' | 'broken'

/** A channel of a user, as it is stored. */
export interface StoredChannel {
  id: number
  userId: number
  name: string
  kind: ChannelKind
  /** JSON of the chat, or of the address. */
  target: string
  /** Of telegram: the id of the chat. */
  chat: string | null
  secret: string | null
  lines: LineMode
  state: ChannelState
  /** Nothing is sent before. */
  pausedUntil: UtcTime | null
  /** Failed sends in a row. */
  pauses: number
  recent: Recent
  /** Recent as it is stored: a send changes it, if no other did. */
  recentText: string | null
  lastError: string | null
  lastErrorCause: FailureCause | null
  lastErrorAt: UtcTime | null
  lastSentAt: UtcTime | null
  createdAt: UtcTime
}

/** A row of `alert_channels`. */
export interface ChannelRow {
  id: number
  user_id: number
  name: string
  kind: ChannelKind
  target: string
  chat: string | null
  secret: string | null
  lines: LineMode
  state: ChannelState
  paused_until: UtcTime | null
  pauses: number
  recent: string | null
  last_error: string | null
  last_error_cause: FailureCause | null
  last_error_at: UtcTime | null
  last_sent_at: UtcTime | null
  created_at: UtcTime
}

export function toChannel (row: ChannelRow): StoredChannel {
  return {
    id: row.id,
    userId: row.user_id,
    name: row.name,
    kind: row.kind,
    target: row.target,
    chat: row.chat,
    secret: row.secret,
    lines: row.lines,
    state: row.state,
    pausedUntil: row.paused_until,
    pauses: row.pauses,
    recent: recentOf(row.recent),
    recentText: row.recent,
    lastError: row.last_error,
    lastErrorCause: row.last_error_cause,
    lastErrorAt: row.last_error_at,
    lastSentAt: row.last_sent_at,
    createdAt: row.created_at
  }
}

/** Whether a user has paused a channel; a channel that rests after failed sends counts them. */
export function isPausedByUser ({ state, pauses, pausedUntil }: StoredChannel, now: UtcTime): boolean {
  return state === 'paused' && pauses === 0 && pausedUntil !== null && pausedUntil > now
}

/** The row of a channel, unless a user has paused it by now. */
export function unlessPausedByUser (knex: Knex, id: number, now: UtcTime): Knex.QueryBuilder {
  return knex('alert_channels').where({ id }).where((other) => {
    other.whereNot('state', 'paused').orWhere('pauses', '>', 0)
      .orWhereNull('paused_until').orWhere('paused_until', '<=', now)
  })
}

export async function findChannel (knex: Knex, id: number): Promise<StoredChannel | undefined> {
  const row: ChannelRow | undefined = await knex('alert_channels').where({ id }).first()
  return row && toChannel(row)
}

/** Gives the channels of a chat another id: a group of Telegram became a supergroup. */
export async function moveChat (transaction: Knex, from: string, to: string): Promise<void> {
  const rows: Array<Pick<ChannelRow, 'id' | 'target'>> =
    await transaction('alert_channels').where({ kind: 'telegram', chat: from }).select('id', 'target')
  for (const { id, target } of rows) {
    const moved = JSON.stringify({ ...JSON.parse(target), chat: to })
    await transaction('alert_channels').where({ id }).update({ chat: to, target: moved })
  }
}
