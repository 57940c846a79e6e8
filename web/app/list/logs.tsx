import { useComputed, useSignal, useSignalEffect } from '@preact/signals'
import { Bar } from '../query/bar.tsx'
import { problem } from '../query/draft.ts'
import { Chart } from '../chart/chart.tsx'
import { Facets } from '../facets/facets.tsx'
import { Switches } from '../facets/switches.tsx'
import { searchFor, takeFirst, wantedText } from './first.ts'
import { Rows } from './rows.tsx'
import { Status } from './status.tsx'
import { lazy } from '../frame/lazy.tsx'
import { isFollowed, LiveSwitch } from '../live/switch.tsx'
import { offerFirstVisit } from '../frame/session.ts'
import type { Search } from '../rows/search.ts'
import { TimeRange } from '../time/time-range.tsx'
import { texts } from '../texts/index.ts'
import { view } from '../view/location.ts'

const LiveLine = lazy(async () => (await import('../live/live-line.tsx')).LiveLine)
const Tabs = lazy(async () => (await import('../saved/tabs.tsx')).Tabs)

/** The main screen: the bar, the list and its status. */
export function Logs () {
  const runs = useSignal(0)
  const search = useSignal<Search | undefined>(undefined)
  /** The search whose rows are shown: the one before, until the first page of the next one is there. */
  const shown = useSignal<Search | undefined>(undefined)
  const wanted = useComputed(wantedText)
  useSignalEffect(() => {
    void runs.value
    const next = takeFirst(wanted.value) ?? searchFor(wanted.value)
    search.value = next
    if (!shown.peek()) shown.value = next
    return () => next.stop()
  })
  useSignalEffect(() => {
    if (search.value?.state.value.tookMs === undefined) return
    shown.value = search.value
    if (search.value.count === 0) void offerFirstVisit()
  })

  // What stands beside the rows is read after them.
  const { tookMs, error } = shown.value?.state.value ?? {}
  const isAnswered = tookMs !== undefined || error !== undefined
  return (
    <main id='content' class='logs' tabIndex={-1}>
      <h1 class='unseen'>{texts.value.navigation.screens.logs}</h1>
      <div class='limits'>
        <Bar search={search.value} onRun={() => { runs.value++ }} />
        <TimeRange />
        <LiveSwitch />
        <Switches />
      </div>
      <div class='saved-tabs'>{isAnswered && <Tabs search={search.value} />}</div>
      <div class='results' aria-busy={search.value !== shown.value || problem.value !== undefined}>
        {search.value?.state.value.isLoading && <div class='progress' />}
        {shown.value && <Chart search={shown.value} />}
        {shown.value && isFollowed(view.value) && (
          <LiveLine key={shown.value} search={shown.value} onRestart={() => { runs.value++ }} />
        )}
        <div class='results-rows'>
          {shown.value && <Facets search={shown.value} />}
          {shown.value && <Rows search={shown.value} />}
        </div>
      </div>
      {search.value && <Status search={search.value} />}
    </main>
  )
}
