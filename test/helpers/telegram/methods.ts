// The methods of the Bot API that the fake knows.
import { formatted } from './formatting.ts'
import { buttonsOf, type Button } from './markup.ts'
import { integerOf, structureOf, textOf, type Parameters } from './parameters.ts'
import { badRequest } from './refusal.ts'
import type { Chat, SentMessage, Version } from './chats.ts'
import type { FakeState } from './state.ts'

/** A callback query is too old after this. */
const maxQueryMs = 15_000
const maxToastUnits = 200

type Method = (state: FakeState, parameters: Parameters) => unknown

export const methods: Record<string, Method> = {
  getMe: ({ bot }) => ({ ...bot, can_join_groups: true, can_read_all_group_messages: false, supports_inline_queries: false }),
  getChat: (state, { chat_id: id }) => findChat(state, id).present(),

  getUpdates: ({ updates }, { offset, limit, timeout, allowed_updates: kinds }) => updates.get({
    offset: integerOf(offset),
    limit: Math.min(100, Math.max(1, integerOf(limit) ?? 100)),
    timeoutMs: 1000 * Math.min(50, integerOf(timeout) ?? 0),
    kinds: structureOf(kinds, 'allowed_updates') as string[] | undefined
  }),
  setWebhook ({ updates }, { url }) {
    updates.hasWebhook = (textOf(url) ?? '') !== ''
    return true
  },
  deleteWebhook ({ updates }) {
    updates.hasWebhook = false
    return true
  },

  sendMessage (state, parameters) {
    const chat = findChat(state, parameters.chat_id)
    const thread = integerOf(parameters.message_thread_id)
    const version = versionOf(state, parameters, 'message is too long')
    chat.requireWritable(thread)
    state.rates.count(chat.id, chat.type !== 'private')
    const isSilent = String(parameters.disable_notification) === 'true'
    const message: SentMessage = { id: state.nextMessage(), thread, isSilent, versions: [version] }
    chat.messages.push(message)
    return present(state, chat, message)
  },

  editMessageText (state, parameters) {
    const chat = findChat(state, parameters.chat_id)
    const id = integerOf(parameters.message_id)
    const version = versionOf(state, parameters, 'MESSAGE_TOO_LONG')
    const message = chat.messages.find((sent) => sent.id === id)
    chat.requireWritable(message?.thread)
    if (!message) throw badRequest(id !== undefined && state.isOfPerson(chat.id, id) ? "message can't be edited" : 'message to edit not found')
    state.rates.count(chat.id, chat.type !== 'private')
    const last = message.versions.at(-1)!
    if (isSame(last, version)) {
      throw badRequest('message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message')
    }
    message.versions.push(version)
    return present(state, chat, message)
  },

  answerCallbackQuery ({ queries, now }, { callback_query_id: id, text }) {
    const query = queries.get(textOf(id) ?? '')
    if (!query || query.answer !== undefined || now() - query.at > maxQueryMs) {
      throw badRequest('query is too old and response timeout expired or query ID is invalid')
    }
    const answer = textOf(text) ?? ''
    if (answer.length > maxToastUnits) throw badRequest('MESSAGE_TOO_LONG')
    query.answer = answer
    return true
  },

  setMyCommands (state, { commands }) {
    const list = structureOf(commands, 'commands')
    if (!Array.isArray(list)) throw badRequest("can't parse commands: expected an Array")
    for (const { command, description } of list) {
      if (!/^[a-z0-9_]{1,32}$/.test(String(command))) throw badRequest('BOT_COMMAND_INVALID')
      if (!/^[^]{1,256}$/.test(String(description ?? ''))) throw badRequest('BOT_COMMAND_DESCRIPTION_INVALID')
    }
    state.commands = list
    return true
  }
}

function findChat ({ chats }: FakeState, id: unknown): Chat {
  if ((textOf(id) ?? '') === '') throw badRequest('chat_id is empty')
  const chat = chats.get(integerOf(id) ?? NaN)
  if (!chat) throw badRequest('chat not found')
  return chat
}

function versionOf ({ now }: FakeState, parameters: Parameters, tooLong: string): Version {
  return { ...formatted(parameters, tooLong), buttons: buttonsOf(parameters.reply_markup), at: now() }
}

function isSame (one: Version, other: Version): boolean {
  const content = ({ text, entities, buttons }: Version) => JSON.stringify([text, entities, buttons])
  return content(one) === content(other)
}

/** A message as answers and updates give it. */
export function present ({ bot }: FakeState, chat: Chat, { id, thread, versions }: SentMessage): object {
  const { text, entities, buttons, at } = versions.at(-1)!
  return {
    message_id: id,
    from: bot,
    chat: chat.present(),
    date: Math.floor(versions[0]!.at / 1000),
    ...versions.length > 1 && { edit_date: Math.floor(at / 1000) },
    ...thread !== undefined && { message_thread_id: thread, is_topic_message: true },
    text,
    ...entities.length > 0 && { entities },
    ...markupOf(buttons)
  }
}

function markupOf (buttons: Button[][]): object {
  return buttons.length > 0 ? { reply_markup: { inline_keyboard: buttons } } : {}
}
