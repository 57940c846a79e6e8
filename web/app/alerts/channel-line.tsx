import { useSignal } from '@preact/signals'
import type { ComponentType } from 'preact'
import pencil from 'icon:pencil'
import again from 'icon:rotate-cw'
import test from 'icon:message-square-share'
import trash from 'icon:trash'
import { Ago } from '../account/ago.tsx'
import { ApiError } from '../api/error.ts'
import { explain } from '../api/explain.ts'
import { Confirm } from '../frame/confirm.tsx'
import { IconButton } from '../frame/icon.tsx'
import { notify } from '../frame/notices.tsx'
import { Value } from '../list/value.tsx'
import { formatTime } from '../texts/format.ts'
import { changeChannel, deleteChannel, templateNames, testChannel, type Channel, type Delivery } from './api.ts'
import { Outcome, Reason } from './outcomes.tsx'
import { alertTexts } from './texts/index.ts'
import { WebhookForm } from './webhook-form.tsx'

export interface ChannelDialogProps {
  channel: Channel
  onClose (): void
}

interface ChannelLineProps {
  channel: Channel
  onDialog (dialog: ComponentType<ChannelDialogProps>): void
  onChanged (): void
}

/** A channel, its state, and what can be done with it. */
export function ChannelLine ({ channel, onDialog, onChanged }: ChannelLineProps) {
  const { name, kind, to, template, lines, lastSent } = channel
  const tested = useSignal<Delivery | 'busy' | undefined>(undefined)
  const { channels: words } = alertTexts.value
  const attempt = async (work: () => Promise<void>) => {
    try {
      await work()
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      notify(explain(error))
      tested.value = undefined
    }
    onChanged()
  }
  const sendTest = async () => {
    tested.value = 'busy'
    tested.value = await testChannel(name)
  }
  const resume = async () => { await changeChannel(name, { pausedUntil: null }) }
  return (
    <li class='entry'>
      <span class='entry-main'>
        <strong><Value text={name} /></strong> <State channel={channel} />
        <span class='entry-about'>
          {kind === 'telegram' ? 'Telegram' : templateNames[template ?? 'json']} · <Value text={to} />
          {' · '}{words.linesOf[lines]}
          {lastSent !== null && <> · {words.sent} <Ago at={lastSent} /></>}
        </span>
        <span role='status' class='entry-about'>
          {tested.value === 'busy' && words.testing}
          {tested.value && tested.value !== 'busy' && <>{words.tested} <Outcome delivery={tested.value} /></>}
        </span>
      </span>
      <span class='entry-tools'>
        <IconButton
          nodes={test}
          label={words.testOf(name)}
          disabled={tested.value === 'busy'}
          onClick={() => { void attempt(sendTest) }}
        />
        {channel.state !== 'ok' && (
          <IconButton nodes={again} label={words.resumeOf(name)} onClick={() => { void attempt(resume) }} />
        )}
        <IconButton nodes={pencil} label={words.changeOf(name)} onClick={() => onDialog(Change)} />
        <IconButton nodes={trash} label={words.deleteOf(name)} onClick={() => onDialog(Delete)} />
      </span>
    </li>
  )
}

/** Whether a channel works, and why it does not. */
function State ({ channel: { state, pausedUntil, lastError, lastErrorCause } }: { channel: Channel }) {
  const { channels: words } = alertTexts.value
  if (state === 'ok') return <span class='state is-good'>{words.states.ok}</span>
  const isPaused = state === 'paused' && pausedUntil !== null
  return (
    <>
      <span class={`state ${state === 'broken' ? 'is-bad' : ''}`}>
        {isPaused ? words.pausedUntil(formatTime(pausedUntil)) : words.states[state]}
      </span>
      <Reason cause={lastErrorCause} detail={lastError} />
    </>
  )
}

function Change ({ channel, onClose }: ChannelDialogProps) {
  return <WebhookForm before={channel} onClose={onClose} />
}

function Delete ({ channel: { name, kind }, onClose }: ChannelDialogProps) {
  const { channels: words } = alertTexts.value
  return (
    <Confirm title={words.deleteOf(name)} submit={words.delete} run={() => deleteChannel(name)} onClose={onClose}>
      <p>{kind === 'telegram' ? words.unlinkEffect : words.deleteEffect}</p>
    </Confirm>
  )
}
