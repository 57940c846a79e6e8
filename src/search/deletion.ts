import type { Knex } from 'knex'
import { utcTime } from '../model/instant.ts'
import type { Position } from '../query/cursor.ts'
import type { SearchScope } from '../query/search.ts'
import { announceChange } from '../store/batches.ts'
import { deadLettersOf } from '../store/dead-letters.ts'
import { retryConflicts, transact } from '../store/retry.ts'
import { matchesEverything } from './filter-sql.ts'
import type { Found } from './find-logs.ts'

type LogPosition = Required<Position>

/** What to delete, and what the table `audit` says about it. */
export interface Deletion {
  scope: SearchScope
  /** Milliseconds since 1970; logs that arrived later stay. */
  arrivedBefore: number
  caller: string
  /** The request, as JSON. */
  detail: string
  /** Finds the next logs of the scope, oldest first. */
  findNext: (after: Position | undefined) => Promise<Found<LogPosition>>
}

/** Logs of one step: few enough that writers need not wait for its transaction. */
export const logsPerStep = 500

/** Deletes logs in small steps, for `maxMs` at most; `isComplete` says whether none are left. */
export async function deleteLogs (
  knex: Knex, { scope, arrivedBefore, caller, detail, findNext }: Deletion, maxMs: number
): Promise<{ deleted: number, isComplete: boolean }> {
  const deadline = performance.now() + maxMs
  const endId = BigInt(arrivedBefore) << 16n
  const [auditId] = await retryConflicts(knex, async () => (
    knex('audit').insert({ created_at: utcTime(), caller, action: 'delete', detail, logs: 0 })
  ))
  let deleted = 0
  let after: Position | undefined
  do {
    const { items, next } = await findNext(after)
    deleted += await deleteStep(knex, items.filter(({ id }) => BigInt(id) < endId), auditId)
    if (next !== undefined && performance.now() > deadline) return { deleted, isComplete: false }
    after = next
  } while (after !== undefined)
  if (isWholeUser(scope)) await deadLettersOf(knex).deleteOf(scope.userId, arrivedBefore)
  return { deleted, isComplete: true }
}

/** Deletes these logs, a transaction per user; resolves to their number. */
async function deleteStep (knex: Knex, logs: readonly LogPosition[], auditId: number | undefined): Promise<number> {
  let deleted = 0
  for (const userId of new Set(logs.map(({ userId }) => userId))) {
    deleted += await deleteOfUser(knex, userId, logs.filter((log) => log.userId === userId), auditId)
  }
  return deleted
}

async function deleteOfUser (
  knex: Knex, userId: number, logs: readonly LogPosition[], auditId: number | undefined
): Promise<number> {
  const times = logs.map(({ at }) => at)
  // In the order of time, as found.
  const [first, last] = [times.at(0), times.at(-1)]
  if (first === undefined || last === undefined) return 0
  await announceChange(knex, userId, first, last)
  return await transact(knex, async (transaction) => {
    const count = await transaction('user_logs')
      .where('user_id', userId)
      .whereBetween('log_event_at', [first, last])
      .whereIn('id', logs.map(({ id }) => id))
      .delete()
    await transaction('audit').where('id', auditId).increment('logs', count)
    return count
  })
}

/** Whether nothing but the user limits the scope: then records that could not be stored as logs are deleted, too. */
function isWholeUser ({ filter, from, to }: SearchScope): boolean {
  return from === undefined && to === undefined && matchesEverything(filter)
}
