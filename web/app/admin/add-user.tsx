import { useSignal } from '@preact/signals'
import { request } from '../api/client.ts'
import { Dialog } from '../frame/dialog.tsx'
import { Field, FormButtons, FormProblem, useForm } from '../frame/form.tsx'
import { textIn } from '../frame/text-in.ts'
import { texts } from '../texts/index.ts'
import { Secret } from './new-password.tsx'
import { makePassword } from './password.ts'
import { adminTexts } from './texts/index.ts'

/** Creates a user with a random password, which is shown once. */
export function AddUser ({ onClose }: { onClose (): void }) {
  const made = useSignal<{ name: string, password: string } | undefined>(undefined)
  const { users: words } = adminTexts.value
  const form = useForm(async (fields) => {
    const user = { name: textIn(fields, 'name'), password: makePassword(), admin: fields.has('admin') }
    await request('api/users', { method: 'POST', body: user })
    made.value = user
  }, ({ status }) => status === 409 ? { field: 'name', text: words.taken } : undefined)
  return (
    <Dialog title={words.add} onClose={onClose}>
      {made.value
        ? <Secret {...made.value} onClose={onClose} />
        : (
          <form class='form' onSubmit={form.handleSubmit}>
            <Field name='name' label={words.name} refusal={form.refusal} autocomplete='off' required autofocus />
            <label class='choice'><input type='checkbox' name='admin' /> {words.admin}</label>
            <p class='hint'>{words.adminEffect}</p>
            <FormProblem form={form} fields={['name']} />
            <FormButtons form={form} submit={words.add}>
              <button type='button' onClick={onClose}>{texts.value.common.cancel}</button>
            </FormButtons>
          </form>
          )}
    </Dialog>
  )
}
