import type { Knex } from 'knex'
import type { Readers } from '../../../search/readers.ts'
import type { TelegramClient } from './client.ts'
import type { Place } from './chats.ts'
import type { TextBuilder } from './text.ts'

/** What the bot works with. */
export interface BotContext {
  client: TelegramClient
  readers: Readers
  /** Aborted when the bot must stop. */
  signal: AbortSignal
}

/** Answers in the chat, once the effect of an update is stored. They are sent once, and may be lost. */
export type Afterwards = (() => Promise<unknown>) | undefined

/** The effect of an update: what it changes, in the transaction that counts it as done. */
export type Effect = (transaction: Knex) => Promise<Afterwards>

/** Bound on an answer in the chat, in milliseconds: others wait for it. */
const answerTimeoutMs = 10_000

/** Sends a text to a chat. */
export async function reply ({ client, signal }: BotContext, { chat, topic }: Place, builder: TextBuilder) {
  return await client.call('sendMessage', {
    chat_id: chat,
    ...topic !== undefined && { message_thread_id: topic },
    ...builder.build(),
    link_preview_options: { is_disabled: true }
  }, { signal, timeoutMs: answerTimeoutMs })
}

/** Shows a sentence of at most 200 characters to the person who pressed a button. */
export async function answerPress ({ client, signal }: BotContext, queryId: string, text: string) {
  return await client.call('answerCallbackQuery', { callback_query_id: queryId, text }, {
    signal, timeoutMs: answerTimeoutMs
  })
}
