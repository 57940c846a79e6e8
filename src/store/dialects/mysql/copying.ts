import type { TableCopying } from '../dialect.ts'
import { insertRows, requirePacketHolds } from './multi-row.ts'
import { openTextSession } from './write-session.ts'

export const mysqlCopying: TableCopying = {
  columns: `
    SELECT columns.COLUMN_NAME AS name, columns.DATA_TYPE AS type, COALESCE(parts.SEQ_IN_INDEX, 0) AS part
    FROM information_schema.COLUMNS AS columns LEFT JOIN information_schema.STATISTICS AS parts
      ON parts.TABLE_SCHEMA = columns.TABLE_SCHEMA AND parts.TABLE_NAME = columns.TABLE_NAME
        AND parts.COLUMN_NAME = columns.COLUMN_NAME AND parts.INDEX_NAME = 'PRIMARY'
    WHERE columns.TABLE_SCHEMA = DATABASE() AND columns.TABLE_NAME = ?
    ORDER BY columns.ORDINAL_POSITION`,

  async insert (knex, { table, columns }, rows) {
    const [[{ maxAllowedPacket }]] = await knex.raw('SELECT @@max_allowed_packet AS maxAllowedPacket')
    const packetBytes = Number(maxAllowedPacket)
    for (const row of rows) requirePacketHolds(row, packetBytes)
    const names = columns.map((name) => `\`${name}\``).join(', ')
    const session = await openTextSession(knex, packetBytes)
    try {
      await session.execute('START TRANSACTION')
      await insertRows(session, `INSERT INTO \`${table}\` (${names}) VALUES `, rows)
      await session.execute('COMMIT')
    } catch (error) {
      await session.execute('ROLLBACK').catch(() => session.destroy())
      throw error
    } finally {
      session.release()
    }
  },

  readAlone: (knex, work) => work(knex)
}
