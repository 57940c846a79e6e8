import { useComputed, useSignal, useSignalEffect } from '@preact/signals'
import { Bar } from '../query/bar.tsx'
import { isAboutQuery, problem } from '../query/draft.ts'
import { Chart } from '../chart/chart.tsx'
import { List } from './list.tsx'
import { offerFirstVisit } from '../frame/session.ts'
import { Search, type Wanted } from '../rows/search.ts'
import { language, texts } from '../texts/index.ts'
import { TimeRange } from '../time/time-range.tsx'
import { navigate, view } from '../view/location.ts'

/** The main screen: the bar, the list and its status. */
export function Logs () {
  const runs = useSignal(0)
  const search = useSignal<Search | undefined>(undefined)
  /** The search whose rows are shown: the one before, until the first page of the next one is there. */
  const shown = useSignal<Search | undefined>(undefined)
  // Only what a search depends on: opening a row is no new search.
  const wanted = useComputed(() => {
    const { query, from, to, user, order, asOf } = view.value
    return JSON.stringify({ query, from, to, user, order, asOf } satisfies Wanted)
  })
  useSignalEffect(() => {
    void runs.value
    const next = new Search(JSON.parse(wanted.value) as Wanted)
    search.value = next
    if (!shown.peek()) shown.value = next
    void next.more()
    return () => next.stop()
  })
  useSignalEffect(() => {
    if (search.value?.state.value.tookMs === undefined) return
    shown.value = search.value
    if (search.value.count === 0) void offerFirstVisit()
  })

  return (
    <main id='content' class='logs' tabIndex={-1}>
      <div class='limits'>
        <Bar search={search.value} onRun={() => { runs.value++ }} />
        <TimeRange />
      </div>
      <div class='results' aria-busy={search.value !== shown.value || problem.value !== undefined}>
        {shown.value && <Chart key={shown.value} search={shown.value} />}
        {shown.value && <List key={shown.value} search={shown.value} onOpen={({ id }) => toggle(id)} />}
      </div>
      {search.value && <Status search={search.value} />}
    </main>
  )
}

function toggle (id: string): void {
  navigate({ opened: view.value.opened === id ? '' : id })
}

function Status ({ search }: { search: Search }) {
  const { isLoading, isAtEnd, reached, error, tookMs } = search.state.value
  const { list, status, problems } = texts.value
  const number = new Intl.NumberFormat(language.value)
  return (
    <p class='status' role='status'>
      {isLoading && search.count === 0
        ? list.loading
        : search.count === 0 && isAtEnd ? list.empty : status.rows(number.format(search.count))}
      {tookMs !== undefined && <span>{status.took(Math.round(tookMs))}</span>}
      {reached !== undefined && <span>{list.searchedBackTo(reached)}</span>}
      {error && !isAboutQuery(error) && (
        <span class='problem'>{error.status === 0 ? problems.offline : problems.unknown(error.message)}</span>
      )}
    </p>
  )
}
