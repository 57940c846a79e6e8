import { UsageError } from '../errors.ts'
import { printableJson } from '../query/format.ts'
import { listAudit } from '../store/audit.ts'
import type { Context } from './context.ts'
import { withTables } from './database.ts'

export interface AuditOptions {
  lines?: string
}

/** Prints the latest changes by people, newest first, one JSON object per line. */
export async function printAudit ({ settings, print }: Context, { lines = '100' }: AuditOptions): Promise<void> {
  if (!/^[1-9]\d{0,4}$/.test(lines)) throw new UsageError('--lines must be a whole number, 1 to 99999')
  await withTables(settings, async (knex) => {
    for (const { detail, ...entry } of await listAudit(knex, { limit: Number(lines) })) {
      print(printableJson(JSON.stringify({ ...entry, detail: JSON.parse(detail) })))
    }
  })
}
