// The ranges that a user typed last, kept by the browser.
import type { Range } from './range.ts'

const storageKey = 'loggerbot.ranges'
const maxRanges = 5

export function lastRanges (): Range[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(storageKey) ?? '[]')
    return Array.isArray(kept) ? kept.filter(isRange).slice(0, maxRanges) : []
  } catch {
    return []
  }
}

export function rememberRange (range: Range): void {
  const others = lastRanges().filter(({ from, to }) => from !== range.from || to !== range.to)
  try {
    localStorage.setItem(storageKey, JSON.stringify([range, ...others].slice(0, maxRanges)))
  } catch {
    // A private window, or a browser that forbids it.
  }
}

function isRange (value: unknown): value is Range {
  return typeof value === 'object' && value !== null && 'from' in value && 'to' in value &&
    typeof value.from === 'string' && typeof value.to === 'string'
}
