// The times of a log in words: when it happened, and when it arrived.
import type { Log } from '../api/types.ts'
import { language, texts } from '../texts/index.ts'
import { durationOf } from '../time/duration.ts'
import { clockOf } from '../time/format.ts'
import { delayOf } from './divide.ts'

/** `came 12 ms later`, or how much earlier than its own time. */
export function arrivalOf (log: Log): string {
  const delay = delayOf(log)
  const { list } = texts.value
  const duration = durationOf(Math.abs(delay), language.value)
  return delay < 0 ? list.cameEarlier(duration) : list.cameLater(duration)
}

/** All that its time cell has no place for. */
export function describeTime (log: Log): string {
  const age = durationOf(Math.max(0, Date.now() - Date.parse(log.at)), language.value)
  const { list } = texts.value
  return [log.at, list.localTime(clockOf(log.at, false)), list.ago(age), arrivalOf(log)].join('\n')
}
