import { alertNumber } from '../alerts/alert.ts'
import type { FailureCause } from '../alerts/channels/failures.ts'
import { hasFailed, listAlerts, type Delivery } from '../alerts/outbox/history.ts'
import type { StoredAlert } from '../alerts/outbox/stored-alert.ts'
import { UsageError } from '../errors.ts'
import { isoTime } from '../query/api-log.ts'
import { printableJson, printableLine } from '../query/format.ts'
import type { Context } from './context.ts'
import { withTables } from './database.ts'
import { userIdOf } from './errors/group.ts'
import { tableLines } from './table.ts'

export interface AlertsOptions {
  failed?: boolean
  owner?: string
  lines?: string
  json?: boolean
}

const maxAlerts = 200

/** What to do about each cause; docs/alerts.md has the same sentences. */
export const remedies: Record<FailureCause, string> = {
  'send.unreachable': 'check the address, and that the server reaches its host',
  'send.unanswered': 'look into the receiver\'s log: it may have got the message',
  'send.busy': 'nothing; if it stays so, send fewer alerts, by rules with a longer cool-down',
  'send.refused': 'check the token or key of the channel, and what the reason says',
  'send.message-refused': 'check that the channel has the template of its service',
  'send.gone': 'make a new address at the receiver, and give it to the channel',
  'send.redirected': 'give the channel the address to which it is redirected',
  'send.address-forbidden': 'if the server may send there, add the host to LOGGER_ALERT_TARGETS',
  'send.address-invalid': 'correct the address of the channel',
  'send.blocked': 'add the bot to the chat again, or unblock it, and then test the channel',
  'send.chat-unavailable': 'let the bot write in the chat, or link another one',
  'send.moved': 'nothing: the next message goes to the supergroup',
  'send.no-bot': 'set LOGGER_TELEGRAM_TOKEN and restart the server',
  'send.failed': 'look into the server\'s own log',
  'send.expired': 'see the channel\'s last error: on the page, or at /api/channels',
  'send.channel-deleted': 'nothing, if the channel was deleted on purpose',
  'send.user-disabled': 'nothing, or enable the user: loggerbot user enable NAME'
}

/** An alert on one channel. */
interface Message {
  alert: StoredAlert
  delivery: Delivery
}

/** Lists alerts, the newest first, with a line for each channel. */
export async function listDeliveries (
  { settings, print }: Context, { failed = false, owner, lines = '50', json = false }: AlertsOptions
): Promise<void> {
  if (!/^[1-9]\d{0,2}$/.test(lines) || Number(lines) > maxAlerts) {
    throw new UsageError(`--lines must be a whole number, 1 to ${maxAlerts}`)
  }
  const alerts = await withTables(settings, async (knex) => {
    const userId = owner === undefined ? undefined : await userIdOf(knex, owner)
    return await listAlerts(knex, { userId, failed, limit: Number(lines) })
  })
  const messages = alerts.flatMap(({ deliveries, ...alert }) => deliveries
    .filter((delivery) => !failed || hasFailed(delivery))
    .map((delivery) => ({ alert, delivery })))
  const printed = json ? messages.map(toJson) : [...tableOf(messages), ...remediesFor(messages)]
  for (const line of printed) print(line)
}

function toJson ({ alert, delivery }: Message): string {
  const { id, user, rule, kind, raisedAt, detail: { title } } = alert
  const { channel, state, tries, mayRepeat, triedAt, cause, reason } = delivery
  return printableJson(JSON.stringify({
    number: alertNumber(id),
    user,
    rule,
    kind,
    at: isoTime(raisedAt),
    title,
    channel,
    state,
    tries,
    mayRepeat,
    tried: triedAt === null ? null : isoTime(triedAt),
    cause,
    reason,
    remedy: remedyOf(cause)
  }))
}

function tableOf (messages: readonly Message[]): string[] {
  return tableLines([
    ['NUMBER', 'TIME (UTC)', 'USER', 'CHANNEL', 'STATE', 'TRIES', 'CAUSE', 'REASON'],
    ...messages.map(({ alert: { id, raisedAt, user }, delivery: { channel, state, tries, cause, reason } }) => [
      alertNumber(id),
      raisedAt.slice(0, 19),
      printableLine(user),
      printableLine(channel ?? '(deleted)'),
      state,
      tries,
      cause ?? '',
      printableLine(reason ?? '')
    ])
  ])
}

function remediesFor (messages: readonly Message[]): string[] {
  const causes = [...new Set(messages.map(({ delivery: { cause } }) => cause))]
  const rows = causes.flatMap((cause) => cause === null ? [] : [[cause, remedyOf(cause) ?? '']])
  return rows.length === 0 ? [] : ['', ...tableLines([['CAUSE', 'WHAT TO DO'], ...rows])]
}

/** Null without a cause, and for a cause that a newer version noted. */
function remedyOf (cause: string | null): string | null {
  return Object.entries(remedies).find(([known]) => known === cause)?.[1] ?? null
}
