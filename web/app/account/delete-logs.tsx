import { useSignal } from '@preact/signals'
import { useAnswer } from '../api/answer.ts'
import { request } from '../api/client.ts'
import { Dialog } from '../frame/dialog.tsx'
import { Field, FormButtons, FormProblem, useForm } from '../frame/form.tsx'
import { notify } from '../frame/notices.tsx'
import { Problem } from '../frame/problem.tsx'
import { identity } from '../frame/session.ts'
import { Value } from '../list/value.tsx'
import { formatNumber } from '../texts/format.ts'
import { texts } from '../texts/index.ts'
import { wordsOf } from '../time/words.ts'
import { accountTexts } from './texts/index.ts'

/** Logs to delete; an empty text stands for all. */
export interface Deleted {
  query: string
  from: string
  to: string
  /** Empty: oneself; for administrators, everybody. */
  user: string
}

interface Counted {
  logs: number
  /** The code that deletes what was counted. */
  confirm: string
  /** False: there may be more. */
  complete: boolean
}

/** Counts the logs, and deletes them once their number is typed. */
export function DeleteLogs ({ deleted, onClose }: { deleted: Deleted, onClose (): void }) {
  const params = { ...deleted }
  const { answer, error, reload } = useAnswer((signal) => (
    request<Counted>('api/logs', { method: 'DELETE', params, signal })))
  const { deletion: words } = accountTexts.value
  return (
    <Dialog title={words.title} onClose={onClose}>
      <Scope deleted={deleted} />
      <Problem error={error} onRetry={reload} />
      {!answer && !error && <p role='status'>{words.counting}</p>}
      {answer && (answer.logs === 0 ? <p>{words.none}</p> : <Sure {...{ deleted, counted: answer, onClose }} />)}
    </Dialog>
  )
}

/** Which logs are meant. */
function Scope ({ deleted: { query, from, to, user } }: { deleted: Deleted }) {
  const { deletion: words } = accountTexts.value
  const { user: name = '', admin = false } = identity.value ?? {}
  return (
    <dl class='usage'>
      <div><dt>{words.query}</dt><dd>{query === '' ? words.everything : <code><Value text={query} /></code>}</dd></div>
      <div><dt>{texts.value.time.label}</dt><dd>{wordsOf({ from, to })}</dd></div>
      <div>
        <dt>{words.user}</dt>
        <dd>{admin && user === '' ? <strong>{words.everybody}</strong> : <Value text={user || name} />}</dd>
      </div>
    </dl>
  )
}

interface SureProps {
  deleted: Deleted
  counted: Counted
  onClose (): void
}

function Sure ({ deleted, counted: { logs, confirm, complete }, onClose }: SureProps) {
  const done = useSignal(0)
  const form = useForm(async () => {
    for (let isOver = false; !isOver;) {
      const params = { ...deleted, confirm }
      const answer = await request<{ deleted: number, complete: boolean }>('api/logs', { method: 'DELETE', params })
      done.value += answer.deleted
      isOver = answer.complete
    }
    notify(accountTexts.value.deletion.deleted(done.value))
    onClose()
  })
  const { deletion: words } = accountTexts.value
  return (
    <form class='form is-dangerous' onSubmit={form.handleSubmit}>
      <p><strong>{words.effect(logs, complete)}</strong></p>
      <Field
        name='number'
        label={words.type(logs)}
        refusal={form.refusal}
        autocomplete='off'
        pattern={String(logs)}
        required
        autofocus
      />
      {form.isBusy && <p role='status'>{words.progress(formatNumber(done.value))}</p>}
      <FormProblem form={form} fields={['number']} />
      <FormButtons form={form} submit={words.submit}>
        <button type='button' onClick={onClose}>{texts.value.common.cancel}</button>
      </FormButtons>
    </form>
  )
}
