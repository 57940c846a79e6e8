// Chats as the fake keeps them: who may be written to, and all that was.
import { badRequest, Refusal } from './refusal.ts'
import type { Entity } from './formatting.ts'
import type { Button } from './markup.ts'

export interface Person {
  id: number
  is_bot: boolean
  first_name: string
  username?: string
}

/** `strange`: a person who never started the bot; `away`: their account is deleted. */
export type ChatState = 'strange' | 'ok' | 'blocked' | 'kicked' | 'away' | 'muted'

export interface Version {
  text: string
  entities: Entity[]
  buttons: Button[][]
  /** By the clock of the fake, in ms. */
  at: number
}

/** A message of the bot, with every version that it had. */
export interface SentMessage {
  id: number
  thread: number | undefined
  isSilent: boolean
  versions: Version[]
}

export class Chat {
  readonly id: number
  readonly type: 'private' | 'group' | 'supergroup'
  readonly title: string
  readonly username: string | undefined
  /** Of a supergroup with topics: their ids. */
  readonly topics: Set<number> | undefined
  readonly messages: SentMessage[] = []
  state: ChatState = 'ok'
  movedTo: number | undefined

  constructor ({ id, type, title, username, topics }: Pick<Chat, 'id' | 'type' | 'title'> & { username?: string, topics?: readonly number[] }) {
    this.id = id
    this.type = type
    this.title = title
    this.username = username
    this.topics = topics && new Set(topics)
    if (type === 'private') this.state = 'strange'
  }

  /** As updates and answers give it. */
  present (): object {
    return {
      id: this.id,
      type: this.type,
      ...this.type === 'private' ? { first_name: this.title } : { title: this.title },
      ...this.username !== undefined && { username: this.username },
      ...this.topics && { is_forum: true }
    }
  }

  /** Throws Refusal where the bot may not write. */
  requireWritable (thread: number | undefined): void {
    if (this.movedTo !== undefined) {
      throw new Refusal(400, 'Bad Request: group chat was upgraded to a supergroup chat', { migrate_to_chat_id: this.movedTo })
    }
    switch (this.state) {
      case 'strange': throw new Refusal(403, "Forbidden: bot can't initiate conversation with a user")
      case 'blocked': throw new Refusal(403, 'Forbidden: bot was blocked by the user')
      case 'away': throw new Refusal(403, 'Forbidden: user is deactivated')
      case 'kicked': throw new Refusal(403, `Forbidden: bot was kicked from the ${this.type} chat`)
      case 'muted': throw badRequest('not enough rights to send text messages to the chat')
      case 'ok': if (thread !== undefined && !this.topics?.has(thread)) throw badRequest('message thread not found')
    }
  }
}
