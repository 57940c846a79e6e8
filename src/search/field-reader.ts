import type { LogRow } from '../store/rows.ts'
import { asText, valueAt } from '../text/values.js'
import type { Grouping } from './count-request.ts'
import { columns } from './filter-sql.ts'
import { positionColumns } from './walk.ts'

/** Columns of the fields that are no attributes. */
export const columnOf = { ...columns, level: 'log_level', pid: 'pid', user: 'user_id' } as const

/** Names of users by their ids. */
export type UserNames = ReadonlyMap<number, string>

/** Reads the values of a few fields from rows that have its columns. */
export class FieldReader {
  /** SQL of the columns to select, with those of a row's position. */
  readonly columns: string
  readonly #fields: readonly Grouping[]
  readonly #hasAttributes: boolean

  constructor (fields: readonly Grouping[]) {
    this.#fields = fields
    this.#hasAttributes = fields.some((field) => typeof field === 'object')
    const own = fields.filter((field) => typeof field === 'string').map((field) => columnOf[field])
    // As text, because mysql2 would parse JSON, and the size of an object is not known.
    const attributes = this.#hasAttributes ? ['CAST(attributes AS CHAR) AS attributes'] : []
    const others = own.filter((column) => column !== 'user_id')
    this.columns = [...new Set([positionColumns, ...others, ...attributes])].join(', ')
  }

  /** The values in the order of the fields; undefined for none. */
  read (row: LogRow, names: UserNames): unknown[] {
    const attributes = this.#hasAttributes && row.attributes !== null ? JSON.parse(row.attributes) : null
    return this.#fields.map((field) => {
      if (typeof field === 'object') return valueAt(attributes, field.path)
      return field === 'user' ? names.get(row.user_id) : row[columnOf[field]]
    })
  }

  /** The same as text; null for none, and for objects and lists. */
  readTexts (row: LogRow, names: UserNames): Array<string | null> {
    return this.read(row, names).map((value) => asText(value) ?? null)
  }
}
