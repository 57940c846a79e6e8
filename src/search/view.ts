// Frozen views: one list, its pages and its counts describe the same logs, while others are stored.
//
//   arrival    an id holds the time at which a log arrived, by the clock of the stored batches
//   horizon    no batch that arrived before it is stored any more, on any instance. So the logs that arrived before it
//              are a fixed set, except those that wait in the spool
//   asOf       the horizon, in whole milliseconds. Where logs beyond it are stored already, it is awaited, so that
//              everybody finds what was acknowledged
import type { Knex } from 'knex'
import type { Horizons } from '../cluster/horizons.ts'
import { millisecondsOf, utcTime, type UtcTime } from '../model/instant.ts'
import { shift } from '../model/span.ts'
import type { FrozenView } from '../query/search.ts'
import { newestBatchSince } from '../store/batches.ts'
import type { Condition } from '../store/dialects/dialect.ts'

/** Longer than instances need to announce how far they are; a transaction of a host app may take any time. */
const maxWaitMs = 1500
/**
 * An id so far ahead of the clock, in milliseconds, was given while the clock was wrong: its log must not stay hidden.
 * It is longer than any statement takes.
 */
const aheadMs = 10_000

/** Where the batches are, and how far they are stored. */
interface ViewSource {
  knex: Knex
  horizons: Horizons
  /** The present by the clock of the stored batches, in milliseconds since 1970. */
  now: () => number
}

/**
 * A frozen view, and the time before which every log that had arrived is stored: earlier where the view is not frozen,
 * undefined where the database has told no horizon yet.
 */
export interface FrozenScope {
  view: FrozenView
  place: UtcTime | undefined
}

/** The view as of a time that an earlier answer gave; the logs of it may still be on their way for a moment. */
export async function viewAsOf ({ horizons, now }: ViewSource, asOf: UtcTime): Promise<FrozenScope> {
  const horizon = await horizons.passed(asOf, maxWaitMs)
  const place = horizon !== undefined && horizon < asOf ? wholeMs(horizon) : horizon && asOf
  return { view: frozen(asOf, now), place }
}

/** The view as of now: everything of the user, or of all, that is stored. */
export async function viewOfNow (source: ViewSource, userId: number | undefined): Promise<FrozenScope> {
  const { knex, horizons, now } = source
  const recent = await horizons.recent(maxWaitMs)
  // Without a horizon nothing is frozen: everything is shown that is stored.
  if (recent === undefined) return { view: frozen(utcTime(now()), now), place: undefined }
  const horizon = wholeMs(recent)
  const newest = await newestBatchSince(knex, horizon, userId)
  if (newest === undefined) return { view: frozen(horizon, now), place: horizon }
  // The ids of a batch are not later than its creation.
  return await viewAsOf(source, shift(wholeMs(newest), 1))
}

function frozen (asOf: UtcTime, now: () => number): FrozenView {
  const first = firstId(millisecondsOf(asOf))
  return { asOf, hidden: () => ({ first, end: firstId(now() + aheadMs) }) }
}

/** The first id of a millisecond. See `src/write/ids.ts`. */
function firstId (ms: number): bigint {
  return BigInt(ms) << 16n
}

/** The start of the time's millisecond. */
export function wholeMs (time: UtcTime): UtcTime {
  return `${time.slice(0, 23)}000`
}

/** The condition on rows of `user_logs` that a view sets. */
export function viewCondition (view: FrozenView | undefined): Condition[] {
  if (view === undefined) return []
  const { first, end } = view.hidden()
  return [{ sql: `(id < ${first} OR id >= ${end})`, bindings: [] }]
}
