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

  // Visits every page of the file. A function of ours, called now and then, lets the thread end in the middle.
  tables: `
    SELECT tbl_name AS name, SUM(CASE WHEN sizes.name = tbl_name THEN cells ELSE 0 END) AS row_count,
      SUM(bytes) AS bytes
    FROM (
      SELECT name, SUM(ncell) AS cells, SUM(pgsize) AS bytes FROM dbstat
      WHERE (pageno & 255) > 0 OR lb_goes_on() GROUP BY name
    ) AS sizes JOIN sqlite_schema ON sqlite_schema.name = sizes.name
    GROUP BY tbl_name`,

  // Most keys are random, so that one of 256 begins with a zero.
  arrived: `
    SELECT DATE(created_at) AS day, SUM(records) AS logs FROM ingest_batches
    WHERE SUBSTR(batch_key, 1, 1) > x'00' OR lb_goes_on() GROUP BY day ORDER BY day`
}
