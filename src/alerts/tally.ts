// Errors of one step of the follower, counted by group.
import { hourOf } from '../model/span.ts'
import type { UtcTime } from '../model/instant.ts'
import type { Severity } from '../model/record.ts'
import { groupKeyOf } from './group-key.ts'
import type { SeenLog } from './source.ts'

/** A log of a group, by its key in `user_logs`. */
export interface Sample {
  id: string
  at: UtcTime
}

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
  /** The first log and the last two, in the order in which they were read. */
  samples: Sample[]
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

  add ({ log, seenAt }: SeenLog): void {
    const { userId, eventAt, severity, processName, id } = log
    const { key, text } = groupKeyOf(log)
    const name = `${userId} ${key}`
    const known = this.#byName.get(name)
    if (known) {
      addTo(known, { log, seenAt })
    } else {
      this.#byName.set(name, {
        userId,
        key,
        process: processName,
        text,
        worst: severity,
        logs: 1,
        firstSeen: seenAt,
        lastSeen: seenAt,
        firstAt: eventAt,
        lastAt: eventAt,
        samples: [{ id, at: eventAt }],
        hours: new Map([[hourOf(eventAt), 1]])
      })
    }
  }

  /** The tallies by user and key. */
  list (): Tally[] {
    return [...this.#byName.entries()].sort(([one], [other]) => one < other ? -1 : 1).map(([, tally]) => tally)
  }
}

function addTo (tally: Tally, { log: { id, eventAt, severity }, seenAt }: SeenLog): void {
  tally.logs++
  if (severity === 'critical') tally.worst = severity
  tally.firstSeen = earlier(tally.firstSeen, seenAt)
  tally.lastSeen = later(tally.lastSeen, seenAt)
  tally.firstAt = earlier(tally.firstAt, eventAt)
  tally.lastAt = later(tally.lastAt, eventAt)
  tally.samples = withSamples(tally.samples, [{ id, at: eventAt }])
  const hour = hourOf(eventAt)
  tally.hours.set(hour, (tally.hours.get(hour) ?? 0) + 1)
}

/** The facts of errors that a tally and a group share. */
type CountedErrors = Pick<Tally, 'worst' | 'logs' | 'firstSeen' | 'lastSeen' | 'firstAt' | 'lastAt' | 'samples'>

/** A tally or a group with further errors; everything else stays. */
export function withErrors<Counted extends CountedErrors> (counted: Counted, further: CountedErrors): Counted {
  return {
    ...counted,
    worst: further.worst === 'critical' ? further.worst : counted.worst,
    logs: counted.logs + further.logs,
    firstSeen: earlier(counted.firstSeen, further.firstSeen),
    lastSeen: later(counted.lastSeen, further.lastSeen),
    firstAt: earlier(counted.firstAt, further.firstAt),
    lastAt: later(counted.lastAt, further.lastAt),
    samples: withSamples(counted.samples, further.samples)
  }
}

export function earlier (one: UtcTime, other: UtcTime): UtcTime {
  return one < other ? one : other
}

export function later (one: UtcTime, other: UtcTime): UtcTime {
  return one > other ? one : other
}

/** The first sample of a group and its last two. */
export function withSamples (samples: readonly Sample[], later: readonly Sample[]): Sample[] {
  const all = [...samples, ...later]
  return all.length <= 3 ? all : [...all.slice(0, 1), ...all.slice(-2)]
}
