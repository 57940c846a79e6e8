import { databaseOptions, type Settings } from '../config.ts'
import { findRisks } from '../store/connect.ts'
import { migrateToLatest } from '../store/migrations.ts'
import type { Context } from './context.ts'
import { describeDatabase, withDatabase } from './database.ts'

/** Creates the database if it is missing, and its tables; warns of settings that could lose logs. */
export async function setupDatabase ({ settings, print, warn }: Context): Promise<void> {
  await createDatabase(settings)
  const { applied, risks } = await withDatabase(settings, async (knex) => (
    { applied: await migrateToLatest(knex), risks: await findRisks(knex) }
  ))
  const outcome = applied.length === 0 ? 'nothing to do' : `${applied.length} migrations applied`
  print(`${describeDatabase(databaseOptions(settings))} is ready (${outcome})`)
  for (const risk of risks) warn(risk)
}

/** Creates the database if it is missing, without tables. */
export async function createDatabase (settings: Settings): Promise<void> {
  const { LOGGER_DB_NAME: name } = settings
  const options = databaseOptions(settings)
  if ('file' in options) return
  await withDatabase(settings, async (server) => {
    // A read-only server refuses even a statement that changes nothing, so the database is looked for first.
    const [found] = await server.raw('SELECT 1 FROM information_schema.schemata WHERE schema_name = ?', [name])
    if (found.length === 0) await server.raw('CREATE DATABASE IF NOT EXISTS ?? CHARACTER SET utf8mb4', [name])
  }, { ...options, database: '' })
}
