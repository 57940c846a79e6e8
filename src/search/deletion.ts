import type { Knex } from 'knex'
import { utcTime, type UtcTime } from '../model/instant.ts'
import { announceChange } from '../store/batches.ts'
import { deadLettersOf } from '../store/dead-letters.ts'
import type { Search } from '../query/search.ts'
import { placeColumns, walkRows } from './walk.ts'

/** A step lets go of so many logs: short enough that writers need not wait for it. */
const stepSize = 500

/** What is to be deleted, and what the table `audit` says of it. */
export interface Deletion {
  search: Search
  /** Logs that came later stay. */
  arrivedBefore: number
  caller: string
  /** What was asked for, as JSON. */
  detail: string
}

/** Deletes in small steps for so many milliseconds; resolves to how many, and whether these were all. */
export async function deleteLogs (knex: Knex, reader: Knex, { search, arrivedBefore, caller, detail }: Deletion, budget: number, signal: AbortSignal): Promise<{ deleted: number, complete: boolean }> {
  const lastId = BigInt(arrivedBefore) << 16n
  const deadline = performance.now() + budget
  const [auditId] = await knex('audit').insert({ created_at: utcTime(), caller, action: 'delete', detail, logs: 0 })
  let deleted = 0
  for await (const { found, reached } of walkRows(reader, search, { logs: stepSize, columns: placeColumns }, signal)) {
    const logs = found.rows.map((row) => ({ userId: row.user_id as number, eventAt: row.log_event_at as UtcTime, id: row.log_id as string }))
    const before = logs.filter(({ id }) => BigInt(id) < lastId)
    for (const userId of new Set(before.map(({ userId }) => userId))) {
      const logs = before.filter((log) => log.userId === userId)
      const times = logs.map(({ eventAt }) => eventAt).sort()
      await announceChange(knex, userId, times[0]!, times.at(-1)!)
      deleted += await knex.transaction(async (transaction) => {
        const count = await transaction('user_logs').where('user_id', userId).whereBetween('log_event_at', [times[0]!, times.at(-1)!]).whereIn('id', logs.map(({ id }) => id)).delete()
        await transaction('audit').where('id', auditId).increment('logs', count)
        return count
      })
    }
    if (reached !== undefined && performance.now() > deadline) return { deleted, complete: false }
  }
  if (isOfOwnersAlone(search)) await deadLettersOf(knex).deleteOf(search.userId, arrivedBefore)
  return { deleted, complete: true }
}

/** Whether nothing but whose they are limits the search: then what could not be stored as logs is meant, too. */
function isOfOwnersAlone ({ filter, from, to }: Search): boolean {
  return from === undefined && to === undefined && filter.kind === 'all' && filter.of.length === 0
}
