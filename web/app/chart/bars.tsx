import type { Signal } from '@preact/signals'
import { useEffect, useMemo, useRef } from 'preact/hooks'
import { levels } from '../api/types.ts'
import type { Search } from '../rows/search.ts'
import { texts } from '../texts/index.ts'
import { serverNow } from '../time/clock.ts'
import { widen } from '../time/range.ts'
import { showRange } from '../time/show-range.ts'
import { view } from '../view/location.ts'
import { edgesOf, pathsOf, valuesOf, type Size } from './bars.ts'
import type { Chosen } from './chosen.ts'
import { firstCounted, rangeOf, type Histogram } from './histogram.ts'
import { wordsOfBar } from './words.ts'

/** Milliseconds within which a second click makes a double click. */
const doubleClickMs = 250
/** Pixels that a pointer moves at least to drag. */
const dragPixels = 4

interface BarsProps {
  histogram: Histogram
  search: Search
  size: Size
  chosen: Signal<Chosen>
}

/** The bars: a slider that chooses one, or several by dragging, to zoom in or to show their rows. */
export function Bars ({ histogram, search, size, chosen }: BarsProps) {
  const { buckets } = histogram
  const choose = (how: 'zoom' | 'jump') => {
    const { anchor, bar = buckets.length - 1 } = chosen.value
    const range = rangeOf(histogram, anchor ?? bar, bar)
    if (!range) return
    if (how === 'zoom') showRange(range)
    else jumpTo(search, range)
    chosen.value = { anchor: undefined, bar }
  }
  const pointer = usePointer(histogram, chosen, choose)
  const { bar, anchor } = chosen.value
  const shown = bar ?? buckets.length - 1
  return (
    <svg
      class='bars'
      width={size.width}
      height={size.height}
      role='slider'
      tabindex={0}
      aria-label={texts.value.chart.label}
      aria-valuemin={0}
      aria-valuemax={Math.max(0, buckets.length - 1)}
      aria-valuenow={shown}
      aria-valuetext={wordsOfBar(histogram, shown)}
      onKeyDown={(event) => {
        if (!keyChooses(event, histogram, chosen, choose)) return
        event.preventDefault()
        event.stopPropagation()
      }}
      {...pointer}
    >
      <Paths histogram={histogram} size={size} />
      <Hatch histogram={histogram} size={size} />
      {bar !== undefined && <Selection {...{ size, bars: buckets.length, from: anchor ?? bar, to: bar }} />}
    </svg>
  )
}

/** Shows the rows of a range without zooming: the list goes to its first row there. */
export function jumpTo (search: Search, { from, to }: { from: string, to: string }): void {
  void search.jump(search.wanted.order === 'newest' && to !== '' ? to : from)
}

type Choose = (how: 'zoom' | 'jump') => void

/** Whether a key moved, chose or dropped something. */
function keyChooses (
  { key, shiftKey }: KeyboardEvent, { buckets }: Histogram, chosen: Signal<Chosen>, choose: Choose
): boolean {
  const { anchor, bar = buckets.length - 1 } = chosen.value
  const targets: Record<string, number> = { ArrowLeft: bar - 1, ArrowRight: bar + 1, Home: 0, End: buckets.length - 1 }
  if (Object.hasOwn(targets, key)) {
    const target = Math.max(0, Math.min(buckets.length - 1, targets[key] ?? bar))
    chosen.value = { anchor: shiftKey ? anchor ?? bar : undefined, bar: target }
  } else if (key === 'Enter') choose(shiftKey ? 'jump' : 'zoom')
  else if (key === 'Backspace') showRange(widen(view.value, serverNow()))
  else if (key === 'Escape' && anchor !== undefined) chosen.value = { anchor: undefined, bar }
  else return false
  return true
}

/** Handlers of the pointer: a click zooms to a bar, a drag to several, with Shift it shows their rows. */
function usePointer ({ buckets }: Histogram, chosen: Signal<Chosen>, choose: Choose) {
  const down = useRef<{ x: number, bar: number } | undefined>(undefined)
  const click = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  useEffect(() => () => clearTimeout(click.current), [])
  const barOf = ({ clientX, currentTarget }: PointerEvent) => {
    if (!(currentTarget instanceof Element)) return 0
    const { left, width } = currentTarget.getBoundingClientRect()
    return Math.max(0, Math.min(buckets.length - 1, Math.floor((clientX - left) / width * buckets.length)))
  }
  return {
    onPointerDown (event: PointerEvent) {
      if (event.button !== 0) return
      if (event.currentTarget instanceof Element) event.currentTarget.setPointerCapture(event.pointerId)
      down.current = { x: event.clientX, bar: barOf(event) }
      chosen.value = { anchor: undefined, bar: barOf(event) }
    },
    onPointerMove (event: PointerEvent) {
      const start = down.current
      const isDrag = start !== undefined && Math.abs(event.clientX - start.x) >= dragPixels
      chosen.value = { anchor: isDrag ? start.bar : undefined, bar: barOf(event) }
    },
    onPointerLeave () {
      if (!down.current) chosen.value = { anchor: undefined, bar: undefined }
    },
    onPointerUp (event: PointerEvent) {
      const start = down.current
      down.current = undefined
      if (!start) return
      if (chosen.value.anchor !== undefined) choose(event.shiftKey ? 'jump' : 'zoom')
      else if (event.shiftKey) choose('jump')
      else click.current = setTimeout(() => choose('zoom'), doubleClickMs)
    },
    onPointerCancel () { down.current = undefined },
    onDblClick () {
      clearTimeout(click.current)
      showRange(widen(view.value, serverNow()))
    },
    /** Escape ends a drag. */
    onKeyDownCapture ({ key }: KeyboardEvent) {
      if (key === 'Escape') down.current = undefined
    }
  }
}

function Paths ({ histogram: { buckets }, size }: { histogram: Histogram, size: Size }) {
  const { values, paths } = useMemo(() => {
    const values = valuesOf(buckets)
    return { values, paths: pathsOf(buckets, values, size) }
  }, [buckets, size])
  return <>{paths.map((d, index) => d !== '' && <path key={index} class={classOf(values[index], index)} d={d} />)}</>
}

/** The class that colours a value: that of a level, or of its place. */
export function classOf (value: string | undefined, index: number): string {
  if (value === undefined) return 'bar'
  return levels.some((level) => level === value) ? `bar bar-${value}` : `bar bar-${index}`
}

/** What is not counted yet. */
function Hatch ({ histogram, size }: { histogram: Histogram, size: Size }) {
  const first = firstCounted(histogram)
  if (first === 0) return null
  const width = first * size.width / histogram.buckets.length
  return (
    <>
      <pattern id='hatch' width='6' height='6' patternUnits='userSpaceOnUse' patternTransform='rotate(45)'>
        <rect class='bars-hatch' width='2' height='6' />
      </pattern>
      <rect class='bars-uncounted' width={width} height={size.height} />
    </>
  )
}

function Selection ({ size, bars, from, to }: { size: Size, bars: number, from: number, to: number }) {
  const { left } = edgesOf(Math.min(from, to), bars, size.width)
  const { right } = edgesOf(Math.max(from, to), bars, size.width)
  return <rect class='bars-range' x={left} width={right - left} height={size.height} />
}
