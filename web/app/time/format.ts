// Times of logs: ISO 8601 in UTC with microseconds, shown to the millisecond in the chosen zone.

const day = { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' } as const

const twoDigits = (number: number) => String(number).padStart(2, '0')

/** `11:58:03.120`. */
export function clockOf (at: string, isUtc: boolean): string {
  if (isUtc) return at.slice(11, 23)
  const time = new Date(at)
  const parts = [time.getHours(), time.getMinutes(), time.getSeconds()]
  return `${parts.map(twoDigits).join(':')}${at.slice(19, 23)}`
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** `Thu, 26 Nov 2026`, in the language. */
export function dayOf (at: string, isUtc: boolean, language: string): string {
  const key = `${language} ${isUtc}`
  const format = formats.get(key) ?? new Intl.DateTimeFormat(language, { ...day, ...isUtc && { timeZone: 'UTC' } })
  formats.set(key, format)
  return format.format(new Date(at))
}

/** Whether two times are on one day of the zone. */
export function isSameDay (one: string, other: string, isUtc: boolean): boolean {
  if (isUtc) return one.slice(0, 10) === other.slice(0, 10)
  return new Date(one).setHours(0, 0, 0, 0) === new Date(other).setHours(0, 0, 0, 0)
}
