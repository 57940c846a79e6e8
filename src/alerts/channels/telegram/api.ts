// The part of Telegram's Bot API that is used: https://core.telegram.org/bots/api.

/** A part of a text; offset and length in UTF-16 units. */
export interface Entity {
  type: 'bold' | 'code' | 'pre' | 'text_link'
  offset: number
  length: number
  url?: string
}

export interface Button {
  text: string
  /** 1 to 64 bytes. */
  callback_data: string
}

/** A text as plain text and entities, so that nothing in it is markup. */
export interface OutgoingText {
  text: string
  entities: Entity[]
}

interface OutgoingMessage extends OutgoingText {
  chat_id: string
  link_preview_options: { is_disabled: true }
  reply_markup?: { inline_keyboard: Button[][] }
}

export interface TelegramUser {
  id: number
  first_name: string
  username?: string
}

export interface TelegramChat {
  id: number
  type: 'private' | 'group' | 'supergroup' | 'channel'
  title?: string
  first_name?: string
}

export interface IncomingMessage {
  message_id: number
  chat: TelegramChat
  from?: TelegramUser
  text?: string
  message_thread_id?: number
  is_topic_message?: boolean
  /** The group became a supergroup with this id. */
  migrate_to_chat_id?: number
}

/** A press of a button. The data may be forged. */
export interface CallbackQuery {
  id: string
  from: TelegramUser
  message?: IncomingMessage
  data?: string
}

export interface Update {
  update_id: number
  message?: IncomingMessage
  callback_query?: CallbackQuery
}

export interface BotUser extends TelegramUser {
  username: string
}

interface BotCommand {
  command: string
  description: string
}

/** Parameters and result of each method. */
export interface Methods {
  getMe: [parameters: Record<string, never>, result: BotUser]
  getUpdates: [
    parameters: { offset?: number, limit: number, timeout: number, allowed_updates: string[] }, result: Update[]
  ]
  deleteWebhook: [parameters: Record<string, never>, result: true]
  setMyCommands: [parameters: { commands: BotCommand[] }, result: true]
  sendMessage: [parameters: OutgoingMessage & { message_thread_id?: number }, result: { message_id: number }]
  editMessageText: [parameters: OutgoingMessage & { message_id: number }, result: unknown]
  answerCallbackQuery: [parameters: { callback_query_id: string, text: string }, result: true]
}
