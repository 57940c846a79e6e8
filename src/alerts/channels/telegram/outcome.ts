import type { SendOutcome } from '../channel.ts'
import type { Reply } from './client.ts'

type Refused = Extract<Reply<unknown>, { kind: 'refused' }>

/** The owner of the channel must do something about the chat. */
const brokenChat =
  /chat not found|thread not found|topic_closed|topic_deleted|rights|chat_write_forbidden|channel_private/i
/** The message is as it should be already. */
const sameText = /message is not modified/i

/** What became of a message that was sent or edited. `id` is the message's; null: it is not known. */
export function outcomeOf (reply: Reply<unknown>, id: string | null): SendOutcome {
  switch (reply.kind) {
    case 'done': return { kind: 'delivered', messageId: id }
    case 'unknown': return { ...reply, cause: 'send.unanswered' }
    case 'notWritten': return { kind: 'notDelivered', then: 'wait', cause: 'send.unreachable', reason: reply.reason }
    case 'refused': return sameText.test(reply.description) ? { kind: 'delivered', messageId: id } : refused(reply)
  }
}

function refused ({ code, description, retryAfterMs, movedTo }: Refused): SendOutcome {
  const outcome = { kind: 'notDelivered' as const, reason: `Telegram answered: ${description}` }
  if (movedTo !== undefined) return { ...outcome, then: 'wait', cause: 'send.moved', movedTo }
  // The bot was blocked or removed, or Telegram is mistaken: it has answered so for minutes.
  if (code === 403) return { ...outcome, then: 'pause', cause: 'send.blocked' }
  if (code === 400) {
    return brokenChat.test(description)
      ? { ...outcome, then: 'broken', cause: 'send.chat-unavailable' }
      : { ...outcome, then: 'giveUp', cause: 'send.message-refused' }
  }
  if (retryAfterMs !== undefined) return { ...outcome, then: 'wait', cause: 'send.busy', retryAfterMs }
  return { ...outcome, then: 'wait', cause: 'send.refused' }
}
