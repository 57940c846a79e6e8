import type { Knex } from 'knex'
import type { Dialect } from './dialect.ts'
import { mysql } from './mysql/index.ts'
import { sqlite } from './sqlite/index.ts'

/** The dialect of the database that this knex speaks to; a transaction is a knex, too. */
export function dialectOf (knex: Knex): Dialect {
  const client: string = knex.client.driverName
  if (client.startsWith('mysql')) return mysql
  if (client === 'better-sqlite3') return sqlite
  throw new Error(`LoggerBot needs a knex of client mysql2 or better-sqlite3, not ${client}`)
}
