// Days and clocks of a zone: that of the browser, or UTC. Days may have 23 or 25 hours.

/** Months count from 0. */
export type Calendar = readonly [
  year: number, month: number, day: number, hour: number, minute: number, second: number, ms: number
]

export function calendarOf (instant: number, isUtc: boolean): Calendar {
  const at = new Date(instant)
  return isUtc
    ? [
        at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate(),
        at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds(), at.getUTCMilliseconds()
      ]
    : [
        at.getFullYear(), at.getMonth(), at.getDate(),
        at.getHours(), at.getMinutes(), at.getSeconds(), at.getMilliseconds()
      ]
}

/** Milliseconds since 1970. Days beyond a month count on; a time that the clock skips is an hour later. */
export function instantIn (calendar: Calendar, isUtc: boolean): number {
  return isUtc ? Date.UTC(...calendar) : new Date(...calendar).getTime()
}

/** Start of the day that is some days before that of an instant. */
export function startOfDay (instant: number, isUtc: boolean, daysBefore = 0): number {
  const [year, month, day] = calendarOf(instant, isUtc)
  return instantIn([year, month, day - daysBefore, 0, 0, 0, 0], isUtc)
}

/** `2026-11-26T14:30:05`, as fields for a date and time take it. */
export function fieldTextOf (instant: number, isUtc: boolean): string {
  const [year, month, day, hour, minute, second] = calendarOf(instant, isUtc)
  return new Date(Date.UTC(year, month, day, hour, minute, second)).toISOString().slice(0, 19)
}
