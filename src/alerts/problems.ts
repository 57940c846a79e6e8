// The table `alert_problems`: what instances have, or had, trouble with, and when. A problem that is there is noted
// again every few seconds; what was not noted for a minute is over. `beat` says when logs were last followed.
import type { Knex } from 'knex'
import type { UtcTime } from '../model/instant.ts'
import { shift, startOfTime, type Span } from '../model/span.ts'
import { latestOf } from '../store/batches.ts'
import { later } from './tally.ts'

export const problemKinds = ['spool', 'disk', 'retention'] as const

export type ProblemKind = typeof problemKinds[number]

/** A problem of an instance. */
export interface Problem {
  kind: ProblemKind
  fromAt: UtcTime
  toAt: UtcTime
  detail: string
}

/** A row of `alert_problems`. */
interface ProblemRow {
  instance: string
  /** `outage`: no instance followed the logs. */
  kind: ProblemKind | 'outage' | 'beat'
  from_at: UtcTime
  to_at: UtcTime
  detail: string
}

/** A problem that was not noted for this long is over. */
const overMs = 60_000
/** Without a beat for this long no instance was there, or the database was not. */
const outageMs = 15_000
/** How long problems are kept: silence is told within this time. */
const keptMs = 40 * 24 * 3_600_000
/** Gaps that are looked at, the latest ones. */
const maxGaps = 1000
const everyInstance = 'all'
const maxDetailCharacters = 255

/** Notes a problem that an instance has now. */
export async function noteProblem (
  knex: Knex, { instance, kind, detail }: { instance: string, kind: ProblemKind, detail: string }
): Promise<void> {
  const { now } = await latestOf(knex)
  const text = detail.slice(0, maxDetailCharacters).toWellFormed()
  const current = knex<ProblemRow>('alert_problems').where({ instance, kind }).where('to_at', '>', shift(now, -overMs))
  if (await current.update({ to_at: now, detail: text }) > 0) return
  await knex<ProblemRow>('alert_problems')
    .insert({ instance, kind, from_at: now, to_at: now, detail: text })
    .onConflict(['instance', 'kind', 'from_at']).merge(['to_at', 'detail'])
}

/** Notes that the logs are followed; a time since the last beat in which nobody did is an outage. */
export async function beat (knex: Knex): Promise<void> {
  const { now } = await latestOf(knex)
  const rows = () => knex<ProblemRow>('alert_problems')
  const last = await rows().where({ instance: everyInstance, kind: 'beat' }).first()
  const row = { instance: everyInstance, kind: 'beat', from_at: startOfTime, to_at: now, detail: '' } as const
  if (last && shift(last.to_at, outageMs) < now) {
    await rows()
      .insert({ ...row, kind: 'outage', from_at: last.to_at })
      .onConflict(['instance', 'kind', 'from_at']).merge(['to_at'])
  }
  await rows().insert(row).onConflict(['instance', 'kind', 'from_at']).merge(['to_at'])
}

/** The problems that instances have now. */
export async function currentProblems (knex: Knex, now: UtcTime): Promise<Problem[]> {
  const rows = await knex<ProblemRow>('alert_problems')
    .whereIn('kind', [...problemKinds]).where('to_at', '>', shift(now, -overMs)).orderBy('from_at')
  return rows.flatMap(({ kind, from_at: fromAt, to_at: toAt, detail }) => (
    kind === 'outage' || kind === 'beat' ? [] : [{ kind, fromAt, toAt, detail }]
  ))
}

/** The spans in which logs may not have been stored when they came; one that is not over lasts until `now`. */
export async function gapsOf (knex: Knex, now: UtcTime): Promise<Span[]> {
  const rows = await knex<ProblemRow>('alert_problems')
    .whereIn('kind', ['outage', 'spool']).orderBy('to_at', 'desc').limit(maxGaps)
  return rows.reverse().map((row) => ({
    from: row.from_at,
    to: row.kind === 'spool' && shift(row.to_at, overMs) > now ? later(row.to_at, now) : row.to_at
  }))
}

/** Deletes problems that are long over. */
export async function forgetProblems (knex: Knex, now: UtcTime): Promise<void> {
  await knex('alert_problems').whereNot('kind', 'beat').where('to_at', '<', shift(now, -keptMs)).delete()
}
