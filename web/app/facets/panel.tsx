import '../style/facets.css'
import { effect, signal, useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { explain } from '../api/explain.ts'
import { shownCounts } from '../chart/counts.ts'
import { settings } from '../frame/settings.ts'
import type { Search } from '../rows/search.ts'
import { texts } from '../texts/index.ts'
import { clockOf } from '../time/format.ts'
import { view } from '../view/location.ts'
import { FacetCounts, type FacetsState } from './counts.ts'
import { namedIn } from './chosen.ts'
import { fixedFields } from './fields.ts'
import { namesIn, namesInSample } from './names.ts'
import { Section } from './section.tsx'

/** Fields that many senders leave alone: with one value they say nothing. */
const optional = ['description', 'user']
/** Names of attributes that are offered at first. */
const firstNames = 20

/** Fields that were closed, or opened, against what they are at first; fields that are shown whole. */
const turned = signal<ReadonlySet<string>>(new Set())
const whole = signal<ReadonlySet<string>>(new Set())

/** The values of fields, counted once the histogram is there. */
export function Panel ({ search }: { search: Search }) {
  const areAllShown = useSignal(false)
  const fixed = fixedFields()
  const sampled = useSignal<readonly string[]>([])
  const names = [...new Set([...namesIn(search), ...sampled.value])].filter((name) => !fixed.includes(name))
  const isOpen = (field: string) => fixed.includes(field) !== turned.value.has(field)
  const open = [...fixed, ...names].filter(isOpen)
  const counts = useCounts(search, open, whole.value)
  useEffect(() => {
    if (!counts) return
    const ended = new AbortController()
    void namesInSample(ended.signal).then((names) => { sampled.value = names })
    return () => ended.abort()
  }, [counts !== undefined, search])
  const state = counts?.state.value
  const isTelling = (field: string) => {
    const facet = state?.facets.get(field)
    return !optional.includes(field) || !facet || facet.distinct > 1 || namedIn(search.wanted.query, field).length > 0
  }
  const shown = areAllShown.value ? names : names.filter((name, index) => index < firstNames || isOpen(name))
  const { facets: words } = texts.value
  return (
    <div class='facets-panel' aria-busy={state?.isBusy ?? true}>
      {counts && state && <Notes state={state} onRetry={() => { void counts.ask(open, whole.value) }} />}
      {[...fixed.filter(isTelling), ...shown].map((field) => (
        <Section
          key={field}
          field={field}
          facet={state?.facets.get(field)}
          isOpen={isOpen(field)}
          isExact={state?.isComplete ?? true}
          isWhole={whole.value.has(field)}
          query={search.wanted.query}
          onTurn={() => { turned.value = toggled(turned.value, field) }}
          onWhole={() => { whole.value = toggled(whole.value, field) }}
        />
      ))}
      {shown.length < names.length && (
        <button type='button' class='link' onClick={() => { areAllShown.value = true }}>
          {words.moreFields(names.length - shown.length)}
        </button>
      )}
    </div>
  )
}

function Notes ({ state: { error, isComplete, reached }, onRetry }: { state: FacetsState, onRetry (): void }) {
  const { facets: words, chart } = texts.value
  if (error) {
    return (
      <p class='facets-note'>
        {explain(error)} <button type='button' class='link' onClick={onRetry}>{chart.again}</button>
      </p>
    )
  }
  if (isComplete) return null
  const time = reached === undefined ? undefined : clockOf(reached, view.value.isUtc).slice(0, 8)
  return <p class='facets-note'>{time === undefined ? words.partial : chart.countedBackTo(time)}</p>
}

/** Counts the open fields of a search, after its rows and its histogram. */
function useCounts (search: Search, open: readonly string[], whole: ReadonlySet<string>): FacetCounts | undefined {
  const counts = useSignal<FacetCounts | undefined>(undefined)
  const ready = useSignal<Search | undefined>(undefined)
  const latest = useRef({ open, whole })
  latest.current = { open, whole }
  const { times } = search.state.value
  const key = JSON.stringify([open, [...whole]])
  useEffect(() => effect(() => {
    const chart = shownCounts.value
    const isCounting = settings.value.chart && (chart?.search !== search || chart.state.value.isBusy)
    if (!isCounting) ready.value = search
  }), [search])
  const isReady = ready.value === search
  useEffect(() => {
    // A server that has no time for the histogram has none for this.
    if (!isReady || !times || shownCounts.peek()?.state.peek().error?.status === 503) return
    const next = new FacetCounts(search, times, counts.peek())
    counts.value = next
    void next.ask(latest.current.open, latest.current.whole)
    return () => next.stop()
  }, [isReady, search, times, key])
  return counts.value
}

function toggled (set: ReadonlySet<string>, name: string): ReadonlySet<string> {
  return set.has(name) ? new Set([...set].filter((other) => other !== name)) : new Set([...set, name])
}
