// Commands in chats: /start CODE links a chat to a user, /unlink ends it.
import type { Knex } from 'knex'
import { LRUCache } from 'lru-cache'
import { ensureFirstRules } from '../../rules/rules.ts'
import { maxChannels } from '../manage.ts'
import { moveChat } from '../stored.ts'
import type { IncomingMessage, TelegramUser } from './api.ts'
import { linkChat, unlinkChat, type Place } from './chats.ts'
import { useCode } from './codes.ts'
import { reply, type BotContext, type Effect } from './context.ts'
import { TextBuilder } from './text.ts'

export const commands = [
  { command: 'unlink', description: 'End the alerts in this chat' }
]

/** Answers to one chat within a minute: a stranger must not use up what Telegram lets the bot send. */
const maxAnswers = 3
const answersMs = 60_000
const maxChats = 1000
const maxUnits = 700
const maxNameUnits = 100
const commandForm = /^\/(start|unlink|help)(?:@(\w+))?(?:\s+(\S+))?\s*$/
const howToLink = 'To get alerts here, open the link that the page of your log server shows, or that POST ' +
  'api/telegram/codes gives.'

interface Command {
  name: string
  /** A code, or the empty text. */
  argument: string
  from: TelegramUser
  place: Place
  title: string
}

/** Finds the effects of messages. */
export class Commands {
  readonly #context: BotContext
  readonly #answers = new LRUCache<string, number>({ max: maxChats, ttl: answersMs, noUpdateTTL: true })

  constructor (context: BotContext) {
    this.#context = context
  }

  /** The effect of a message; undefined where it has none. `username` is that of the bot. */
  effectOf (message: IncomingMessage, username: string): Effect | undefined {
    const { chat, migrate_to_chat_id: movedTo } = message
    if (movedTo !== undefined) {
      return async (transaction) => {
        await moveChat(transaction, String(chat.id), String(movedTo))
        return undefined
      }
    }
    const command = commandOf(message, username)
    if (command === undefined) return undefined
    if (command.name === 'unlink') return (transaction) => this.#unlink(transaction, command)
    if (command.argument !== '') return (transaction) => this.#link(transaction, command)
    return chat.type === 'private' ? async () => this.#answer(command, say(howToLink)) : undefined
  }

  async #link (transaction: Knex, command: Command) {
    const { place, title, from, argument } = command
    const userId = await useCode(transaction, argument)
    const user = userId === undefined
      ? undefined
      : await transaction('users').where({ id: userId }).whereNull('disabled_at').first('id', 'username', 'admin')
    if (user === undefined) {
      return this.#answer(command, say('This code was used, or is older than 15 minutes: get a new one.'))
    }
    const { id, username: name, admin } = user
    const result = await linkChat(transaction, { id, name }, { ...place, title, linkedBy: String(from.id) })
    if (result === 'full') return this.#answer(command, say(`You have ${maxChannels} channels: delete one first.`))
    await ensureFirstRules(transaction, { id, admin: Boolean(admin) })
    const isKnown = result === 'known'
    const text = isKnown ? 'This chat gets them already: the alerts of ' : 'This chat now gets the alerts of '
    return this.#answer(command, say(text).foreign(name, maxNameUnits).own('. /unlink ends it.'))
  }

  async #unlink (transaction: Knex, command: Command) {
    const { deleted, others } = await unlinkChat(transaction, command.place, String(command.from.id))
    if (deleted > 0) return this.#answer(command, say('This chat gets no more alerts.'))
    return this.#answer(command, say(others > 0
      ? 'Only the person who linked this chat can end it here. On the page its owner can.'
      : 'This chat gets no alerts.'))
  }

  #answer ({ place }: Command, text: TextBuilder) {
    const answers = this.#answers.get(place.chat) ?? 0
    if (answers >= maxAnswers) return undefined
    this.#answers.set(place.chat, answers + 1)
    return () => reply(this.#context, place, text)
  }
}

function say (text: string): TextBuilder {
  return new TextBuilder(maxUnits).own(text)
}

function commandOf (message: IncomingMessage, username: string): Command | undefined {
  const { text = '', from, chat, message_thread_id: thread, is_topic_message: isInTopic = false } = message
  const [, name, addressee = username, argument = ''] = commandForm.exec(text) ?? []
  if (name === undefined || from === undefined || chat.type === 'channel') return undefined
  if (addressee.toLowerCase() !== username.toLowerCase()) return undefined
  return {
    name,
    argument,
    from,
    place: { chat: String(chat.id), ...isInTopic && thread !== undefined && { topic: thread } },
    title: chat.title ?? chat.first_name ?? ''
  }
}
