import { BadRequest } from '../model/bad-request.ts'
import { utcTime, type UtcTime } from '../model/instant.ts'
import { instantOf, intervalOf } from './instant.ts'

/** Forms of the expiry of a token. */
export const expiryRule =
  'a time in the future: an ISO 8601 time, a day like 2030-01-31, or a length of time from now, such as 30d'

/** Instant at which a token expires; `now` is in ms since 1970. Throws BadRequest, which names the parameter. */
export function expiryOf (name: string, text: string, now: number): UtcTime {
  const expiresAt = readExpiry(name, text, now)
  if (expiresAt === undefined || expiresAt <= utcTime(now)) {
    throw new BadRequest(`${name} must be ${expiryRule}`, { rule: 'time.invalid', field: name })
  }
  return expiresAt
}

function readExpiry (name: string, text: string, now: number): UtcTime | undefined {
  try {
    return /^\d+[smhdw]$/.test(text) ? utcTime(now + intervalOf(name, text)) : instantOf(name, text, now)
  } catch {
    return undefined
  }
}
