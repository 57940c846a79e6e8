import { useSignal } from '@preact/signals'
import { refreshMs, useAnswer } from '../api/answer.ts'
import { Choice } from '../frame/choice.tsx'
import { texts } from '../texts/index.ts'
import { AlertLine } from './alert-line.tsx'
import { readAlerts, type Alert, type Delivery } from './api.ts'
import { alertTexts } from './texts/index.ts'
import { Trouble } from './trouble.tsx'

/** Alerts that are shown at first, and that are added at once; and the most that the server gives at once. */
const pageAlerts = 50
const maxPage = 200

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
  const wanted = useSignal(pageAlerts)
  const read = (signal: AbortSignal) => readNewest(state, wanted.peek(), signal)
  const { answer, error, reload } = useAnswer(read, { againMs: refreshMs })
  const { told: words } = alertTexts.value
  const more = () => {
    wanted.value += pageAlerts
    reload()
  }
  return (
    <>
      <ul class='entries'>{answer?.alerts.map((alert) => <AlertLine key={alert.number} alert={alert} />)}</ul>
      <Trouble error={error} onRetry={reload} />
      {!answer && !error && <p role='status'>{texts.value.common.loading}</p>}
      {answer?.alerts.length === 0 && <p class='hint'>{words.none}</p>}
      {answer?.hasMore && <p><button type='button' onClick={more}>{words.more}</button></p>}
    </>
  )
}

/** Reads the newest alerts, as many as are wanted. */
async function readNewest (
  state: Delivery['state'] | '', wanted: number, signal: AbortSignal
): Promise<{ alerts: readonly Alert[], hasMore: boolean }> {
  const alerts: Alert[] = []
  let cursor: string | undefined
  do {
    const page = await readAlerts({ state, cursor, limit: Math.min(wanted - alerts.length, maxPage) }, signal)
    alerts.push(...page.alerts)
    cursor = page.cursor
  } while (cursor !== undefined && alerts.length < wanted)
  return { alerts, hasMore: cursor !== undefined }
}
