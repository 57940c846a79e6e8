import { useSignal } from '@preact/signals'
import { useAnswer } from '../api/answer.ts'
import { Choice } from '../frame/choice.tsx'
import { texts } from '../texts/index.ts'
import { AlertLine } from './alert-line.tsx'
import { readAlerts, type Alert, type Delivery } from './api.ts'
import { alertTexts } from './texts/index.ts'
import { Trouble } from './trouble.tsx'

/** What was told, the newest first, and what became of it. */
export function Told () {
  const state = useSignal<Delivery['state'] | ''>('')
  const { told: words } = alertTexts.value
  return (
    <>
      <Choice
        name='outcome'
        label={words.show}
        values={[['', words.all], ['waiting', words.waiting], ['given_up', words.lost]]}
        chosen={state.value}
        onChoose={(chosen) => { state.value = chosen }}
      />
      <List key={state.value} state={state.value} />
    </>
  )
}

function List ({ state }: { state: Delivery['state'] | '' }) {
  const cursor = useSignal<string | undefined>(undefined)
  const before = useSignal<readonly Alert[]>([])
  const { answer, error, reload } = useAnswer(async (signal) => {
    const page = await readAlerts({ state, cursor: cursor.peek() }, signal)
    before.value = [...before.peek(), ...page.alerts]
    cursor.value = page.cursor
    return page
  })
  const { told: words } = alertTexts.value
  return (
    <>
      <ul class='entries'>{before.value.map((alert) => <AlertLine key={alert.number} alert={alert} />)}</ul>
      <Trouble error={error} onRetry={reload} />
      {!answer && !error && <p role='status'>{texts.value.common.loading}</p>}
      {answer && before.value.length === 0 && <p class='hint'>{words.none}</p>}
      {cursor.value !== undefined && <p><button type='button' onClick={reload}>{words.more}</button></p>}
    </>
  )
}
