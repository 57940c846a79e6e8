import type { ApiError } from '../api/client.ts'
import { request } from '../api/client.ts'
import { Field, FormButtons, FormProblem, useForm, type Refusal } from '../frame/form.tsx'
import { notify } from '../frame/notices.tsx'
import { identity } from '../frame/session.ts'
import { textIn } from '../frame/text-in.ts'
import { texts } from '../texts/index.ts'
import { accountTexts } from './texts/index.ts'

/** Changes the password of the user. */
export function Password () {
  const { password: words } = accountTexts.value
  const form = useForm(async (fields) => {
    const body = { password: textIn(fields, 'password'), new: textIn(fields, 'new') }
    await request('api/password', { method: 'POST', body })
    notify(words.changed)
  }, explain)
  return (
    <section>
      <h2>{words.title}</h2>
      <form class='form' onSubmit={form.handleSubmit}>
        {/* Password managers need the name of the user. */}
        <input type='text' name='user' autocomplete='username' value={identity.value?.user} hidden readOnly />
        <div class='form-row'>
          <Field
            name='password'
            label={words.current}
            refusal={form.refusal}
            isPassword
            autocomplete='current-password'
            required
          />
          <Field
            name='new'
            label={words.next}
            refusal={form.refusal}
            isPassword
            autocomplete='new-password'
            required
          />
        </div>
        <p class='hint'>{words.effect}</p>
        <FormProblem form={form} fields={['password', 'new']} />
        <FormButtons form={form} submit={words.change} />
      </form>
    </section>
  )
}

function explain ({ status, retryAfter = 60 }: ApiError): Refusal | undefined {
  if (status === 403) return { field: 'password', text: accountTexts.value.password.wrong }
  return status === 429 ? { text: texts.value.signIn.tooMany(retryAfter) } : undefined
}
