import knexFactory, { type Knex } from 'knex'
import type { DatabaseOptions } from './dialects/dialect.ts'
import { dialectOf } from './dialects/index.ts'
import { mysqlConfig } from './dialects/mysql/index.ts'
import { sqliteConfig } from './dialects/sqlite/index.ts'
import { migrations } from './migrations.ts'
import { within } from '../timeout.ts'

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

/** A knex for whoever reads much: the one given, or, where that would keep others waiting, one with threads of its own. */
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

/** The database of a knex that somebody else set up, no session of which is used that would change logs: it rejects with UnfitSession. */
export function guard (knex: Knex): Knex {
  return dialectOf(knex).guard(knex)
}

/** How the database, as it is set up, could lose logs that were acknowledged: a sentence each. */
export function findRisks (knex: Knex): Promise<string[]> {
  return dialectOf(knex).findRisks(knex)
}

/** Resolves when the database answers a real read; rejects when it refuses, or is silent for so many milliseconds. */
export async function probe (knex: Knex, patience = 2000): Promise<void> {
  await within(patience, knex('user_logs').select('id').first().timeout(patience))
}

/** Whether a read failed because the database can't answer for now. */
export function isAway (knex: Knex, error: unknown): boolean {
  const { isUnreachable, classify } = dialectOf(knex)
  // No connection of the pool came free in time.
  const isStarved = error instanceof Error && error.name === 'KnexTimeoutError'
  return isStarved || isUnreachable(error) || classify(error) === 'passing'
}
