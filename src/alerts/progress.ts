// The tables `alert_progress` and `alert_steps`: which batches are counted in the groups of errors, each exactly once.
//
// A step counts the batches created in a span, in one transaction with the progress. The names of the batches of the
// last steps are kept: a transaction may commit after the follower has passed its time (its COMMIT hung, or its
// instance was believed dead). Then the span of a step holds more batches than were counted, and those without a name
// there are counted in another transaction.
import { createHash } from 'node:crypto'
import type { Knex } from 'knex'
import { areKnownSince, Overtaken } from '../cluster/progress.ts'
import type { UtcTime } from '../model/instant.ts'
import { shift, type Span } from '../model/span.ts'
import type { StoredBatch } from '../store/batches.ts'
import { dialectOf } from '../store/dialects/index.ts'
import { transact } from '../store/retry.ts'

/** Bytes of the name of a batch. */
const nameBytes = 8
/** Steps whose names are kept: those of a day while they are at most this many, but at least those of five minutes. */
const maxSteps = 5000
const minStepsMs = 5 * 60_000
const maxStepsMs = 24 * 3_600_000

/** How far back the first run looks. */
const firstMs = 5 * 24 * 3_600_000

/** `id` of the only row of `alert_progress`. */
const id = 1

/** How far the batches are counted. */
export interface Progress {
  /** Every batch created before is counted. */
  reached: UtcTime
  /** Number of transactions so far: a holder that lost its lease knows an older one. */
  steps: number
}

/** Batches that one transaction counts: those of a span after the progress, or late ones of an earlier step. */
export interface Step extends Span {
  batches: readonly StoredBatch[]
  isLate: boolean
}

/**
 * Reads the progress. The first time, it begins with the oldest batches that are known; where they are no longer known
 * since the progress, with those created from `horizon` on. Throws Overtaken where another instance begins.
 */
export async function readProgress (knex: Knex, horizon: UtcTime): Promise<Progress> {
  const row = await knex('alert_progress').where({ id }).first()
  if (!row) return await beginProgress(knex, await oldestKnown(knex, horizon))
  if (!await areKnownSince(knex, row.reached_at)) return await beginProgress(knex, horizon)
  return { reached: row.reached_at, steps: Number(row.steps) }
}

async function oldestKnown (knex: Knex, horizon: UtcTime): Promise<UtcTime> {
  const since = shift(horizon, -firstMs)
  const batches = knex('ingest_batches').where('created_at', '>=', since).where('created_at', '<', horizon)
  return (await batches.min({ oldest: 'created_at' }).first())?.oldest ?? horizon
}

async function beginProgress (knex: Knex, reached: UtcTime): Promise<Progress> {
  return await transact(knex, async (transaction) => {
    await transaction('alert_progress').where({ id }).delete()
    await transaction('alert_steps').delete()
    try {
      await transaction('alert_progress').insert({ id, reached_at: reached, steps: 0 })
      // Batches that appear late are searched for from here on.
      await transaction('alert_steps').insert({ from_at: reached, to_at: reached, batches: 0, names: Buffer.alloc(0) })
    } catch (error) {
      throw dialectOf(knex).isDuplicate(error) ? new Overtaken() : error
    }
    return { reached, steps: 0 }
  })
}

/** Notes a step, in the transaction that counts its batches. Throws Overtaken where the progress is another one. */
export async function advance (transaction: Knex, { reached, steps }: Progress, step: Step): Promise<Progress> {
  const next = { reached: step.isLate ? reached : step.to, steps: steps + 1 }
  const row = transaction('alert_progress').where({ id, steps })
  if (await row.update({ reached_at: next.reached, steps: next.steps }) === 0) throw new Overtaken()
  if (step.batches.length === 0) return next
  const names = Buffer.concat(step.batches.map(nameOf))
  if (!step.isLate) {
    const { from, to, batches } = step
    await transaction('alert_steps')
      .insert({ from_at: from, to_at: to, batches: batches.length, names })
      .onConflict('from_at').merge()
    return next
  }
  const noted = await transaction('alert_steps').where('from_at', step.from).forUpdate().first()
  if (!noted) throw new Overtaken()
  await transaction('alert_steps').where('from_at', step.from).update({
    batches: noted.batches + step.batches.length,
    names: Buffer.concat([noted.names, names])
  })
  return next
}

/** Names of the batches that a step counted. */
export class Names {
  readonly #names: Set<string>

  constructor (names: Buffer) {
    this.#names = new Set()
    for (let at = 0; at < names.length; at += nameBytes) this.#names.add(names.toString('hex', at, at + nameBytes))
  }

  has (batch: StoredBatch): boolean {
    return this.#names.has(nameOf(batch).toString('hex'))
  }
}

/** The name of a batch: a hash of its user and key. */
function nameOf ({ userId, key }: StoredBatch): Buffer {
  return createHash('sha256').update(`${userId} ${key}`).digest().subarray(0, nameBytes)
}

/** The steps before a time of which more batches are stored than were counted. */
export async function stepsWithLateBatches (knex: Knex, upTo: UtcTime): Promise<Span[]> {
  const steps = await knex('alert_steps').orderBy('from_at').select('from_at', 'batches')
  // A late batch may have appeared between two steps, too: each one reaches to the next.
  const noted = steps.map(({ from_at: from, batches }, index) => (
    { from, to: steps[index + 1]?.from_at ?? upTo, batches }
  ))
  return await narrow(knex, noted)
}

interface NotedStep extends Span {
  batches: number
}

/** Halves the steps until those are left of which more batches are stored. */
async function narrow (knex: Knex, steps: readonly NotedStep[]): Promise<Span[]> {
  const [first] = steps
  const last = steps.at(-1)
  if (first === undefined || last === undefined) return []
  const stored = await countBatches(knex, { from: first.from, to: last.to })
  if (stored <= steps.reduce((sum, { batches }) => sum + batches, 0)) return []
  if (first === last) return [{ from: first.from, to: first.to }]
  const middle = steps.length >> 1
  return [...await narrow(knex, steps.slice(0, middle)), ...await narrow(knex, steps.slice(middle))]
}

async function countBatches (knex: Knex, { from, to }: Span): Promise<number> {
  const batches = knex('ingest_batches').where('records', '>', 0)
  const row = await batches.where('created_at', '>=', from).where('created_at', '<', to).count({ count: '*' }).first()
  return Number(row?.count ?? 0)
}

/** The names of the batches that the step from a time on counted. */
export async function namesOfStep (knex: Knex, from: UtcTime): Promise<Names> {
  const row = await knex('alert_steps').where('from_at', from).first('names')
  return new Names(row?.names ?? Buffer.alloc(0))
}

/** Deletes the names of old steps. */
export async function forgetSteps (knex: Knex, reached: UtcTime): Promise<void> {
  const oldest = await knex('alert_steps').orderBy('from_at', 'desc').offset(maxSteps).first('from_at')
  const day = ago(reached, maxStepsMs)
  const wanted = oldest === undefined || oldest.from_at < day ? day : oldest.from_at
  const latest = ago(reached, minStepsMs)
  await knex('alert_steps').where('from_at', '<', wanted < latest ? wanted : latest).delete()
}

function ago (time: UtcTime, milliseconds: number): UtcTime {
  return shift(time, -milliseconds)
}
