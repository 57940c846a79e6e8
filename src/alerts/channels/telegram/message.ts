import type { AlertMessage, Channel, SendOutcome } from '../channel.ts'
import { headings, listed } from '../wording.ts'
import type { Button, OutgoingText } from './api.ts'
import { buttonData, type ButtonAction } from './button-data.ts'
import type { TelegramClient } from './client.ts'
import { outcomeOf } from './outcome.ts'
import { TextBuilder } from './text.ts'

/** The chat of a channel, as `alert_channels.target` has it. */
export interface TelegramTarget {
  /** Id of the chat: below 0 for groups. */
  chat: string
  /** Of a supergroup with topics. */
  topic?: number
  /** Name of the chat when it was linked. */
  title: string
  /** Id of the Telegram user who linked it. */
  linkedBy: string
}

/** Longer texts reach Telegram's limits sooner. */
const maxMessageUnits = 700
/** UTF-16 units of the parts, so that lines of logs have room. */
const maxUnits = { title: 200, note: 150, process: 60, state: 60, rule: 80 }
/** Below this a line says too little. */
const minLineUnits = 20
/** Telegram keeps a hundred entities of a text: what has none would be clickable. */
const maxLines = 20
/** Room for the number of alerts that are not shown. */
const unitsOfMore = 16

/** A chat of Telegram that takes alerts. */
export function telegramChannel (client: TelegramClient, target: TelegramTarget): Channel {
  const contentOf = (message: AlertMessage) => {
    const buttons = buttonsOf(client, target, message)
    return {
      chat_id: target.chat,
      ...textOf(message),
      link_preview_options: { is_disabled: true as const },
      ...buttons.length > 0 && { reply_markup: { inline_keyboard: buttons } }
    }
  }
  return {
    async send (message, signal): Promise<SendOutcome> {
      const topic = target.topic !== undefined && { message_thread_id: target.topic }
      const reply = await client.call('sendMessage', { ...contentOf(message), ...topic }, { signal })
      return outcomeOf(reply, reply.kind === 'done' ? String(reply.result.message_id) : null)
    },
    async edit (messageId, message, signal): Promise<SendOutcome> {
      const content = { ...contentOf(message), message_id: Number(messageId) }
      return outcomeOf(await client.call('editMessageText', content, { signal }), messageId)
    }
  }
}

function textOf (message: AlertMessage): OutgoingText {
  const { kind, title, note, process, level, logs, first, last, state, rule, user, lines, logsUrl } = message
  const builder = new TextBuilder(maxMessageUnits)
  addHeading(builder, message)
  builder.own('\n').foreign(title, maxUnits.title)
  if (kind !== 'test' && kind !== 'server') builder.own(`\n${logs} ${logs === 1 ? 'log' : 'logs'}`)
  if (level !== null) builder.own(`, ${level}`)
  if (process !== null) builder.own(', ').foreign(process, maxUnits.process)
  if (first !== null) builder.own(`\n${timesOf(first, last ?? first)}`)
  if (state !== null) builder.own('\n').foreign(state, maxUnits.state)
  if (note !== null) builder.own('\n').foreign(note, maxUnits.note)
  builder.own('\n').foreign(`${user}: ${rule}`, maxUnits.rule)
  if (logsUrl !== null) builder.own('\n').link('Logs around', logsUrl)
  addAlerts(builder, message)
  for (const line of lines.slice(0, maxLines)) {
    if (builder.room > minLineUnits) builder.own('\n').block(line, builder.room)
  }
  return builder.build()
}

function addHeading (builder: TextBuilder, { kind, number, url, mayRepeat }: AlertMessage): void {
  builder.own(headings[kind], 'bold').own(' ')
  if (url === null) builder.own(number)
  else builder.link(number, url)
  if (mayRepeat) builder.own(', may be a repeat')
}

/** Adds the alerts of a digest. */
function addAlerts (builder: TextBuilder, { alerts, heldBack }: AlertMessage): void {
  let hidden = listed(alerts).reduce((sum, entry) => sum + entry.alerts, heldBack)
  for (const entry of listed(alerts).slice(0, maxLines)) {
    const start = `\n${entry.number} ${entry.logs} × `
    const end = entry.alerts > 1 ? `, ${entry.alerts} different` : ''
    const roomForTitle = builder.room - start.length - end.length - unitsOfMore
    if (roomForTitle < minLineUnits) break
    builder.own(start).foreign(entry.title, Math.min(roomForTitle, maxUnits.title / 2)).own(end)
    hidden -= entry.alerts
  }
  if (hidden > 0) builder.own(`\n${hidden} more`)
}

function timesOf (first: string, last: string): string {
  return last === first ? `${timeOf(first)} UTC` : `${timeOf(first)} to ${timeOf(last)} UTC`
}

/** A time of ISO 8601 to the second: `2026-11-27 09:30:00`. */
function timeOf (time: string): string {
  return time.slice(0, 19).replace('T', ' ')
}

function buttonsOf (client: TelegramClient, { chat }: TelegramTarget, message: AlertMessage): Button[][] {
  const { hasActions, number, lines, kind } = message
  const button = (text: string, action: ButtonAction) => (
    { text, callback_data: buttonData(client, action, number) }
  )
  const isPrivate = !chat.startsWith('-')
  const isOfLogs = kind !== 'digest' && kind !== 'test' && lines.length > 0
  return [
    ...hasActions ? [[button('Acknowledge', 'acknowledge'), button('Mute 1 h', 'mute')]] : [],
    // In a group nobody reads more logs than its messages show.
    ...isPrivate && isOfLogs ? [[button('Show 10 around', 'around')]] : []
  ]
}
