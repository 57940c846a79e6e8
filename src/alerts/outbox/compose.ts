// What a message says, from the rows at the time at which it is first sent.
import { createHash } from 'node:crypto'
import type { Knex } from 'knex'
import type { UtcTime } from '../../model/instant.ts'
import { isoTime } from '../../query/api-log.ts'
import { alertNumber } from '../alert.ts'
import type { AlertMessage, DigestEntry } from '../channels/channel.ts'
import type { StoredChannel } from '../channels/stored.ts'
import type { ErrorGroup, GroupState } from '../group.ts'
import type { MessageLinks } from '../page-links.ts'
import { changesOfGroup, findGroup, mergedGroups } from '../read.ts'
import { earlier, later } from '../tally.ts'
import { familiesOf, type Family } from './families.ts'
import type { Content } from './rows.ts'
import type { StoredAlert } from './stored-alert.ts'

/** Lines of a digest. */
const shownEntries = 10
/** Lines of logs that a message about one family quotes. */
const shownSamples = 3
/** States in which a user has seen to a group. */
const settledStates: ReadonlySet<GroupState> = new Set(['acknowledged', 'muted', 'resolved'])

/** The group of errors that an alert is about, with the errors of those that were merged into it. */
export async function groupOfAlert (knex: Knex, { userId, detail }: StoredAlert): Promise<ErrorGroup | undefined> {
  if (detail.groupKey === undefined) return undefined
  const own = await findGroup(knex, userId, detail.groupKey)
  const group = own?.mergedInto == null ? own : await findGroup(knex, userId, own.mergedInto)
  if (!group) return undefined
  const parts = await mergedGroups(knex, userId, [group.key])
  return parts.reduce((sum, part) => ({
    ...sum,
    logs: sum.logs + part.logs,
    firstAt: earlier(sum.firstAt, part.firstAt),
    lastAt: later(sum.lastAt, part.lastAt)
  }), group)
}

/** Whether a user has seen to a group: its message is not kept up to date any more. */
export function isSettled ({ state }: ErrorGroup): boolean {
  return settledStates.has(state)
}

/** Composes the message of one alert. */
export async function composeAlert (knex: Knex, alert: StoredAlert, id: string): Promise<Content> {
  const { kind, user, rule, detail } = alert
  const group = await groupOfAlert(knex, alert)
  const { logs, firstAt, lastAt, samples } = group ?? detail
  return {
    message: {
      id,
      thread: threadOf(`${alert.ruleId} ${alert.subject}`),
      number: alertNumber(alert.id),
      kind,
      title: detail.title,
      note: detail.note ?? null,
      user,
      rule: rule ?? '',
      process: group?.process ?? detail.process ?? null,
      level: group?.worst ?? detail.level ?? null,
      logs,
      first: timeOf(firstAt),
      last: timeOf(lastAt),
      state: group ? await stateOf(knex, group) : null,
      alerts: [],
      heldBack: 0,
      hasActions: group !== undefined && !isSettled(group)
    },
    samples,
    groupKey: group?.key
  }
}

/** Composes one message about several alerts. */
export function composeDigest (alerts: readonly StoredAlert[], { id: channelId }: StoredChannel, id: string): Content {
  const rules = new Set(alerts.map(({ rule }) => rule ?? ''))
  const times = alerts.flatMap(({ detail: { firstAt, lastAt } }) => [firstAt ?? [], lastAt ?? []].flat())
  const levels = new Set(alerts.map(({ detail }) => detail.level))
  const families = familiesOf(alerts)
  const entries = families.slice(0, shownEntries).map(entryOf)
  const [only] = families.length === 1 ? families : []
  return {
    message: {
      id,
      thread: threadOf(`digest ${channelId}`),
      number: alertNumber(alerts[0]?.id ?? '0'),
      kind: 'digest',
      title: only ? `${only.title} (${only.alerts.length} different)` : `${alerts.length} alerts`,
      note: null,
      user: alerts[0]?.user ?? '',
      rule: rules.size === 1 ? [...rules].join() : '',
      process: null,
      level: levels.has('critical') ? 'critical' : levels.has('error') ? 'error' : null,
      logs: alerts.reduce((sum, { detail }) => sum + detail.logs, 0),
      first: timeOf(times.length === 0 ? undefined : times.reduce(earlier)),
      last: timeOf(times.length === 0 ? undefined : times.reduce(later)),
      state: null,
      alerts: entries,
      heldBack: entries.reduce((left, entry) => left - entry.alerts, alerts.length),
      hasActions: false
    },
    samples: only ? only.alerts.slice(0, shownSamples).flatMap(({ detail: { samples: [first] } }) => first ?? []) : []
  }
}

function entryOf ({ title, alerts }: Family): DigestEntry {
  const logs = alerts.reduce((sum, { detail }) => sum + detail.logs, 0)
  return { number: alertNumber(alerts[0]?.id ?? '0'), title, logs, alerts: alerts.length }
}

/** The message to send, with its lines and links. */
export function messageOf (
  { message }: Content, { url, logsUrl }: MessageLinks, lines: string[], mayRepeat: boolean
): AlertMessage {
  return { ...message, url, logsUrl, lines, mayRepeat }
}

/** The id of a message: of its first alert, its channel, and the try at which it was composed. */
export function messageIdOf (alertId: string, channelId: number, tries: number): string {
  return [BigInt(alertId), channelId, tries].map((part) => part.toString(36)).join('-')
}

function threadOf (text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}

function timeOf (time: UtcTime | undefined): string | null {
  return time === undefined ? null : isoTime(time)
}

async function stateOf (knex: Knex, { userId, key, state }: ErrorGroup): Promise<string> {
  const [change] = await changesOfGroup(knex, userId, key, 1)
  return !change || change.changedBy === 'server' ? state : `${state} by ${change.changedBy}`
}
