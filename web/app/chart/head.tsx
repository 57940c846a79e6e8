import { useSignal, type Signal } from '@preact/signals'
import hide from 'icon:chevrons-up'
import table from 'icon:table'
import { explain } from '../api/explain.ts'
import { fixedFields } from '../facets/fields.ts'
import { namesIn } from '../facets/names.ts'
import { IconButton } from '../frame/icon.tsx'
import { openOverlay } from '../frame/overlay.tsx'
import { saveSettings } from '../frame/settings.ts'
import { Value } from '../list/value.tsx'
import type { Search } from '../rows/search.ts'
import { texts } from '../texts/index.ts'
import { clockOf } from '../time/format.ts'
import { navigate, view } from '../view/location.ts'
import { classOf } from './bars.tsx'
import { countsOf, sumOf, valuesOf, type Bucket } from './bars.ts'
import type { Chosen } from './chosen.ts'
import type { Counts } from './counts.ts'
import { firstCounted, type Histogram } from './histogram.ts'
import { formatCount, formatShare, timeOfBars } from './words.ts'

interface HeadProps {
  counts: Counts | undefined
  chosen: Signal<Chosen>
}

/** What the chosen bars say, or all of them; and what is shown. */
export function Head ({ counts, chosen }: HeadProps) {
  const { chart } = texts.value
  const histogram = counts?.state.value.histogram
  return (
    <div class='chart-head'>
      {counts && <Said counts={counts} chosen={chosen.value} />}
      {histogram && <Legend histogram={histogram} chosen={chosen.value} />}
      {counts && <By search={counts.search} />}
      <IconButton
        nodes={table}
        label={chart.table}
        disabled={!histogram}
        onClick={() => openOverlay(async () => (await import('./table.tsx')).Table)}
      />
      <IconButton nodes={hide} label={chart.hide} onClick={() => saveSettings({ chart: false })} />
    </div>
  )
}

/** The chosen bars in words, else what is wrong or missing. */
function Said ({ counts, chosen: { anchor, bar } }: { counts: Counts, chosen: Chosen }) {
  const { histogram, error, isBusy } = counts.state.value
  const { chart } = texts.value
  const goOn = (label: string) => (
    <button type='button' class='link' disabled={isBusy} onClick={() => { void counts.goOn() }}>{label}</button>
  )
  if (error) return <span class='chart-said'>{explain(error)} {goOn(chart.again)}</span>
  if (!histogram) return <span class='chart-said' />
  if (bar !== undefined) {
    const { count } = sumOfBars(histogram.buckets, anchor ?? bar, bar)
    const share = formatShare(count, sumOf(histogram.buckets))
    return <span class='chart-said'>{timeOfBars(histogram, anchor ?? bar, bar)} · {chart.logs(count)} · {share}</span>
  }
  if (firstCounted(histogram) === 0) return <span class='chart-said' />
  const { reached } = histogram
  return (
    <span class='chart-said'>
      {reached === undefined ? chart.uncounted : chart.countedBackTo(clockOf(reached, view.value.isUtc).slice(0, 8))}
      {' · '}{goOn(chart.goOn)}
    </span>
  )
}

/** Colours of the values, with their logs in the chosen bars, or in all. */
function Legend ({ histogram: { buckets }, chosen: { anchor, bar } }: { histogram: Histogram, chosen: Chosen }) {
  const values = valuesOf(buckets)
  const shown = bar === undefined
    ? sumOfBars(buckets, 0, buckets.length - 1)
    : sumOfBars(buckets, anchor ?? bar, bar)
  const counts = countsOf(shown, values)
  const all = countsOf(sumOfBars(buckets, 0, buckets.length - 1), values)
  return (
    <ul class='legend'>
      {counts.map((count, index) => all[index] !== 0 && (
        <li key={values[index] ?? ''}>
          <svg class='swatch' width='8' height='8' aria-hidden='true'>
            <rect class={classOf(values[index], index)} width='8' height='8' />
          </svg>
          <span class='legend-value'><Value text={values[index] ?? texts.value.chart.others} /></span>
          <span class='legend-count'>{formatCount(count)}</span>
        </li>
      ))}
    </ul>
  )
}

/** Several bars as one. */
function sumOfBars (buckets: readonly Bucket[], one: number, other: number): Bucket {
  const chosen = buckets.slice(Math.min(one, other), Math.max(one, other) + 1)
  const by = new Map<string, number>()
  for (const bucket of chosen) {
    for (const [value, count] of Object.entries(bucket.by ?? {})) by.set(value, (by.get(value) ?? 0) + count)
  }
  return { at: '', count: sumOf(chosen), by: Object.fromEntries(by) }
}

/** Chooses the field whose values are stacked. */
function By ({ search }: { search: Search }) {
  const names = useSignal<readonly string[]>([])
  const { by } = view.value
  const fields = new Set([...fixedFields(), 'pid', by, ...names.value])
  return (
    <label class='chart-by'>
      {texts.value.chart.by}
      <select
        value={by}
        onPointerDown={() => { names.value = namesIn(search) }}
        onFocus={() => { names.value = namesIn(search) }}
        onChange={(event) => navigate({ by: event.currentTarget.value }, { replace: true })}
      >
        {[...fields].map((field) => <option key={field} value={field}>{field}</option>)}
      </select>
    </label>
  )
}
