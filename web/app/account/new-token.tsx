import { useSignal } from '@preact/signals'
import { request } from '../api/client.ts'
import { Copyable } from '../frame/copyable.tsx'
import { Dialog } from '../frame/dialog.tsx'
import { Field, FormButtons, FormProblem, useForm } from '../frame/form.tsx'
import { textIn } from '../frame/text-in.ts'
import { loggersOf } from '../send/loggers.ts'
import { texts } from '../texts/index.ts'
import { accountTexts } from './texts/index.ts'

interface Made {
  token: string
  scopes: string[]
}

/** Makes a token; it is shown once, with a line to try it. */
export function NewToken ({ onClose }: { onClose (): void }) {
  const made = useSignal<Made | undefined>(undefined)
  const { tokens: words } = accountTexts.value
  return (
    <Dialog title={words.add} onClose={onClose}>
      {made.value
        ? <Secret made={made.value} onClose={onClose} />
        : <Wanted onMade={(token) => { made.value = token }} onClose={onClose} />}
    </Dialog>
  )
}

function Wanted ({ onMade, onClose }: { onMade (made: Made): void, onClose (): void }) {
  const { tokens: words } = accountTexts.value
  const form = useForm(async (fields) => {
    const scopes = ['read', 'write'].filter((scope) => fields.has(scope))
    const expires = textIn(fields, 'expires')
    const body = { name: textIn(fields, 'name'), scopes, ...expires !== '' && { expires } }
    onMade({ scopes, ...await request<{ token: string }>('api/tokens', { method: 'POST', body }) })
  }, ({ fault }) => fault?.field === 'scopes' ? { field: 'scopes', text: words.noScope } : undefined)
  return (
    <form class='form' onSubmit={form.handleSubmit}>
      <Field name='name' label={words.name} refusal={form.refusal} autocomplete='off' required autofocus />
      <label class='choice'><input type='checkbox' name='write' defaultChecked /> {words.write}</label>
      <label class='choice'><input type='checkbox' name='read' /> {words.read}</label>
      <p class='field'>
        <label>
          {words.expires}
          <select name='expires'>
            {Object.entries(words.terms).map(([term, text]) => <option key={term} value={term}>{text}</option>)}
          </select>
        </label>
      </p>
      <FormProblem form={form} fields={['name']} />
      <FormButtons form={form} submit={words.make}>
        <button type='button' onClick={onClose}>{texts.value.common.cancel}</button>
      </FormButtons>
    </form>
  )
}

function Secret ({ made: { token, scopes }, onClose }: { made: Made, onClose (): void }) {
  const { tokens: words } = accountTexts.value
  const url = new URL('.', location.href)
  const sending = loggersOf({ url, token }).find(({ name }) => name === 'curl')
  return (
    <>
      <p role='status'>{words.once}</p>
      <Copyable text={token} />
      {scopes.includes('write') && sending && <Copyable text={sending.lines} />}
      {scopes.includes('read') && (
        <Copyable text={`curl -H 'Authorization: Bearer ${token}' \\\n  '${url.href}api/logs?from=-1h'`} />
      )}
      <p><button type='button' class='primary' onClick={onClose}>{texts.value.common.close}</button></p>
    </>
  )
}
