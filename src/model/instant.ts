/** An instant in UTC, as all databases accept and sort it: `YYYY-MM-DD HH:MM:SS.ffffff`. */
export type UtcTime = string

/** Formats an instant in milliseconds since 1970; by default the present by our clock. */
export function utcTime (milliseconds = Date.now()): UtcTime {
  return new Date(milliseconds).toISOString().replace('T', ' ').replace('Z', '000')
}

/** Converts an instant to milliseconds since 1970. */
export function millisecondsOf (time: UtcTime): number {
  return Date.parse(`${time.replace(' ', 'T')}Z`)
}
