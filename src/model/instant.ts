/** An instant in UTC as both databases take and sort it: `YYYY-MM-DD HH:MM:SS.ffffff`. */
export type UtcTime = string

/** An instant of our own clock, in milliseconds since 1970; by default the present. */
export function utcTime (milliseconds = Date.now()): UtcTime {
  return new Date(milliseconds).toISOString().replace('T', ' ').replace('Z', '000')
}

/** The same in milliseconds since 1970. */
export function millisecondsOf (time: UtcTime): number {
  return Date.parse(`${time.replace(' ', 'T')}Z`)
}
