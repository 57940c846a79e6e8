import { useAnswer } from '../api/answer.ts'
import { request } from '../api/client.ts'
import { Problem } from '../frame/problem.tsx'
import { formatBytes, formatNumber, formatTime } from '../texts/format.ts'
import { texts } from '../texts/index.ts'
import { lastDays, type DayCount } from './days.ts'
import { accountTexts } from './texts/index.ts'

interface UsageAnswer {
  logs: number
  bytes: number
  oldest: string | null
  days: DayCount[]
  /** False: the time was over before all logs were counted. */
  complete: boolean
  retention: { days: number, own: boolean, next: string | null }
}

/** What is kept of a user, and for how long. */
export function Usage () {
  const { answer, error, reload } = useAnswer((signal) => request<UsageAnswer>('api/usage', { signal }))
  const { usage: words } = accountTexts.value
  return (
    <section>
      <h2>{words.title}</h2>
      <Problem error={error} onRetry={reload} />
      {!answer && !error && <p role='status'>{texts.value.common.loading}</p>}
      {answer && <Facts answer={answer} />}
    </section>
  )
}

function Facts ({ answer: { logs, bytes, oldest, days, complete, retention } }: { answer: UsageAnswer }) {
  const { usage: words } = accountTexts.value
  const { days: kept, own, next } = retention
  return (
    <>
      <p>
        {kept === 0 ? words.forEver : words.keptFor(kept)}{' '}
        <span class='hint'>{own ? words.byAdministrator : words.byServer}</span>
      </p>
      <dl class='usage'>
        <div><dt>{words.logs}</dt><dd>{complete ? formatNumber(logs) : `≥ ${formatNumber(logs)}`}</dd></div>
        <div><dt>{words.bytes}</dt><dd>{formatBytes(bytes)}</dd></div>
        {oldest !== null && <div><dt>{words.oldest}</dt><dd>{formatTime(oldest)}</dd></div>}
        {next !== null && <div><dt>{words.next}</dt><dd>{formatTime(next)}</dd></div>}
      </dl>
      <Days days={lastDays(days, Date.now())} />
    </>
  )
}

/** Logs of each day, as bars. */
function Days ({ days }: { days: readonly DayCount[] }) {
  const { usage: words } = accountTexts.value
  const largest = Math.max(1, ...days.map(({ logs }) => logs))
  const total = days.reduce((sum, { logs }) => sum + logs, 0)
  const text = words.days(days.length, total)
  return (
    <figure class='days'>
      <svg viewBox={`0 0 ${days.length} 1`} preserveAspectRatio='none' role='img' aria-label={text}>
        {days.map(({ day, logs }, index) => (
          <rect key={day} x={index + 0.06} width={0.88} y={1 - logs / largest} height={logs / largest}>
            <title>{`${day}: ${formatNumber(logs)}`}</title>
          </rect>
        ))}
      </svg>
      <figcaption>{text}</figcaption>
    </figure>
  )
}
