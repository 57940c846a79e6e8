import { useComputed, useSignal, useSignalEffect } from '@preact/signals'
import { Choice } from '../frame/choice.tsx'
import { Problem } from '../frame/problem.tsx'
import { Value } from '../list/value.tsx'
import { formatAgo, formatNumber, formatTime } from '../texts/format.ts'
import { texts } from '../texts/index.ts'
import { TimeRange } from '../time/time-range.tsx'
import { addressOf, navigate, view } from '../view/location.ts'
import { defaultView } from '../view/view.ts'
import { queryOf, sparkOf, type Group } from './groups.ts'
import { ErrorReader, type ErrorsWanted, type Reading } from './reading.ts'
import { Spark, sparkBars } from './spark.tsx'
import { errorTexts } from './texts/index.ts'

/** Errors of the time range, grouped here by what they say: for servers that do not group them. */
export function Templates () {
  const reader = useSignal<ErrorReader | undefined>(undefined)
  // Only what the groups depend on: another time zone is no other search.
  const wanted = useComputed(() => {
    const { from, to, user, asOf } = view.value
    return JSON.stringify({ from, to, user, asOf } satisfies ErrorsWanted)
  })
  useSignalEffect(() => {
    const next = new ErrorReader(JSON.parse(wanted.value) as ErrorsWanted)
    reader.value = next
    void next.more()
    return () => next.stop()
  })
  const order = useSignal<'last' | 'count'>('last')
  const words = errorTexts.value
  return (
    <main id='content' class='screen errors' tabIndex={-1}>
      <header>
        <h1>{texts.value.navigation.screens.errors}</h1>
        <Choice
          name='order'
          label={words.order}
          values={[['last', words.latest], ['count', words.frequent]]}
          chosen={order.value}
          onChoose={(chosen) => { order.value = chosen }}
        />
        <TimeRange />
      </header>
      {reader.value && <Groups key={reader.value} reader={reader.value} order={order.value} />}
    </main>
  )
}

function Groups ({ reader, order }: { reader: ErrorReader, order: 'last' | 'count' }) {
  const reading = reader.state.value
  const { groups, logs, isBusy, reached, error } = reading
  const words = errorTexts.value
  const sorted = [...groups].sort((one, other) => other[order] - one[order])
  const more = () => { void reader.more() }
  return (
    <>
      <Problem error={error} onRetry={more} />
      <ul class='groups'>
        {sorted.map((group) => <Line key={`${group.process}\n${group.template}`} group={group} reading={reading} />)}
      </ul>
      <p class='hint'>
        <span role='status'>
          {isBusy ? texts.value.common.loading : words.summary(logs, groups.length, formatNumber(logs))}
        </span>
        {!isBusy && reached !== undefined && (
          <>
            {' '}{words.reached(formatTime(new Date(reached).toISOString()))}{' '}
            <button type='button' onClick={more}>{words.more}</button>
          </>
        )}
      </p>
    </>
  )
}

function Line ({ group, reading }: { group: Group, reading: Reading }) {
  const { process, template, level, count } = group
  const words = errorTexts.value
  const first = new Date(group.first).toISOString()
  const last = new Date(group.last).toISOString()
  const { from, to, user, isUtc } = view.value
  const target = { ...defaultView, from, to, user, isUtc, query: queryOf(group) }
  return (
    <li>
      <a
        href={addressOf(target)}
        class={`group level-${level}`}
        onClick={(event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) return
          event.preventDefault()
          navigate(target)
        }}
      >
        <span class='level' role='img' aria-label={texts.value.levels[level]}>{level.charAt(0).toUpperCase()}</span>
        <span class='group-count' aria-label={words.times(count, formatNumber(count))}>{formatNumber(count)}</span>
        <Spark counts={sparkOf(group.times, reading.from, reading.to, sparkBars)} />
        <span class='group-process'><Value text={process} /></span>
        <span class='group-text'><Value text={template === '' ? words.empty : template} /></span>
        <span class='group-times'>
          <time dateTime={last} title={formatTime(last)}>{formatAgo(last)}</time>
          {count > 1 && <small>{words.since(formatTime(first))}</small>}
        </span>
      </a>
    </li>
  )
}
