// What SQLite's errors mean for what was to be stored; see ../mysql/errors.ts.
import { codeOf } from '../../../errors.ts'
import type { ErrorClass } from '../../../model/batch-store.ts'

/** A constraint or a trigger; a text that is too long; a value of another type. */
export const dataCodes = /^SQLITE_(CONSTRAINT|TOOBIG|MISMATCH)/

/** How SQLite names the key of a table of ours that was taken. */
export const ownKey = /^UNIQUE constraint failed: (user_logs\.user_id, user_logs\.log_event_at, user_logs\.id|dead_letters\.id)$/

export function classifySqliteError (error: unknown): ErrorClass {
  const code = codeOf(error) ?? ''
  if (dataCodes.test(code)) return ownKey.test((error as Error).message) ? 'collision' : 'refused'
  return /^SQLITE_(BUSY|LOCKED)/.test(code) ? 'passing' : 'away'
}

/** What may be told of an error. */
export function sqliteReason (error: unknown): string {
  return codeOf(error)?.startsWith('SQLITE_') ? (error as Error).message : 'the database did not take it'
}
