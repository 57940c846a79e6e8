// What a bar says, in the user's language.
import { shown } from '../redact/shown.ts'
import { language, texts } from '../texts/index.ts'
import { view } from '../view/location.ts'
import { countsOf, sumOf, valuesOf } from './bars.ts'
import { rangeOf, type Histogram } from './histogram.ts'

export function formatCount (count: number): string {
  return new Intl.NumberFormat(language.value).format(count)
}

/** `5.6 %`; of rare ones, two digits that count. */
export function formatShare (count: number, total: number): string {
  return new Intl.NumberFormat(language.value, { style: 'percent', maximumSignificantDigits: 2 })
    .format(total === 0 ? 0 : count / total)
}

/** `26 Nov, 11:58:00 – 11:58:30`. */
export function timeOfBars ({ buckets, interval }: Histogram, one: number, other: number): string {
  const range = rangeOf({ buckets, from: null, to: null }, one, other)
  if (!range) return ''
  const end = range.to === '' ? Date.parse(buckets.at(-1)?.at ?? '') + interval * 1000 : Date.parse(range.to)
  return new Intl.DateTimeFormat(language.value, {
    day: 'numeric',
    month: 'short',
    ...interval < 86_400 && { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
    ...interval < 60 && { second: '2-digit' },
    ...view.value.isUtc && { timeZone: 'UTC' }
  }).formatRange(Date.parse(range.from), interval < 86_400 ? end : end - 1)
}

/** All that a bar says: its time, its logs, their share, and the logs of each value. */
export function wordsOfBar (histogram: Histogram, index: number): string {
  const { buckets } = histogram
  const { chart } = texts.value
  const bucket = buckets[index]
  if (!bucket) return chart.logs(0)
  const values = valuesOf(buckets)
  const parts = countsOf(bucket, values)
    .flatMap((count, part) => count === 0 ? [] : [`${shown(values[part] ?? chart.others)} ${formatCount(count)}`])
  return [
    timeOfBars(histogram, index, index), chart.logs(bucket.count), formatShare(bucket.count, sumOf(buckets)), ...parts
  ].join(', ')
}
