import { useSignal } from '@preact/signals'
import { ApiError } from '../api/client.ts'
import { signIn } from './session.ts'
import { texts } from '../texts/index.ts'

/** The form of a user who is signed out. */
export function SignIn () {
  const problem = useSignal('')
  const isBusy = useSignal(false)
  const words = texts.value.signIn

  const onSubmit = async (event: SubmitEvent) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget as HTMLFormElement)
    isBusy.value = true
    try {
      await signIn(String(form.get('user')), String(form.get('password')))
    } catch (error) {
      problem.value = explain(error)
    } finally {
      isBusy.value = false
    }
  }

  return (
    <main class='sign-in'>
      <h1>{words.title}</h1>
      <form onSubmit={(event) => { void onSubmit(event) }}>
        <label>{words.user}<input name='user' autocomplete='username' required autofocus /></label>
        <label>
          {words.password}
          <input name='password' type='password' autocomplete='current-password' required />
        </label>
        <p class='problem' role='alert'>{problem.value}</p>
        <button type='submit' disabled={isBusy.value}>{words.submit}</button>
      </form>
    </main>
  )
}

function explain (error: unknown): string {
  const { signIn: words, problems } = texts.value
  if (!(error instanceof ApiError)) throw error
  if (error.status === 0) return problems.offline
  if (error.status === 429) return words.tooMany(error.retryAfter ?? 60)
  return error.status === 401 || error.status === 403 ? words.wrong : problems.unknown(error.message)
}
