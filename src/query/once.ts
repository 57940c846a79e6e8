import { BadRequest } from '../model/bad-request.ts'
import { intervalOf } from './instant.ts'

/** Forms of the window of a token's `once`. */
export const onceRule = 'a length of time from 1s to 1d, such as 10m'

const maxOnceMs = 86_400_000

/** Milliseconds of a window like `10m`. Throws BadRequest, which names the parameter. */
export function onceOf (name: string, text: string): number {
  let window: number
  try {
    window = intervalOf(name, text)
  } catch {
    window = Infinity
  }
  if (window > maxOnceMs) throw new BadRequest(`${name} must be ${onceRule}`, { rule: 'interval.invalid', field: name })
  return window
}

/** Window as text, in the largest unit that it is a multiple of. */
export function writeOnce (windowMs: number): string {
  const seconds = windowMs / 1000
  if (seconds % 3600 === 0) return `${seconds / 3600}h`
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`
}
