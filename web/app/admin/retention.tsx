import { useSignal, useSignalEffect, type Signal } from '@preact/signals'
import { request } from '../api/client.ts'
import { formatNumber } from '../texts/format.ts'
import { adminTexts } from './texts/index.ts'

/** As the API accepts them. */
const maxDays = 36_500
/** Days that stand in the field at first. */
const usualDays = 30

/** How long the logs of a user are kept, and how many would expire. */
export function Retention ({ name, days }: { name: string, days: Signal<number | null> }) {
  const { users: words } = adminTexts.value
  const kind = days.value === null ? 'server' : days.value === 0 ? 'ever' : 'days'
  const kinds = { server: null, ever: 0, days: usualDays }
  return (
    <fieldset>
      <legend>{words.keptTitle}</legend>
      {(['server', 'ever', 'days'] as const).map((each) => (
        <label key={each} class='choice'>
          <input type='radio' name='kind' checked={kind === each} onChange={() => { days.value = kinds[each] }} />
          {words.kinds[each]}
        </label>
      ))}
      {days.value !== null && days.value > 0 && (
        <label class='choice'>
          <input
            type='number'
            min={1}
            max={maxDays}
            required
            value={days.value}
            onChange={({ currentTarget: { validity, valueAsNumber } }) => {
              if (validity.valid) days.value = valueAsNumber
            }}
          />
          {words.days}
        </label>
      )}
      <Expiring name={name} days={days} />
    </fieldset>
  )
}

/** The number of logs that are older than they may become. */
function Expiring ({ name, days }: { name: string, days: Signal<number | null> }) {
  const logs = useSignal<number | undefined>(undefined)
  useSignalEffect(() => {
    logs.value = undefined
    if (days.value === null || days.value === 0) return
    const ended = new AbortController()
    const params = { user: name, to: `-${days.value}d` }
    request<{ count: number }>('api/logs/count', { params, signal: ended.signal })
      .then(({ count }) => { logs.value = count }, () => {})
    return () => ended.abort()
  })
  const { users: words } = adminTexts.value
  const text = logs.value === undefined ? '' : words.expire(logs.value, formatNumber(logs.value))
  return <p class='hint' role='status'>{text}</p>
}
