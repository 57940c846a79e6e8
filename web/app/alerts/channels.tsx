import { useSignal } from '@preact/signals'
import type { ComponentChild } from 'preact'
import webhook from 'icon:webhook'
import telegram from 'icon:send'
import { refreshMs, useAnswer } from '../api/answer.ts'
import { Icon } from '../frame/icon.tsx'
import { texts } from '../texts/index.ts'
import { readChannels } from './api.ts'
import { ChannelLine } from './channel-line.tsx'
import { TelegramLink } from './telegram-link.tsx'
import { alertTexts } from './texts/index.ts'
import { Trouble } from './trouble.tsx'
import { WebhookForm } from './webhook-form.tsx'

/** Where a user is told: webhooks, and chats of Telegram. */
export function Channels () {
  const { answer: channels, error, reload } = useAnswer(readChannels, { againMs: refreshMs })
  const dialog = useSignal<ComponentChild>(undefined)
  const { channels: words } = alertTexts.value
  const onClose = () => {
    dialog.value = undefined
    reload()
  }
  if (!channels) {
    return error ? <Trouble error={error} onRetry={reload} /> : <p role='status'>{texts.value.common.loading}</p>
  }
  return (
    <>
      <p class='actions'>
        <button type='button' onClick={() => { dialog.value = <TelegramLink onClose={onClose} /> }}>
          <Icon nodes={telegram} /> {words.linkTelegram}
        </button>
        <button type='button' onClick={() => { dialog.value = <WebhookForm before={undefined} onClose={onClose} /> }}>
          <Icon nodes={webhook} /> {words.addWebhook}
        </button>
      </p>
      <Trouble error={error} onRetry={reload} />
      {channels.length === 0 && <p class='hint'>{words.none}</p>}
      <ul class='entries'>
        {channels.map((channel) => (
          <ChannelLine
            key={channel.name}
            channel={channel}
            onDialog={(Shown) => { dialog.value = <Shown channel={channel} onClose={onClose} /> }}
            onChanged={reload}
          />
        ))}
      </ul>
      {dialog.value}
    </>
  )
}
