import mysql, { type RowDataPacket } from 'mysql2/promise'
import { connect } from '../../src/store/connect.ts'
import type { DatabaseOptions } from '../../src/store/dialects/dialect.ts'
import { migrateToLatest } from '../../src/store/migrations.ts'
import type { ServerAccess } from './servers.ts'

/** Creates a migrated SQLite file; resolves to its path. */
export async function makeSqliteTemplate (file: string): Promise<string> {
  await migrate({ file })
  return file
}

/** Resolves to the statements that do the same as the migrations in an empty database. */
export async function makeServerTemplate (access: ServerAccess): Promise<string[]> {
  const database = 'loggerbot_template'
  const connection = await mysql.createConnection(access)
  try {
    await connection.query(`CREATE DATABASE ${database}`)
    await migrate({ ...access, database })
    await connection.changeUser({ database })
    return await describe(connection, database)
  } finally {
    await connection.end()
  }
}

async function migrate (options: DatabaseOptions): Promise<void> {
  const knex = connect(options)
  try {
    await migrateToLatest(knex)
  } finally {
    await knex.destroy()
  }
}

/** The statements that create the tables, views and rows of a database. */
async function describe (connection: mysql.Connection, database: string): Promise<string[]> {
  const query = async (sql: string, values?: unknown[]) => (await connection.query<RowDataPacket[]>(sql, values))[0]
  const all = await query('SELECT table_name AS name, table_type AS type FROM information_schema.tables WHERE table_schema = ?', [database])
  const tables = all.filter(({ type }) => type === 'BASE TABLE').map(({ name }) => name)
  const views = all.filter(({ type }) => type === 'VIEW').map(({ name }) => name)

  const statements: string[] = []
  for (const name of tables) {
    statements.push((await query('SHOW CREATE TABLE ??', [name]))[0]!['Create Table'])
    const rows = await query('SELECT * FROM ??', [name])
    if (rows.length > 0) statements.push(mysql.format('INSERT INTO ?? (??) VALUES ?', [name, Object.keys(rows[0]!), rows.map((row) => Object.values(row))]))
  }
  for (const name of views) statements.push((await query('SHOW CREATE VIEW ??', [name]))[0]!['Create View'].replaceAll(`\`${database}\`.`, ''))
  return statements
}
