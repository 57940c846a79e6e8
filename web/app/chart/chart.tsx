import { useSignal, useSignalEffect } from '@preact/signals'
import { useRef } from 'preact/hooks'
import type { Search } from '../rows/search.ts'
import { language, texts } from '../texts/index.ts'
import { clockOf, dayOf } from '../time/format.ts'
import { navigate, view } from '../view/location.ts'
import { partsOf, rangeOf, sumOf, valuesOf, type Bucket } from './bars.ts'
import { Counts } from './counts.ts'

/** Height of the drawing in its own units; its width is the number of bars. */
const height = 100

/** Logs over time, stacked by level; a range is chosen by dragging, or by keys. */
export function Chart ({ search }: { search: Search }) {
  const counts = useSignal<Counts | undefined>(undefined)
  useSignalEffect(() => {
    const { times } = search.state.value
    const { by, isUtc } = view.value
    if (!times || counts.peek()) return
    const next = new Counts()
    counts.value = next
    void next.ask(search.wanted, times, { by, zone: isUtc ? 'UTC' : Intl.DateTimeFormat().resolvedOptions().timeZone })
  })
  const histogram = counts.value?.state.value.histogram
  if (!histogram) return <div class='chart' />
  return (
    <div class='chart'>
      <Bars buckets={histogram.buckets} />
      {!histogram.complete && <span class='chart-note'>{texts.value.chart.partial}</span>}
    </div>
  )
}

function Bars ({ buckets }: { buckets: readonly Bucket[] }) {
  const drawing = useRef<SVGSVGElement>(null)
  const start = useSignal<number | undefined>(undefined)
  const at = useSignal<number | undefined>(undefined)
  const barOf = ({ clientX }: PointerEvent) => {
    const { left, width } = drawing.current?.getBoundingClientRect() ?? { left: 0, width: 1 }
    return Math.max(0, Math.min(buckets.length - 1, Math.floor((clientX - left) / width * buckets.length)))
  }
  const choose = (one: number, other: number) => {
    start.value = undefined
    const range = rangeOf(buckets, one, other)
    if (range) navigate({ ...range, asOf: '' })
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const bar = at.value ?? buckets.length - 1
    if (event.key === 'ArrowLeft') at.value = Math.max(0, bar - 1)
    else if (event.key === 'ArrowRight') at.value = Math.min(buckets.length - 1, bar + 1)
    else if (event.key === 'Enter') choose(bar, bar)
    else return
    event.preventDefault()
  }

  const bucket = at.value === undefined ? undefined : buckets[at.value]
  const { chart } = texts.value
  return (
    <>
      <svg
        ref={drawing}
        class='bars'
        viewBox={`0 0 ${buckets.length} ${height}`}
        preserveAspectRatio='none'
        role='slider'
        tabIndex={0}
        aria-label={chart.label}
        aria-valuemin={0}
        aria-valuemax={buckets.length - 1}
        aria-valuenow={at.value ?? buckets.length - 1}
        aria-valuetext={bucket ? describe(bucket) : chart.total(format(sumOf(buckets)))}
        onKeyDown={onKeyDown}
        onPointerDown={(event) => { start.value = at.value = barOf(event) }}
        onPointerMove={(event) => { at.value = barOf(event) }}
        onPointerLeave={() => { at.value = start.value = undefined }}
        onPointerUp={(event) => { if (start.value !== undefined) choose(start.value, barOf(event)) }}
      >
        <Stacks buckets={buckets} />
        {start.value !== undefined && at.value !== undefined && (
          <rect
            class='bars-range'
            x={Math.min(start.value, at.value)}
            width={Math.abs(start.value - at.value) + 1}
            y={0}
            height={height}
          />
        )}
      </svg>
      <span class='chart-note'>{bucket && describe(bucket)}</span>
    </>
  )
}

function Stacks ({ buckets }: { buckets: readonly Bucket[] }) {
  const values = valuesOf(buckets)
  const largest = Math.max(0, ...buckets.map(({ count }) => count))
  return (
    <>
      {buckets.flatMap((bucket, index) => partsOf(bucket, values, largest).map(({ value, start, end }) => (
        <rect
          key={`${index} ${value}`}
          class={`bar bar-${value === undefined ? 'rest' : values.indexOf(value)} bar-level-${value}`}
          x={index + 0.1}
          width={0.8}
          y={(1 - end) * height}
          height={Math.max((end - start) * height, 1)}
        />
      )))}
    </>
  )
}

function describe ({ at, count, by = {} }: Bucket): string {
  const { isUtc } = view.value
  const parts = Object.entries(by).filter(([, logs]) => logs > 0).map(([value, logs]) => `${value} ${format(logs)}`)
  return `${dayOf(at, isUtc, language.value)} ${clockOf(at, isUtc).slice(0, 8)}: ${format(count)} (${parts.join(', ')})`
}

function format (count: number): string {
  return new Intl.NumberFormat(language.value).format(count)
}
