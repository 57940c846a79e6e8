// Rows of `alert_channels` that are chats of Telegram.
import type { Knex } from 'knex'
import { beginAudit } from '../../../store/audit.ts'
import { stampOf } from '../../../store/batches.ts'
import { firstCharacters } from '../../../text/cut.js'
import { maxChannels, removeChannel } from '../manage.ts'
import type { TelegramTarget } from './message.ts'

/** Characters of the name of a channel, without what tells equal ones apart. */
const maxNameCharacters = 80
const notInNames = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu

/** A user, as far as linking goes. */
export interface LinkingUser {
  id: number
  name: string
}

/** A chat, or a topic of one. */
export type Place = Pick<TelegramTarget, 'chat' | 'topic'>

/** Makes a chat a channel of a user, in a transaction; `full`: the user has too many. */
export async function linkChat (
  transaction: Knex, user: LinkingUser, target: TelegramTarget
): Promise<'linked' | 'known' | 'full'> {
  const own: Array<{ id: number, name: string, chat: string | null, target: string }> =
    await transaction('alert_channels').where('user_id', user.id).select('id', 'name', 'chat', 'target')
  const known = own.find((row) => row.chat === target.chat && isAt(row.target, target))
  if (known) {
    const fresh = { state: 'ok', paused_until: null, pauses: 0 }
    await transaction('alert_channels').where('id', known.id).update({ ...fresh, target: JSON.stringify(target) })
    return 'known'
  }
  if (own.length >= maxChannels) return 'full'
  const name = freeName(target, new Set(own.map((row) => row.name.toLowerCase())))
  await transaction('alert_channels').insert({
    user_id: user.id,
    name,
    kind: 'telegram',
    target: JSON.stringify(target),
    chat: target.chat,
    // In a group, not everybody may read the user's logs.
    lines: target.chat.startsWith('-') ? 'masked' : 'whole',
    state: 'ok',
    pauses: 0,
    created_at: await stampOf(transaction)
  })
  await auditLink(transaction, 'telegram.link', { user: user.name, channel: name, ...target })
  return 'linked'
}

/** Deletes the channels of a chat that a Telegram user has linked, in a transaction; resolves to the number of all. */
export async function unlinkChat (
  transaction: Knex, place: Place, linkedBy: string
): Promise<{ deleted: number, others: number }> {
  const rows = await transaction('alert_channels').join('users', 'users.id', 'alert_channels.user_id')
    .where({ kind: 'telegram', chat: place.chat })
    .select('alert_channels.id', 'alert_channels.user_id', 'alert_channels.name')
    .select('alert_channels.target', 'users.username')
  const here = rows.filter(({ target }) => isAt(target, place))
  const own = here.filter(({ target }) => targetOf(target).linkedBy === linkedBy)
  for (const { id, name, username, user_id: userId } of own) {
    await removeChannel(transaction, { id, user_id: userId })
    await auditLink(transaction, 'telegram.unlink', { user: username, channel: name, ...place, linkedBy })
  }
  return { deleted: own.length, others: here.length - own.length }
}

function targetOf (target: string): TelegramTarget {
  return JSON.parse(target)
}

function isAt (target: string, { topic }: Place): boolean {
  return targetOf(target).topic === topic
}

function freeName ({ title, topic }: TelegramTarget, taken: ReadonlySet<string>): string {
  const cleaned = firstCharacters(title.toWellFormed().replace(notInNames, '').trim(), maxNameCharacters)
  const name = `${cleaned === '' ? 'Telegram' : cleaned}${topic === undefined ? '' : ` ${topic}`}`
  let free = name
  for (let count = 2; taken.has(free.toLowerCase()); count++) free = `${name} ${count}`
  return free
}

async function auditLink (
  transaction: Knex, action: string, { user, linkedBy, ...detail }: Place & Record<string, unknown> & { user: string }
): Promise<void> {
  await beginAudit(transaction, { by: { name: user }, action, detail: { ...detail, telegramUser: linkedBy } })
}
