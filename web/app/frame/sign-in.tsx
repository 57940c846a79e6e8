import { useSignal } from '@preact/signals'
import { useEffect, useId, useRef } from 'preact/hooks'
import type { ApiError } from '../api/client.ts'
import { Field, FormButtons, FormProblem, useForm, type Refusal } from './form.tsx'
import { notify } from './notices.tsx'
import { isToken, signIn } from './session.ts'
import { textIn } from './text-in.ts'
import { texts } from '../texts/index.ts'

/** The form of a user who is signed out. */
export function SignIn () {
  return (
    <main class='sign-in'>
      <h1>{texts.value.signIn.title}</h1>
      <SignInForm />
    </main>
  )
}

/** The same on top of the page, for a user whose session has ended: everything below stays as it is. */
export function SignInAgain () {
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  const { title, ended } = texts.value.signIn
  const show = () => dialog.current?.showModal()
  useEffect(() => {
    const opener = document.activeElement
    show()
    return () => { if (opener instanceof HTMLElement) opener.focus() }
  }, [])
  return (
    <dialog
      ref={dialog}
      class='dialog sign-in'
      aria-labelledby={id}
      onCancel={(event) => event.preventDefault()}
      onClose={show}
    >
      <h2 id={id}>{title}</h2>
      <p>{ended}</p>
      <SignInForm />
    </dialog>
  )
}

export function SignInForm () {
  const hasToken = useSignal(false)
  const form = useForm(async (fields) => {
    const user = textIn(fields, 'user')
    const password = textIn(fields, 'password')
    await signIn(user, password)
    // The password of the user that the seed creates.
    if (user === 'demo' && password === 'demo') notify(texts.value.signIn.isDemo)
  }, explain)
  const { user, password, submit, orToken } = texts.value.signIn
  return (
    <form class='form' onSubmit={form.handleSubmit}>
      <Field
        name='user'
        label={user}
        refusal={form.refusal}
        autocomplete='username'
        required={!hasToken.value}
        autofocus
      />
      <Field
        name='password'
        label={password}
        refusal={form.refusal}
        isPassword
        autocomplete='current-password'
        required
        onInput={(event) => { hasToken.value = isToken(event.currentTarget.value) }}
      />
      <p class='hint'>{orToken}</p>
      <FormProblem form={form} fields={['user', 'password']} />
      <FormButtons form={form} submit={submit} />
    </form>
  )
}

function explain ({ status, retryAfter = 60 }: ApiError): Refusal | undefined {
  const { wrong, tooMany } = texts.value.signIn
  if (status === 429) return { text: tooMany(retryAfter) }
  return status === 401 || status === 403 ? { text: wrong } : undefined
}
