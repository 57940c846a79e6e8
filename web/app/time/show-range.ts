import { navigate } from '../view/location.ts'
import type { Range } from './range.ts'

/** Shows another range; what a link froze is no longer frozen. */
export function showRange (range: Range | undefined): void {
  if (range) navigate({ ...range, asOf: '' })
}
