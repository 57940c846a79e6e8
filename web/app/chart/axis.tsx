import type { Search } from '../rows/search.ts'
import { language } from '../texts/index.ts'
import { view } from '../view/location.ts'
import { jumpTo } from './bars.tsx'
import { placeOf } from './bars.ts'
import { ticksOf, type Tick } from './axis.ts'
import { rangeOf, type Histogram } from './histogram.ts'

/** Pixels between labels. */
const labelPixels = 110
/** Pixels of the shortest bracket. */
const minBracket = 6

interface AxisProps {
  histogram: Histogram
  search: Search
  width: number
}

/** A few times, and a bracket below the bars of the rows on the screen. A click shows the rows there. */
export function Axis ({ histogram, search, width }: AxisProps) {
  const { buckets, interval } = histogram
  const { isUtc } = view.value
  const ticks = ticksOf(buckets, interval * 1000, Math.ceil(labelPixels * buckets.length / Math.max(1, width)), isUtc)
  const onClick = ({ clientX, currentTarget }: MouseEvent) => {
    if (!(currentTarget instanceof Element)) return
    const { left } = currentTarget.getBoundingClientRect()
    const bar = Math.min(buckets.length - 1, Math.floor((clientX - left) / width * buckets.length))
    const range = rangeOf(histogram, bar, bar)
    if (range) jumpTo(search, range)
  }
  return (
    <div class='chart-axis' aria-hidden='true' onClick={onClick}>
      <Bracket histogram={histogram} search={search} width={width} />
      {ticks.map((tick) => (
        <time
          key={tick.at}
          dateTime={tick.at}
          style={{ insetInlineStart: `${Math.round(tick.index * width / buckets.length)}px` }}
        >
          {labelOf(tick)}
        </time>
      ))}
    </div>
  )
}

function labelOf ({ at, form }: Tick): string {
  return new Intl.DateTimeFormat(language.value, {
    ...form === 'day'
      ? { day: 'numeric', month: 'short' }
      : { hour: '2-digit', minute: '2-digit', ...form === 'seconds' && { second: '2-digit' }, hourCycle: 'h23' },
    ...view.value.isUtc && { timeZone: 'UTC' }
  }).format(new Date(at))
}

/** Marks the times of the rows on the screen. */
function Bracket ({ histogram: { buckets, interval }, search, width }: AxisProps) {
  void search.state.value.version
  const { first, last } = search.shown.value
  const times = [search.at(first)?.at, search.at(last)?.at].filter((at) => at !== undefined)
  if (times.length === 0 || buckets.length === 0) return null
  const places = times.map((at) => placeOf(Date.parse(at), buckets, interval * 1000) * width / buckets.length)
  const start = Math.round(Math.min(...places))
  const length = Math.max(minBracket, Math.round(Math.max(...places)) - start)
  return <span class='chart-bracket' style={{ insetInlineStart: `${start}px`, width: `${length}px` }} />
}
