import knexFactory, { type Knex } from 'knex'
import type { DatabaseOptions } from './dialects/dialect.ts'
import { dialectOf } from './dialects/index.ts'
import { mysqlConfig } from './dialects/mysql.ts'
import { sqliteConfig } from './dialects/sqlite.ts'
import { migrations } from './migrations.ts'
import { within } from './patience.ts'

/** The configuration that the server and the knex command share. */
export function knexConfig (options: DatabaseOptions): Knex.Config {
  const config = 'file' in options ? sqliteConfig(options) : mysqlConfig(options)
  // knex prints connection errors, stack and all, before it throws them.
  return { ...config, migrations, log: { warn () {}, error () {} } }
}

/** Opens a pool, which connects at its first query. Whoever opened it destroys it. */
export function connect (options: DatabaseOptions): Knex {
  return knexFactory(knexConfig(options))
}

/** A knex for searching: the one given, or, where that would stop the whole process while it reads, one that does not. */
export function openReader (knex: Knex): { knex: Knex, close (): Promise<void> } {
  const options = dialectOf(knex).readerOptions(knex)
  if (options === undefined) return { knex, close: async () => {} }
  const reader = connect(options)
  return { knex: reader, close: () => reader.destroy() }
}

/** Whether several processes may store into the database at once. */
export function hasManyWriters (knex: Knex): boolean {
  return dialectOf(knex).hasManyWriters
}

/** How the database, as it is set up, could lose logs that were acknowledged: a sentence each. */
export function findRisks (knex: Knex): Promise<string[]> {
  return dialectOf(knex).findRisks(knex)
}

/** Resolves when the database answers a real read; rejects when it refuses, or is silent for so many milliseconds. */
export async function probe (knex: Knex, patience = 2000): Promise<void> {
  await within(patience, knex('user_logs').select('id').first().timeout(patience))
}
