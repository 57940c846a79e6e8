import '../style/send.css'
import { identity } from '../frame/session.ts'
import { Value } from '../list/value.tsx'
import { navigate, standardView } from '../view/location.ts'
import { useArrival } from './arrival.ts'
import { ReadyLines } from './ready-lines.tsx'
import { sendTexts } from './texts/index.ts'

/** How to send logs from each logger; the first log that arrives is shown. */
export function Send () {
  const { title, lead, waiting, arrived, show } = sendTexts.value
  const log = useArrival({ user: identity.value?.admin ? identity.value.user : '', hasOld: false })
  return (
    <main id='content' class='screen send' tabIndex={-1}>
      <h1>{title}</h1>
      <p>{lead}</p>
      <ReadyLines />
      <div class='arrival' role='status'>
        {log ? <p>{arrived} <Value text={`${log.process}: ${log.message}`} /></p> : <p class='waiting'>{waiting}</p>}
      </div>
      {log && (
        <button type='button' class='primary' onClick={() => navigate({ ...standardView.value, opened: log.id })}>
          {show}
        </button>
      )}
    </main>
  )
}
