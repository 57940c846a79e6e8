import { Ago } from '../account/ago.tsx'
import { Value } from '../list/value.tsx'
import { formatNumber } from '../texts/format.ts'
import type { Alert } from './api.ts'
import { Outcomes } from './outcomes.tsx'
import { Subject } from './subject.tsx'
import { alertTexts } from './texts/index.ts'

/** An alert: its number, what it was about, and what became of it. */
export function AlertLine ({ alert }: { alert: Alert }) {
  const { number, rule, kind, process, at, logs, deliveries } = alert
  const { told: words, kinds } = alertTexts.value
  return (
    <li class='entry'>
      <span class='entry-number'>{number}</span>
      <span class='entry-main'>
        <Subject alert={alert} />
        <span class='entry-about'>
          {kinds[kind]}
          {rule !== null && kind !== 'test' && <> · <Value text={rule} /></>}
          {process !== null && process !== '' && <> · <Value text={process} /></>}
          {logs > 0 && ` · ${words.logsOf(logs, formatNumber(logs))}`}
        </span>
      </span>
      <Outcomes deliveries={deliveries} />
      <span class='entry-time'><Ago at={at} /></span>
    </li>
  )
}
