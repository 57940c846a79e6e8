import { readdirSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { Knex } from 'knex'
import { DatabaseAway, SchemaMismatch } from '../errors.ts'
import { dialectOf } from './dialects/index.ts'
import { within } from '../timeout.ts'

const directory = new URL('../../migrations/', import.meta.url)

/** The migrations by name, without extension: one that ran from its source is known to a build, and the reverse. */
const migrationSource: Knex.MigrationSource<{ file: string }> = {
  async getMigrations () {
    return readdirSync(directory)
      .filter((file) => /(?<!\.d)\.[jt]s$/.test(file))
      .sort()
      // `file` is what `knex migrate:status` prints.
      .map((file) => ({ file: file.slice(0, -3) }))
  },
  getMigrationName: ({ file }) => file,
  // The extension is that of this very module: .ts in a checkout, .js in a build.
  getMigration: ({ file }) => import(new URL(file + import.meta.url.slice(-3), directory).href)
}

/**
 * What knex needs to know. Our own table of applied migrations, because a host app may keep its
 * own in the same database. (A `directory` here would make knex ignore the source.)
 */
export const migrations: Knex.MigratorConfig = {
  tableName: 'loggerbot_migrations',
  migrationSource
}

/** How long to wait for another instance that is migrating, in milliseconds. */
const patience = 60_000
/** How long the database may take to say what is applied, in milliseconds. */
const lookMs = 30_000

/**
 * Brings the schema up to date; safe with several instances at once. Resolves to the names of what it applied. Where nothing is pending it
 * only reads. Throws UnfitSession, SchemaMismatch, DatabaseAway where the database is silent, or what the database says.
 */
export async function migrateToLatest (knex: Knex): Promise<string[]> {
  for (const deadline = performance.now() + patience; ;) {
    // What fails here does not come of another that migrates.
    const { known, applied: before } = await look(knex)
    if (before.length === known.length) return []
    try {
      await ensureOneLock(knex)
      const [, applied] = await knex.migrate.latest(migrations)
      return applied
    } catch (error) {
      if (!isAnotherMigrating(knex, error)) throw error
      if (performance.now() > deadline) {
        throw new SchemaMismatch('another migration has held its lock for a minute; if none is running: UPDATE loggerbot_migrations_lock SET is_locked = 0')
      }
      await delay(100)
    }
  }
}

/** knex lets two that start together on an empty database each add a lock, and then neither can take it. */
async function ensureOneLock (knex: Knex): Promise<void> {
  const lock = `${migrations.tableName}_lock`
  if (!await knex.schema.hasTable(lock)) {
    await knex.schema.createTable(lock, (table) => {
      table.increments('index')
      table.integer('is_locked')
    })
  }
  // Changes nothing. knex would hide the reason why the database does not let it, which may be read-only.
  if (await knex(lock).update({ is_locked: knex.ref('is_locked') }) > 0) return
  try {
    // By its key, which only one of them can have.
    await knex(lock).insert({ index: 1, is_locked: 0 })
  } catch (error) {
    if (!dialectOf(knex).isDuplicate(error)) throw error
  }
}

function isAnotherMigrating (knex: Knex, error: unknown): boolean {
  if (!(error instanceof Error) || dialectOf(knex).isUnreachable(error)) return false
  // Two that start on an empty database may both create knex's own tables.
  return error.name === 'MigrationLocked' || /already exists/.test(error.message) || ['passing', 'collision'].includes(dialectOf(knex).classify(error))
}

/** Throws SchemaMismatch, with the command that mends it, unless every migration of this version is applied and no other. */
export async function checkSchema (knex: Knex): Promise<void> {
  const { known, applied } = await look(knex)
  if (applied.length < known.length) {
    const what = applied.length === 0 ? 'the database has no LoggerBot tables yet' : 'the tables in the database are older than this version'
    throw new SchemaMismatch(`${what}; run: npx loggerbot migrate (or start with --migrate)`)
  }
}

/** Which migrations there are, and which are applied. Throws where the database is not for this version, or unfit. */
async function look (knex: Knex): Promise<{ known: string[], applied: string[] }> {
  const known = (await migrationSource.getMigrations([])).map(({ file }) => file)
  const silence = new DatabaseAway()
  const applied = await within(lookMs, dialectOf(knex).requireFit(knex).then(() => appliedMigrations(knex)), silence)
  // knex would call a database with migrations that it doesn't know corrupt.
  if (applied.some((name) => !known.includes(name))) {
    throw new SchemaMismatch('the database was made by a newer version of LoggerBot Server; update this one')
  }
  return { known, applied }
}

async function appliedMigrations (knex: Knex): Promise<string[]> {
  if (!await knex.schema.hasTable(migrations.tableName!)) return []
  return knex(migrations.tableName!).pluck('name')
}
