import '../style/send.css'
import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useEffect } from 'preact/hooks'
import { ApiError, request } from '../api/client.ts'
import type { Log } from '../api/types.ts'
import { Choice } from '../frame/choice.tsx'
import { Copyable } from '../frame/copyable.tsx'
import { Field, FormButtons, FormProblem, useForm, type Refusal } from '../frame/form.tsx'
import { notify } from '../frame/notices.tsx'
import { askServer, firstStep, signIn } from '../frame/session.ts'
import { saveSettings } from '../frame/settings.ts'
import { SignInForm } from '../frame/sign-in.tsx'
import { textIn } from '../frame/text-in.ts'
import { language, texts } from '../texts/index.ts'
import { navigate, standardView } from '../view/location.ts'
import { useArrival } from './arrival.ts'
import { ReadyLines } from './ready-lines.tsx'
import { sendTexts } from './texts/index.ts'

/** Milliseconds after which the page asks again whether the terminal made a user. */
const pollMs = 2000
const hourMs = 3_600_000

const steps = ['user', 'sign-in', 'send'] as const

/** The way from an empty server to its first log. */
export function FirstVisit () {
  const { first } = sendTexts.value
  const step = firstStep.value ?? 'send'
  if (step === 'send') return <Frame title={first.onlySend}><FirstLog /></Frame>
  return (
    <Frame title={first.title}>
      <ol class='steps'>
        {steps.map((name) => (
          <Step key={name} title={first.steps[name]} isDone={steps.indexOf(name) < steps.indexOf(step)}>
            {name === step && (name === 'user' ? <FirstUser /> : <SignInForm />)}
          </Step>
        ))}
      </ol>
    </Frame>
  )
}

function Frame ({ title, children }: { title: string, children: ComponentChildren }) {
  return (
    <main id='content' class='screen first' tabIndex={-1}>
      <header>
        <h1>{title}</h1>
        <Choice
          name='language'
          label={texts.value.navigation.language}
          values={[['en', 'English'], ['ru', 'Русский']]}
          chosen={language.value}
          onChoose={(language) => saveSettings({ language })}
        />
      </header>
      {children}
    </main>
  )
}

function Step ({ title, isDone, children }: { title: string, isDone: boolean, children: ComponentChildren }) {
  return (
    <li class={children ? 'is-current' : ''} aria-current={children ? 'step' : undefined}>
      <h2>{title} {isDone && <span class='tick' role='img' aria-label={sendTexts.value.first.done}>✓</span>}</h2>
      {children}
    </li>
  )
}

/** The first user is made in the terminal, or here by the code that the terminal shows. */
function FirstUser () {
  const hasSetup = useSignal(false)
  useEffect(() => {
    const look = async () => {
      const { fresh, setup } = await askServer()
      hasSetup.value = setup
      if (!fresh) firstStep.value = 'sign-in'
    }
    const timer = setInterval(() => { look().catch(() => {}) }, pollMs)
    look().catch(() => {})
    return () => clearInterval(timer)
  }, [hasSetup])
  const { inTerminal } = sendTexts.value.first
  return (
    <>
      <p>{inTerminal}</p>
      <Copyable text='npx loggerbot user add me --admin' />
      {hasSetup.value && <Setup />}
    </>
  )
}

function Setup () {
  const form = useForm(async (fields) => {
    const user = textIn(fields, 'user')
    const password = textIn(fields, 'password')
    try {
      await request('api/setup', { method: 'POST', body: { user, password, code: textIn(fields, 'code').trim() } })
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 409) throw error
      firstStep.value = 'sign-in'
      return
    }
    await signIn(user, password)
  }, explain)
  const { first } = sendTexts.value
  return (
    <form class='form' onSubmit={form.handleSubmit}>
      <p>{first.here}</p>
      <div class='form-row'>
        <Field name='user' label={first.name} refusal={form.refusal} autocomplete='username' required />
        <Field
          name='password'
          label={first.password}
          refusal={form.refusal}
          isPassword
          autocomplete='new-password'
          required
        />
        <Field name='code' label={first.code} refusal={form.refusal} autocomplete='off' required />
      </div>
      <FormProblem form={form} fields={['user', 'password', 'code']} />
      <FormButtons form={form} submit={first.make} />
    </form>
  )
}

function explain ({ status, retryAfter = 60 }: ApiError): Refusal | undefined {
  const { wrongCode, tooMany } = sendTexts.value.first
  if (status === 403) return { field: 'code', text: wrongCode }
  return status === 429 ? { text: tooMany(retryAfter) } : undefined
}

/** Turns into the list once a log is there. */
function FirstLog () {
  const log = useArrival({ user: '', hasOld: true })
  useEffect(() => { if (log) showList(log) }, [log])
  const { lead, waiting, first } = sendTexts.value
  return (
    <>
      <p>{lead}</p>
      <ReadyLines />
      <p class='waiting' role='status'>{waiting}</p>
      <button type='button' onClick={() => { firstStep.value = undefined }}>{first.skip}</button>
    </>
  )
}

function showList ({ id, at }: Log): void {
  const isRecent = Date.now() - Date.parse(at) < hourMs
  firstStep.value = undefined
  navigate({ ...standardView.value, opened: id, ...!isRecent && { from: '' } })
  notify(sendTexts.value.first.hint)
}
