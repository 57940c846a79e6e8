// Errors of one step of the follower, counted by group.
import { hourOf } from '../model/span.ts'
import type { UtcTime } from '../model/instant.ts'
import type { Severity } from '../model/record.ts'
import { fingerprintOf } from './fingerprint.ts'
import type { SeenError } from './source.ts'

/** Errors of a group that are not counted yet. */
export interface Tally {
  userId: number
  /** Of the group: 16 hex digits. */
  key: string
  process: string
  /** The masked text. */
  text: string
  worst: Severity
  logs: number
  /** By the time at which the batches were stored. */
  firstSeen: UtcTime
  lastSeen: UtcTime
  /** By the time of the events. */
  firstAt: UtcTime
  lastAt: UtcTime
  /** Ids of the first log and of the last two, in the order in which they were read. */
  samples: string[]
  /** Logs by the hour of their events. */
  hours: Map<UtcTime, number>
}

/** Counts errors by their group. */
export class Tallies {
  readonly #byName = new Map<string, Tally>()

  /** Number of groups. */
  get size (): number {
    return this.#byName.size
  }

  add ({ log, seenAt }: SeenError): void {
    const { userId, eventAt, severity, processName, id } = log
    const { key, text } = fingerprintOf(log)
    const name = `${userId} ${key}`
    const tally = this.#byName.get(name) ?? {
      userId,
      key,
      process: processName,
      text,
      worst: severity,
      logs: 0,
      firstSeen: seenAt,
      lastSeen: seenAt,
      firstAt: eventAt,
      lastAt: eventAt,
      samples: [],
      hours: new Map()
    }
    this.#byName.set(name, tally)
    tally.logs++
    if (severity === 'critical') tally.worst = severity
    if (seenAt < tally.firstSeen) tally.firstSeen = seenAt
    if (seenAt > tally.lastSeen) tally.lastSeen = seenAt
    if (eventAt < tally.firstAt) tally.firstAt = eventAt
    if (eventAt > tally.lastAt) tally.lastAt = eventAt
    tally.samples = withSamples(tally.samples, [id])
    const hour = hourOf(eventAt)
    tally.hours.set(hour, (tally.hours.get(hour) ?? 0) + 1)
  }

  /** The tallies by user and key. */
  list (): Tally[] {
    return [...this.#byName.entries()].sort(([one], [other]) => one < other ? -1 : 1).map(([, tally]) => tally)
  }
}

/** The first sample of a group and its last two. */
export function withSamples (samples: readonly string[], later: readonly string[]): string[] {
  const all = [...samples, ...later]
  return all.length <= 3 ? all : [...all.slice(0, 1), ...all.slice(-2)]
}
