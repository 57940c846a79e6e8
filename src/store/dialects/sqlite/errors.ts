// The meaning of SQLite's errors for what was to be stored; see ../mysql/errors.ts.
import { codeOf } from '../../../errors.ts'
import type { ErrorClass } from '../../../model/batch-store.ts'

/** Matches the codes of errors about data: constraints and triggers, too long a text, another type. */
export const dataCodes = /^SQLITE_(CONSTRAINT|TOOBIG|MISMATCH)/

/** Matches the messages about a duplicate in the primary key of one of our tables. */
export const ownKey =
  /^UNIQUE constraint failed: (user_logs\.user_id, user_logs\.log_event_at, user_logs\.id|dead_letters\.id)$/

export function classifySqliteError (error: unknown): ErrorClass {
  const code = codeOf(error) ?? ''
  if (dataCodes.test(code)) return error instanceof Error && ownKey.test(error.message) ? 'collision' : 'refused'
  return /^SQLITE_(BUSY|LOCKED)/.test(code) ? 'passing' : 'unavailable'
}

/** The reason that a person may read. */
export function sqliteReason (error: unknown): string {
  const isOfSqlite = error instanceof Error && codeOf(error)?.startsWith('SQLITE_')
  return isOfSqlite ? error.message : 'the database refused the log'
}
