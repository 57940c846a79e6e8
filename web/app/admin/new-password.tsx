import { useSignal } from '@preact/signals'
import { request } from '../api/client.ts'
import { Copyable } from '../frame/copyable.tsx'
import { Dialog } from '../frame/dialog.tsx'
import { FormButtons, FormProblem, useForm } from '../frame/form.tsx'
import { texts } from '../texts/index.ts'
import type { User } from './api.ts'
import { makePassword } from './password.ts'
import { adminTexts } from './texts/index.ts'

/** Replaces the password of a user by a random one, which is shown once. */
export function NewPassword ({ user: { name }, onClose }: { user: User, onClose (): void }) {
  const password = useSignal('')
  const form = useForm(async () => {
    const made = makePassword()
    await request(`api/users/${encodeURIComponent(name)}`, { method: 'PATCH', body: { password: made } })
    password.value = made
  })
  const { users: words } = adminTexts.value
  return (
    <Dialog title={words.passwordOf(name)} onClose={onClose}>
      {password.value === ''
        ? (
          <form class='form' onSubmit={form.handleSubmit}>
            <p>{words.passwordEffect(name)}</p>
            <FormProblem form={form} fields={[]} />
            <FormButtons form={form} submit={words.makePassword}>
              <button type='button' onClick={onClose}>{texts.value.common.cancel}</button>
            </FormButtons>
          </form>
          )
        : <Secret name={name} password={password.value} onClose={onClose} />}
    </Dialog>
  )
}

/** A password that nobody can read again. */
export function Secret ({ name, password, onClose }: { name: string, password: string, onClose (): void }) {
  const { users: words } = adminTexts.value
  return (
    <>
      <p role='status'>{words.passwordOnce(name)}</p>
      <Copyable text={password} />
      <p class='form-buttons'><button type='button' class='primary' onClick={onClose}>{words.done}</button></p>
    </>
  )
}
