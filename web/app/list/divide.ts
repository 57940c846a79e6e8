// What stands between two neighbours of a list: the beginning of a day, or a silence.
import type { Log } from '../api/types.ts'

/** A silence is longer than this many medians of the time between neighbours. */
const silentMedians = 10
/** Milliseconds of the shortest silence. */
const minSilenceMs = 10_000

/** Milliseconds between two logs, in either order. */
export function gapOf (one: Log, other: Log): number {
  return Math.abs(Date.parse(one.at) - Date.parse(other.at))
}

/** Milliseconds from which on the time between neighbours is a silence. */
export function silenceOf (logs: readonly Log[]): number {
  const gaps = logs.slice(1).map((log, index) => {
    const before = logs[index]
    return before ? gapOf(before, log) : 0
  }).sort((one, other) => one - other)
  const median = gaps[gaps.length >> 1] ?? 0
  return Math.max(silentMedians * median, minSilenceMs)
}

/** Milliseconds by which a log arrived late; negative: its time is in the future of its arrival. */
export function delayOf ({ at, arrived }: Log): number {
  return Date.parse(arrived) - Date.parse(at)
}

/** Milliseconds by which logs may be late: they wait to be sent together. */
const maxUsualDelayMs = 2000
/** Milliseconds by which clocks of senders may be fast. */
const maxUsualSkewMs = 1000

/** Whether the times of a log tell that it was held up, or that its sender's clock is fast. */
export function isOdd (log: Log): boolean {
  const delay = delayOf(log)
  return delay > maxUsualDelayMs || delay < -maxUsualSkewMs
}
