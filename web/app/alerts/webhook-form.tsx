import { useSignal, type Signal } from '@preact/signals'
import type { ApiError } from '../api/error.ts'
import { Copyable } from '../frame/copyable.tsx'
import { Dialog } from '../frame/dialog.tsx'
import { Field, FormButtons, FormProblem, Labelled, useForm, type Refusal } from '../frame/form.tsx'
import { textIn } from '../frame/text-in.ts'
import { formatTime } from '../texts/format.ts'
import { texts } from '../texts/index.ts'
import { serverNow } from '../time/clock.ts'
import {
  changeChannel, makeWebhook, templateNames, templates, type Channel, type ChannelBody, type Template
} from './api.ts'
import { alertTexts } from './texts/index.ts'

const lineModes = ['masked', 'none', 'whole'] as const
/** Hours of a pause; 0: none. */
const pauses = [0, 1, 8, 24, 168] as const

/** What the address of a service looks like. */
const addresses: Record<Template, string> = {
  json: 'https://example.com/hook',
  slack: 'https://hooks.slack.com/services/…',
  discord: 'https://discord.com/api/webhooks/…',
  mattermost: 'https://mattermost.example.com/hooks/…',
  ntfy: 'https://ntfy.sh/my-topic',
  gotify: 'https://gotify.example.com/message',
  pagerduty: 'https://events.pagerduty.com/v2/enqueue'
}

/** Makes a webhook and shows its secret once, or changes a channel. */
export function WebhookForm ({ before, onClose }: { before: Channel | undefined, onClose (): void }) {
  const secret = useSignal<string | null>(null)
  const { channels: words } = alertTexts.value
  const onSaved = (made: string | null) => {
    if (made === null) onClose()
    else secret.value = made
  }
  return (
    <Dialog title={before ? words.changeOf(before.name) : words.addWebhook} onClose={onClose}>
      {secret.value === null
        ? <Fields before={before} onSaved={onSaved} onClose={onClose} />
        : (
          <>
            <p role='status'>{words.once}</p>
            <Copyable text={secret.value} />
            <p class='hint'>{words.secretUse}</p>
            <p><button type='button' class='primary' onClick={onClose}>{texts.value.common.close}</button></p>
          </>
          )}
    </Dialog>
  )
}

interface FieldsProps {
  before: Channel | undefined
  onSaved (secret: string | null): void
  onClose (): void
}

function Fields ({ before, onSaved, onClose }: FieldsProps) {
  const template = useSignal<Template>(before?.template ?? 'json')
  const { channels: words } = alertTexts.value
  const isWebhook = before?.kind !== 'telegram'
  const form = useForm(async (fields) => {
    const body = bodyOf(fields, isWebhook ? template.value : undefined, before)
    onSaved(before ? await changeChannel(before.name, body) : await makeWebhook(body))
  }, refusalOf)
  const { refusal } = form
  return (
    <form class='form' onSubmit={form.handleSubmit}>
      <Field
        name='name'
        label={words.name}
        refusal={refusal}
        autocomplete='off'
        required
        autofocus
        maxLength={100}
        defaultValue={before?.name}
      />
      {isWebhook && <Target before={before} template={template} refusal={refusal} />}
      <Labelled name='lines' label={words.lines} refusal={refusal}>
        {(named) => (
          <select {...named}>
            {lineModes.map((mode) => (
              <option key={mode} value={mode} selected={mode === before?.lines}>{words.lineModes[mode]}</option>
            ))}
          </select>
        )}
      </Labelled>
      {before && (
        <Labelled name='pause' label={words.pause} refusal={refusal}>
          {(named) => (
            <select {...named}>
              {before.pausedUntil !== null && (
                <option value=''>{words.pausedUntil(formatTime(before.pausedUntil))}</option>
              )}
              {pauses.map((hours) => <option key={hours} value={hours}>{words.pauses[hours]}</option>)}
            </select>
          )}
        </Labelled>
      )}
      {before && isWebhook && (
        <label class='choice'><input type='checkbox' name='rotate' /> {words.rotate}</label>
      )}
      <p class='hint'>{words.limits}</p>
      <FormProblem form={form} fields={['name', 'template', 'url', 'token', 'lines']} />
      <FormButtons form={form} submit={words.save}>
        <button type='button' onClick={onClose}>{texts.value.common.cancel}</button>
      </FormButtons>
    </form>
  )
}

interface TargetProps {
  before: Channel | undefined
  template: Signal<Template>
  refusal: Refusal | undefined
}

/** The service of a webhook, its address and its token. */
function Target ({ before, template, refusal }: TargetProps) {
  const { channels: words } = alertTexts.value
  const token = words.tokens[template.value]
  return (
    <>
      <Labelled name='template' label={words.template} refusal={refusal}>
        {(named) => (
          <select
            {...named}
            value={template.value}
            onChange={({ currentTarget }) => {
              template.value = templates.find((one) => one === currentTarget.value) ?? 'json'
            }}
          >
            {templates.map((one) => <option key={one} value={one}>{templateNames[one]}</option>)}
          </select>
        )}
      </Labelled>
      <Field
        name='url'
        label={before ? words.newUrl(before.to) : words.url}
        refusal={refusal}
        autocomplete='off'
        required={!before}
        placeholder={addresses[template.value]}
      />
      {token !== undefined && (
        <Field
          name='token'
          label={token}
          refusal={refusal}
          autocomplete='off'
          required={before?.template !== template.value && template.value !== 'ntfy'}
          placeholder={before && words.unchanged}
        />
      )}
    </>
  )
}

/** What was typed; of a channel that is changed, what is empty stays as it was. */
function bodyOf (fields: FormData, template: Template | undefined, before: Channel | undefined): Partial<ChannelBody> {
  const [url, token] = [textIn(fields, 'url').trim(), textIn(fields, 'token').trim()]
  const lines = lineModes.find((mode) => mode === fields.get('lines'))
  const pause = textIn(fields, 'pause')
  // A service without a token takes none from the one before.
  const isOther = before?.template !== undefined && template !== before.template
  return {
    name: textIn(fields, 'name').trim(),
    lines,
    ...template !== before?.template && { template },
    ...url !== '' && { url },
    ...token !== '' ? { token } : isOther && { token: null },
    ...fields.has('rotate') && { rotate: true },
    ...Number(pause) > 0 && { pausedUntil: new Date(serverNow() + Number(pause) * 3_600_000).toISOString() },
    ...pause === '0' && before?.pausedUntil != null && { pausedUntil: null }
  }
}

function refusalOf ({ status, fault }: ApiError): Refusal | undefined {
  const { conflict, badUrl } = alertTexts.value.channels
  if (status === 409) return { field: 'name', text: conflict }
  return fault?.field === 'url' ? { field: 'url', text: badUrl } : undefined
}
