// Groups of errors as the API and the commands give them.
import type { Knex } from 'knex'
import { utcTime, type UtcTime } from '../model/instant.ts'
import type { Severity } from '../model/record.ts'
import { hourOf, hoursAfter } from '../model/span.ts'
import { isoTime } from '../query/api-log.ts'
import { usersOf } from '../store/users.ts'
import { allLogs, type ErrorGroup, type GroupChange, type GroupState } from './group.ts'
import { hoursOfGroups, mergedGroups, storedSamples } from './read.ts'

/** Hours of the counts of a group. */
export const shownHours = 24

/** A group with the counts of those that were merged into it; times as by `isoTime`. */
export interface PresentedGroup {
  /** 16 hex digits. */
  id: string
  user: string
  process: string
  text: string
  level: Severity
  state: GroupState
  stateSince: string
  until?: { time?: string, logs?: number }
  logs: number
  first: string
  last: string
  seen: string
  /** Logs in each of the last 24 hours, the oldest first. */
  hours: number[]
  samples: string[]
  merged: string[]
}

export interface PresentedChange extends Pick<GroupChange, 'number' | 'state' | 'source' | 'note'> {
  at: string
  by: string
}

/** Groups as answers give them; `now` is in milliseconds since 1970. */
export async function present (
  knex: Knex, page: readonly ErrorGroup[], now: number
): Promise<PresentedGroup[]> {
  const names = await usersOf(knex).names(page.map(({ userId }) => userId))
  const from = hoursAfter(hourOf(utcTime(now)), 1 - shownHours)
  const samples = await storedSamples(knex, page)
  const presented = new Map<ErrorGroup, PresentedGroup>()
  for (const userId of new Set(page.map((group) => group.userId))) {
    const own = page.filter((group) => group.userId === userId)
    const merged = await mergedGroups(knex, userId, own.map(({ key }) => key))
    const hours = await hoursOfGroups(knex, userId, [...own, ...merged].map(({ key }) => key), from)
    for (const group of own) {
      const parts = merged.filter(({ mergedInto }) => mergedInto === group.key)
      const counts = [group, ...parts].map(({ key }) => hours.get(key) ?? new Map<UtcTime, number>())
      presented.set(group, {
        ...withParts(group, parts),
        user: names.get(userId) ?? '',
        hours: sumHours(from, counts),
        samples: group.samples.flatMap(({ id }) => samples.has(id) ? [id] : [])
      })
    }
  }
  return page.flatMap((group) => presented.get(group) ?? [])
}

function withParts (
  group: ErrorGroup, parts: readonly ErrorGroup[]
): Omit<PresentedGroup, 'user' | 'hours' | 'samples'> {
  const all = [group, ...parts]
  const times = (of: (group: ErrorGroup) => UtcTime) => all.map(of).sort()
  return {
    id: group.key,
    process: group.process,
    text: group.text,
    level: all.some(({ worst }) => worst === 'critical') ? 'critical' : 'error',
    state: group.state,
    stateSince: isoTime(group.stateAt),
    ...untilOf(group),
    logs: all.reduce((sum, { logs }) => sum + logs, 0),
    first: isoTime(times(({ firstAt }) => firstAt).at(0) ?? group.firstAt),
    last: isoTime(times(({ lastAt }) => lastAt).at(-1) ?? group.lastAt),
    seen: isoTime(times(({ lastSeen }) => lastSeen).at(-1) ?? group.lastSeen),
    merged: parts.map(({ key }) => key)
  }
}

function untilOf (group: ErrorGroup): Pick<PresentedGroup, 'until'> {
  const { untilAt, untilLogs } = group
  if (untilAt === null && untilLogs === null) return {}
  return {
    until: {
      ...untilAt !== null && { time: isoTime(untilAt) },
      ...untilLogs !== null && { logs: Math.max(0, untilLogs - allLogs(group)) }
    }
  }
}

function sumHours (from: UtcTime, counts: ReadonlyArray<ReadonlyMap<UtcTime, number>>): number[] {
  return Array.from({ length: shownHours }, (_, index) => {
    const hour = hoursAfter(from, index)
    return counts.reduce((sum, hours) => sum + (hours.get(hour) ?? 0), 0)
  })
}

/** A change as answers give it. */
export function presentChange (change: GroupChange): PresentedChange {
  const { number, state, changedAt, changedBy, source, note } = change
  return { number, state, at: isoTime(changedAt), by: changedBy, source, note }
}
