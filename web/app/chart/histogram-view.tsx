import '../style/chart.css'
import { useSignal, type Signal } from '@preact/signals'
import type { RefObject } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import type { Search } from '../rows/search.ts'
import { view } from '../view/location.ts'
import { Axis } from './axis.tsx'
import { Bars } from './bars.tsx'
import type { Chosen } from './chosen.ts'
import type { Size } from './bars.ts'
import { Counts, shownCounts } from './counts.ts'
import { Head } from './head.tsx'

/** Bars of a wide screen, and pixels of one. */
const maxBars = 160
const minBarWidth = 5

/** Logs over time, with what they are stacked by. */
export function HistogramView ({ search }: { search: Search }) {
  const drawing = useRef<HTMLDivElement>(null)
  const size = useSize(drawing)
  const chosen = useSignal<Chosen>({ anchor: undefined, bar: undefined })
  useCounts(search, size)
  const counts = shownCounts.value
  const { histogram, isBusy } = counts?.state.value ?? { histogram: undefined, isBusy: true }
  return (
    <section class='chart' aria-busy={isBusy}>
      <Head counts={counts} chosen={chosen} />
      <div ref={drawing} class='chart-drawing'>
        {histogram && <Bars histogram={histogram} search={search} size={size.value} chosen={chosen} />}
      </div>
      {histogram && <Axis histogram={histogram} search={search} width={size.value.width} />}
    </section>
  )
}

/** Counts the logs of a search once its first rows are there, and anew for another field or zone. */
function useCounts (search: Search, size: Signal<Size>): void {
  const { times } = search.state.value
  const { by, isUtc } = view.value
  const maxShown = Math.max(1, Math.min(maxBars, Math.floor(size.value.width / minBarWidth)))
  const isMeasured = size.value.width > 0
  useEffect(() => {
    if (!times || !isMeasured) return
    const zone = isUtc ? 'UTC' : Intl.DateTimeFormat().resolvedOptions().timeZone
    const counts = new Counts(search, { by, zone, maxBars: maxShown }, { times, before: shownCounts.peek() })
    shownCounts.value = counts
    void counts.ask()
    return () => counts.stop()
  }, [search, times, by, isUtc, isMeasured])
  useEffect(() => () => { shownCounts.value = undefined }, [])
}

/** Width and height of an element, as they are now. */
function useSize (element: RefObject<HTMLElement | null>): Signal<Size> {
  const size = useSignal<Size>({ width: 0, height: 0 })
  useEffect(() => {
    const { current } = element
    if (!current) return
    const observer = new ResizeObserver(() => {
      size.value = { width: current.clientWidth, height: current.clientHeight }
    })
    observer.observe(current)
    return () => observer.disconnect()
  }, [])
  return size
}
