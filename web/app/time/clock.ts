// The present by the server's clock: relative times of a search are the server's.
import { computed, signal } from '@preact/signals'

/** A difference that is worth a note. */
const noteworthySkewMs = 30_000

/** Milliseconds by which the server's clock is ahead of the browser's; to the second, as its answers say it. */
const skewMs = signal(0)

/** Precision of a skew in words: answers say their time to the second, and take a while. */
const saidSkewMs = 10_000

/** Milliseconds of the skew, rounded, where it is noteworthy, else 0. */
export const noteworthySkew = computed(() => (
  Math.abs(skewMs.value) > noteworthySkewMs ? Math.round(skewMs.value / saidSkewMs) * saidSkewMs : 0
))

/** Notes the header `Date` of an answer. */
export function noteServerTime (date: string | null): void {
  const time = Date.parse(date ?? '')
  if (!Number.isNaN(time)) skewMs.value = time - Date.now()
}

/** Milliseconds since 1970. */
export function serverNow (): number {
  return Date.now() + skewMs.peek()
}
