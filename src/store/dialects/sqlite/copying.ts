import { DatabaseInUse } from '../../../errors.ts'
import type { TableCopying } from '../dialect.ts'
import { classifySqliteError } from './errors.ts'

/** Rows of one statement: knex allows no more than 500. */
const maxStatementRows = 200

export const sqliteCopying: TableCopying = {
  columns: 'SELECT name, LOWER(type) AS type, pk AS part FROM pragma_table_info(?)',

  async insert (knex, { table, columns }, rows) {
    await knex.transaction(async (transaction) => {
      for (let start = 0; start < rows.length; start += maxStatementRows) {
        const part = rows.slice(start, start + maxStatementRows)
        await transaction(table).insert(part.map((row) =>
          Object.fromEntries(row.map((value, index) => [columns[index], value]))))
      }
    })
  },

  // Every connection of another process holds a lock of its own. SQLite locks the file when a transaction begins that
  // may write, and until the connection is closed.
  async readAlone (knex, work) {
    try {
      await knex.raw('PRAGMA locking_mode = EXCLUSIVE')
      return await knex.transaction(work)
    } catch (error) {
      throw classifySqliteError(error) === 'passing' ? new DatabaseInUse() : error
    }
  }
}
