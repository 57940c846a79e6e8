// Numbers, sizes and times in the chosen language.
import { language } from './index.ts'

/** The language as the browser writes it: British English has other dates than American. */
function localeOf (): string {
  return navigator.languages.find((tag) => tag.startsWith(language.value)) ?? language.value
}

/** `1,204`. */
export function formatNumber (value: number): string {
  return new Intl.NumberFormat(localeOf()).format(value)
}

const sizes = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte', 'petabyte']

/** `41.2 GB`. */
export function formatBytes (bytes: number): string {
  const power = bytes < 1000 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), sizes.length - 1)
  const value = bytes / 1000 ** power
  return new Intl.NumberFormat(localeOf(), {
    style: 'unit',
    unit: sizes[power],
    unitDisplay: power === 0 ? 'long' : 'short',
    maximumFractionDigits: value < 100 ? 1 : 0
  }).format(value)
}

/** `26 Nov 2026, 11:58`, in the zone of the browser. */
export function formatTime (at: string): string {
  return new Intl.DateTimeFormat(localeOf(), { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(at))
}

const steps: ReadonlyArray<readonly [unit: Intl.RelativeTimeFormatUnit, seconds: number]> = [
  ['year', 31_557_600], ['month', 2_629_800], ['day', 86_400], ['hour', 3600], ['minute', 60], ['second', 1]
]

/** `3 minutes ago`. */
export function formatAgo (at: string): string {
  return formatRelative((Date.parse(at) - Date.now()) / 1000)
}

/** `in 13 months`; `3 minutes ago` where the seconds are negative. */
export function formatRelative (seconds: number): string {
  const [unit, length] = steps.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 1]
  return new Intl.RelativeTimeFormat(localeOf(), { numeric: 'auto' }).format(Math.trunc(seconds / length), unit)
}

/** A length of time in its largest unit: `13 months`. */
export function formatDuration (seconds: number): string {
  const [unit, length] = steps.find(([, length]) => seconds >= length) ?? ['second', 1]
  return new Intl.NumberFormat(localeOf(), { style: 'unit', unit, unitDisplay: 'long', maximumFractionDigits: 0 })
    .format(seconds / length)
}
