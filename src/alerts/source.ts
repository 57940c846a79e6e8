// The logs of the batches, as the follower reads them: from the database alone, so that each instance sees the same.
import type { UtcTime } from '../model/instant.ts'
import type { StoredLog } from '../model/record.ts'
import { logsInRange, rangesOfBatches, type BatchRange } from '../store/batch-ranges.ts'
import type { StoredBatch } from '../store/batches.ts'
import type { Condition } from '../store/dialects/dialect.ts'
import { dialectOf } from '../store/dialects/index.ts'
import { ownedBy } from '../store/owner.ts'
import type { Reader } from '../store/reader.ts'
import { selectLogs, toLog, type LogRow } from '../store/rows.ts'

/** Bounds of the logs that are read at once. */
const maxPageLogs = 1000
const maxPageBytes = 4_000_000

/** A log, with the time at which its batch was stored. */
export interface SeenLog {
  log: StoredLog
  seenAt: UtcTime
}

/** The logs of a user to read. */
export type Guard = (userId: number) => Condition

/** Reads the logs of some batches that pass the guard, page by page, one user's at a time. */
export async function * logsOf (
  reader: Reader, batches: readonly StoredBatch[], guard: Guard
): AsyncGenerator<SeenLog[], void, void> {
  const finder = new BatchFinder(batches)
  for (const range of await rangesOfBatches(reader, batches)) {
    let after: StoredLog | undefined
    do {
      const { logs, isEnd } = await readLogs(reader, range, { after, guard: guard(range.userId) })
      yield logs.flatMap((log) => {
        const seenAt = finder.createdAt(log)
        return seenAt === undefined ? [] : [{ log, seenAt }]
      })
      after = isEnd ? undefined : logs.at(-1)
    } while (after)
  }
}

async function readLogs (
  { knex, signal }: Reader, range: BatchRange, { after, guard }: { after: StoredLog | undefined, guard: Condition }
): Promise<{ logs: StoredLog[], isEnd: boolean }> {
  const conditions = [...logsInRange(knex, range, after && { at: after.eventAt, id: after.id }), guard]
  const owner = await ownedBy(knex, range.userId)
  const select = selectLogs(knex, { owner, conditions, isNewestFirst: false, limit: maxPageLogs })
  const limit = { bytes: maxPageBytes, leastRows: 1 }
  const { rows, isCut } = await dialectOf(knex).queryUpTo<LogRow>(knex, select, limit, signal)
  return { logs: rows.map(toLog), isEnd: !isCut && rows.length < maxPageLogs }
}

/** Finds the batch of a log by its id: the ids of a batch follow each other. */
class BatchFinder {
  readonly #batches: readonly StoredBatch[]

  constructor (batches: readonly StoredBatch[]) {
    this.#batches = batches.toSorted((one, other) => (
      one.userId - other.userId || (one.firstId < other.firstId ? -1 : 1)
    ))
  }

  /** When the batch of a log was stored; undefined for a log of another batch. */
  createdAt ({ userId, id }: StoredLog): UtcTime | undefined {
    const wanted = BigInt(id)
    let low = 0
    let high = this.#batches.length
    while (low < high) {
      const middle = (low + high) >> 1
      const batch = this.#batches[middle]
      if (batch && (batch.userId < userId || (batch.userId === userId && batch.firstId <= wanted))) low = middle + 1
      else high = middle
    }
    const batch = this.#batches[low - 1]
    return batch?.userId === userId && wanted < batch.firstId + BigInt(batch.records) ? batch.createdAt : undefined
  }
}
