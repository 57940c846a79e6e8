import type { Knex } from 'knex'
import type { Actor } from '../model/caller.ts'
import { utcTime, type UtcTime } from '../model/instant.ts'
import { transact } from './retry.ts'

/** A change by a person, for the table `audit`. */
export interface AuditEntry {
  by: Actor
  /** Up to 32 characters: `password.change`, `token.make`. */
  action: string
  /** What was changed. Never a secret. */
  detail: Record<string, unknown>
}

/**
 * Makes a change and its row in `audit`, in one transaction. `change` resolves to the number of changed rows, or to
 * another number above 0; without a change nothing is recorded.
 * The change is repeated after a conflict. It should begin with a statement that writes: an embedded database refuses
 * to write after a read that is out of date.
 */
export function audited (
  knex: Knex, entry: AuditEntry, change: (transaction: Knex) => Promise<number>
): Promise<number> {
  return transact(knex, async (transaction) => {
    const changes = await change(transaction)
    if (changes > 0) await beginAudit(transaction, entry)
    return changes
  })
}

/** Inserts a row for a change in steps, which count their logs in it; resolves to the row's id. */
export async function beginAudit (
  knex: Knex, { by: { name, address }, action, detail }: AuditEntry
): Promise<number> {
  const text = JSON.stringify({ ...detail, address })
  const [id = 0] = await knex('audit').insert({ created_at: utcTime(), caller: name, action, detail: text, logs: 0 })
  return id
}

/** Entries that are examined at once. */
const pageEntries = 1000

/**
 * Deletes the entries of before a time, the oldest first. Ids rise with time, so it reads no further than a page of
 * newer ones: the table has no index of times.
 */
export async function purgeAudit (knex: Knex, before: UtcTime): Promise<void> {
  for (;;) {
    const page: Array<{ id: number, created_at: UtcTime }> = await knex('audit')
      .select('id', 'created_at').orderBy('id').limit(pageEntries)
    const expired = page.filter(({ created_at: time }) => time < before).map(({ id }) => id)
    if (expired.length > 0) await knex('audit').whereIn('id', expired).delete()
    if (expired.length < pageEntries) return
  }
}

/** A row of `audit`. */
export interface AuditRow {
  id: number
  createdAt: UtcTime
  caller: string
  action: string
  /** JSON of an object. */
  detail: string
  /** The number of logs that were deleted, or stored again. */
  logs: number
}

/** Lists the changes, newest first; those before an id, if one is given. */
export async function listAudit (
  knex: Knex, { before, limit }: { before?: number, limit: number }
): Promise<AuditRow[]> {
  const page = knex('audit').orderBy('id', 'desc').limit(limit)
  const rows = await (before === undefined ? page : page.where('id', '<', before))
  return rows.map((row) => ({
    id: row.id,
    createdAt: row.created_at,
    caller: row.caller,
    action: row.action,
    detail: row.detail,
    logs: Number(row.logs)
  }))
}
