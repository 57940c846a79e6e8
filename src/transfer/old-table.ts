import type { Knex } from 'knex'
import { CommandError } from '../errors.ts'
import { dialectOf } from '../store/dialects/index.ts'
import type { LogSource, SourceLog } from './import.ts'

/** A row with its values by the names of its columns, in lower case. */
export type OldRow = Record<string, unknown>

const maxPageRows = 1000
const maxPageBytes = 4 * 1024 * 1024

const never = new AbortController().signal

/** The columns of a table, in lower case; none if there is no such table. */
export async function columnsOf (knex: Knex, table: string): Promise<string[]> {
  const { copying, query } = dialectOf(knex)
  const rows = await query<{ name: string }>(knex, { sql: copying.columns, bindings: [table] }, never)
  return rows.map(({ name }) => name.toLowerCase())
}

/** Throws CommandError unless the table has all the columns, which are given in lower case. */
export async function requireColumns (knex: Knex, table: string, needed: readonly string[]): Promise<void> {
  const found = await columnsOf(knex, table)
  if (found.length === 0) throw new CommandError(`there is no table ${table}`)
  const missing = needed.filter((name) => !found.includes(name))
  if (missing.length === 0) return
  throw new CommandError(`the table ${table} lacks the columns ${missing.join(', ')}; it has ${found.join(', ')}`)
}

export interface OldTable {
  knex: Knex
  table: string
  /** Where the table is: `host:port/database`. */
  place: string
  /** Makes a log of a row; undefined if it belongs to nobody. */
  toLog: (row: OldRow) => SourceLog | undefined
}

/** The rows of a table as logs, in the order of the column `id`. */
export function tableSource ({ knex, table, place, toLog }: OldTable): LogSource {
  return {
    identity: `${place} ${table}`,
    async read (after, until) {
      const query = knex(table).select('*').orderBy('id').limit(maxPageRows)
      if (after !== '') query.where('id', '>', after)
      if (until !== undefined) query.where('id', '<=', until)
      const limit = { bytes: maxPageBytes, leastRows: 1 }
      const { rows: found } = await dialectOf(knex).queryUpTo<OldRow>(knex, query, limit, never)
      const rows = found.map(withLowerNames)
      const last = rows.at(-1)
      if (last === undefined) return undefined
      const logs = rows.map(toLog).filter((log) => log !== undefined)
      return { logs, last: String(last.id), skipped: rows.length - logs.length }
    }
  }
}

/** Names of columns are the same in any case. */
export function withLowerNames (row: OldRow): OldRow {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name.toLowerCase(), value]))
}

/** The values of the other columns, as attributes; null if there are none. */
export function othersOf (row: OldRow, own: ReadonlySet<string>): Record<string, unknown> | null {
  const others = Object.entries(row)
    .filter(([name, value]) => !own.has(name) && value !== null && value !== '')
    .map(([name, value]) => [name, Buffer.isBuffer(value) ? value.toString() : value])
  return others.length === 0 ? null : Object.fromEntries(others)
}

/** A value as text; null is empty. */
export function textOf (value: unknown): string {
  if (value === null || value === undefined) return ''
  return Buffer.isBuffer(value) || typeof value !== 'object' ? String(value) : JSON.stringify(value)
}

/** A process id; 0 for anything else. */
export function pidOf (value: unknown): number {
  const pid = Number(textOf(value))
  return Number.isSafeInteger(pid) && pid >= 0 ? pid : 0
}
