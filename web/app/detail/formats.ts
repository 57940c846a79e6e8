// A log as texts to copy.
import { textOf } from '../../../src/query/format.ts'
import { request } from '../api/client.ts'
import type { Log } from '../api/types.ts'
import { identity } from '../frame/session.ts'
import { afterTime } from '../rows/read.ts'

export interface Statement {
  sql: string
  /** False: it may find other logs, too. */
  exact: boolean
}

/** The statement that finds this log in the server's database. Rejects with ApiError. */
export async function sqlOf ({ id, at }: Log): Promise<Statement> {
  const { sql } = await request<Statement>('api/logs/sql', { params: { from: at, to: afterTime(at), limit: 1 } })
  return { sql: sql.replace('\nORDER BY', `\n  AND id = ${id}\nORDER BY`), exact: true }
}

/** As `loggerbot export --format text` writes it. */
export function lineOf (log: Log): string {
  return textOf(log)
}

export function jsonOf (log: Log): string {
  return JSON.stringify(log, undefined, 2)
}

/** A command that reads the log; it asks for the password. */
export function curlOf ({ id }: Log): string {
  const user = (identity.value?.user ?? '').replaceAll('\'', '\'\\\'\'')
  return `curl -u '${user}' '${new URL(`api/logs/${id}`, location.href).href}'`
}
