import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { DatabaseState } from '../dialect.ts'

/** The facts of a file. */
export const sqliteState: DatabaseState = {
  async describe (knex) {
    const [{ version }] = await knex.raw('SELECT sqlite_version() AS version')
    return { kind: 'sqlite', version }
  },

  async size (knex) {
    const [{ bytes }] = await knex.raw(
      'SELECT page_count * page_size AS bytes FROM pragma_page_count(), pragma_page_size()')
    const { bavail, bsize } = await statfs(dirname(knex.client.connectionSettings.filename))
    return { bytes: Number(bytes), freeBytes: bavail * bsize }
  },

  // Visits every page of the file. The function of ours lets the thread end in the middle.
  tables: `
    SELECT tbl_name AS name, SUM(CASE WHEN sqlite_schema.name = tbl_name THEN ncell ELSE 0 END) AS row_count,
      SUM(pgsize) AS bytes
    FROM dbstat JOIN sqlite_schema ON sqlite_schema.name = dbstat.name
    WHERE lb_goes_on() GROUP BY tbl_name`,

  goesOn: 'lb_goes_on()'
}
