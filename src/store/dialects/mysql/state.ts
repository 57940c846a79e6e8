import type { DatabaseState } from '../dialect.ts'

/** The facts of a server; it tells nothing about its disk. */
export const mysqlState: DatabaseState = {
  async describe (knex) {
    const [[{ version }]] = await knex.raw('SELECT VERSION() AS version')
    return { kind: version.includes('MariaDB') ? 'mariadb' : 'mysql', version }
  },

  async size (knex) {
    const [[{ bytes }]] = await knex.raw(`SELECT SUM(DATA_LENGTH + INDEX_LENGTH) AS bytes
      FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()`)
    return { bytes: Number(bytes), freeBytes: undefined }
  },

  tables: `
    SELECT TABLE_NAME AS name, TABLE_ROWS AS row_count, DATA_LENGTH + INDEX_LENGTH AS bytes
    FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE'`,

  arrived: `
    SELECT CAST(DATE(created_at) AS CHAR) AS day, SUM(records) AS logs FROM ingest_batches
    GROUP BY day ORDER BY day`
}
