import type { FastifyInstance } from 'fastify'
import type { ErrorGroup, GroupChange } from '../../src/alerts/group.ts'
import { hoursOfGroups, mergedGroups, storedSamples } from '../../src/alerts/read.ts'
import { utcTime, type UtcTime } from '../../src/model/instant.ts'
import { hourOf, hoursAfter } from '../../src/model/span.ts'
import { isoTime } from '../../src/query/api-log.ts'
import { usersOf } from '../../src/store/users.ts'
import { shownHours, type PresentedDetail, type PresentedGroup } from './schemas.ts'

/** Groups as answers give them, with the counts of those that were merged into them. */
export async function present (app: FastifyInstance, page: readonly ErrorGroup[]): Promise<PresentedGroup[]> {
  const names = await usersOf(app.logDb).names(page.map(({ userId }) => userId))
  const from = hoursAfter(hourOf(utcTime(app.logWriter.now)), 1 - shownHours)
  const samples = await storedSamples(app.logDb, page)
  const presented = new Map<ErrorGroup, PresentedGroup>()
  for (const userId of new Set(page.map((group) => group.userId))) {
    const own = page.filter((group) => group.userId === userId)
    const merged = await mergedGroups(app.logDb, userId, own.map(({ key }) => key))
    const hours = await hoursOfGroups(app.logDb, userId, [...own, ...merged].map(({ key }) => key), from)
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

function untilOf ({ untilAt, untilLogs, logs }: ErrorGroup): Pick<PresentedGroup, 'until'> {
  if (untilAt === null && untilLogs === null) return {}
  return {
    until: {
      ...untilAt !== null && { time: isoTime(untilAt) },
      ...untilLogs !== null && { logs: Math.max(0, untilLogs - logs) }
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
export function presentChange (change: GroupChange): PresentedDetail['changes'][0] {
  const { number, state, changedAt, changedBy, source, note } = change
  return { number, state, at: isoTime(changedAt), by: changedBy, source, note }
}
