// The kinds of channels, and how each is opened.
import type { Channel } from './channel.ts'
import type { ChannelKind, StoredChannel } from './stored.ts'
import type { TelegramClient } from './telegram/client.ts'
import { telegramChannel } from './telegram/message.ts'
import type { TargetGuard } from './webhook/target.ts'
import { webhookChannel } from './webhook/webhook.ts'

export interface ChannelContext {
  /** Decides where webhooks may go. */
  guard: TargetGuard
  /** Undefined: the server has no bot. */
  telegram: TelegramClient | undefined
}

const kinds: Record<ChannelKind, (channel: StoredChannel, context: ChannelContext) => Channel> = {
  webhook: ({ target, secret }, { guard }) => (
    webhookChannel({ ...JSON.parse(target), secrets: secretsOf(secret) }, { guard })
  ),
  telegram: ({ target }, { telegram }) => telegram ? telegramChannel(telegram, JSON.parse(target)) : noBot
}

/** Waits until the server has a bot again. */
const noBot: Channel = {
  send: async () => (
    { kind: 'notDelivered', then: 'wait', cause: 'send.no-bot', reason: 'the server has no Telegram bot' }
  )
}

/** Opens a channel as it is stored. */
export function openChannel (channel: StoredChannel, context: ChannelContext): Channel {
  return kinds[channel.kind](channel, context)
}

/** The secrets of a channel, the newest first. */
export function secretsOf (stored: string | null): string[] {
  return stored === null ? [] : stored.split(' ')
}
