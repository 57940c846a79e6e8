// Times of logs: ISO 8601 in UTC with microseconds, shown to the millisecond in the chosen zone.

const clock = {
  hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3, hourCycle: 'h23'
} as const
const day = { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' } as const

const formats = new Map<string, Intl.DateTimeFormat>()

function formatOf (language: string, isUtc: boolean, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${language} ${isUtc} ${'hour' in options}`
  const format = formats.get(key) ?? new Intl.DateTimeFormat(language, { ...options, ...isUtc && { timeZone: 'UTC' } })
  formats.set(key, format)
  return format
}

/** `11:58:03.120`. */
export function clockOf (at: string, isUtc: boolean): string {
  return isUtc ? at.slice(11, 23) : formatOf('en-GB', false, clock).format(new Date(at))
}

/** `Thu, 26 Nov 2026`, in the language. */
export function dayOf (at: string, isUtc: boolean, language: string): string {
  return formatOf(language, isUtc, day).format(new Date(at))
}

/** Whether two times are on one day of the zone. */
export function isSameDay (one: string, other: string, isUtc: boolean): boolean {
  if (isUtc) return one.slice(0, 10) === other.slice(0, 10)
  return new Date(one).toDateString() === new Date(other).toDateString()
}
