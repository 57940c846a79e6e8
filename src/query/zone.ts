import { BadRequest } from '../model/bad-request.ts'

/** Milliseconds by which a clock is ahead of UTC at an instant, in milliseconds since 1970. */
export type Zone = (instant: number) => number

export const zoneRule = 'a time zone like Europe/Berlin, or an offset like +05:30'

/** Time zone by its name in the tz database, or by an offset. Throws BadRequest, which names the parameter. */
export function zoneOf (name: string, text: string): Zone {
  // In a URL a plus is a blank.
  const written = text.replace(' ', '+')
  const [, sign, hours, minutes = '0'] = /^(?:UTC|GMT)?([+-])(\d{1,2})(?::?([0-5]\d))?$/i.exec(written) ?? []
  if (sign !== undefined && Number(hours) < 24) {
    const offset = (Number(hours) * 60 + Number(minutes)) * 60_000 * (sign === '-' ? -1 : 1)
    return () => offset
  }
  if (/^(?:UTC|GMT|Z)$/i.test(written)) return () => 0
  try {
    const format = new Intl.DateTimeFormat('en-US', { timeZone: written, timeZoneName: 'longOffset' })
    return (instant) => offsetIn(format.format(instant))
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new BadRequest(`${name} must be ${zoneRule}`, { rule: 'zone.invalid', field: name })
  }
}

/** Offset in a text that ends with `GMT`, `GMT+05:30` or, before there were zones, `GMT-00:25:21`. */
function offsetIn (text: string): number {
  const parts = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text) ?? []
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = parts
  return ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * (sign === '-' ? -1000 : 1000)
}
