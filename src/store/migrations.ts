import { readdirSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { Knex } from 'knex'
import { DatabaseAway, SchemaMismatch } from '../errors.ts'
import { within } from '../timeout.ts'
import { dialectOf } from './dialects/index.ts'

const directory = new URL('../../migrations/', import.meta.url)

/** The migrations, named without extension: so a build knows those that a checkout applied, and the reverse. */
const migrationSource: Knex.MigrationSource<{ file: string }> = {
  async getMigrations () {
    return readdirSync(directory)
      .filter((file) => /(?<!\.d)\.[jt]s$/.test(file))
      .sort()
      // `knex migrate:status` prints `file`.
      .map((file) => ({ file: file.slice(0, -3) }))
  },
  getMigrationName: ({ file }) => file,
  // The extension is that of this module: .ts in a checkout, .js in a build.
  getMigration: ({ file }) => import(new URL(file + import.meta.url.slice(-3), directory).href)
}

/** Our table of applied migrations: a host app may have knex's default one in the same database. */
const tableName = 'loggerbot_migrations'

/** Configures knex's migrations. A `directory` here would make knex ignore the source. */
export const migrations = { tableName, migrationSource } satisfies Knex.MigratorConfig

/** Name in that table while a copy into the database is unfinished, so that no server starts on a part of the rows. */
const unfinishedCopy = 'unfinished_copy'

/** How long to wait for another instance that is migrating. */
const lockTimeoutMs = 60_000
const lockPollMs = 100
/** How long the database may take to tell which migrations are applied. */
const readTimeoutMs = 30_000

/**
 * Brings the schema up to date; resolves to the names of the applied migrations. Only reads if none is pending.
 *
 * Safe to run on several instances at once. Throws UnfitSession, SchemaMismatch, DatabaseAway if the database does not
 * answer, or the database's error.
 */
export async function migrateToLatest (knex: Knex): Promise<string[]> {
  for (const deadline = performance.now() + lockTimeoutMs; ;) {
    // An error here is not caused by another instance that migrates.
    const { known, applied: before } = await readState(knex)
    if (before.length === known.length) return []
    try {
      await ensureOneLock(knex)
      const [, applied] = await knex.migrate.latest(migrations)
      return applied
    } catch (error) {
      if (!isAnotherMigrating(knex, error)) throw error
      if (performance.now() > deadline) {
        throw new SchemaMismatch('another migration has held its lock for a minute; if none is running: ' +
          'UPDATE loggerbot_migrations_lock SET is_locked = 0')
      }
      await delay(lockPollMs)
    }
  }
}

/**
 * Creates the row that is knex's lock.
 * Two instances that start together on an empty database would each add one by knex, and then neither gets the lock.
 */
async function ensureOneLock (knex: Knex): Promise<void> {
  const lock = `${tableName}_lock`
  if (!await knex.schema.hasTable(lock)) {
    await knex.schema.createTable(lock, (table) => {
      table.increments('index')
      table.integer('is_locked')
    })
  }
  // Changes nothing, but fails if the database is read-only, for example: knex would hide that reason.
  if (await knex(lock).update({ is_locked: knex.ref('is_locked') }) > 0) return
  try {
    // With a fixed key, so that only one of them succeeds.
    await knex(lock).insert({ index: 1, is_locked: 0 })
  } catch (error) {
    if (!dialectOf(knex).isDuplicate(error)) throw error
  }
}

function isAnotherMigrating (knex: Knex, error: unknown): boolean {
  const { isUnreachable, classify } = dialectOf(knex)
  if (!(error instanceof Error) || isUnreachable(error)) return false
  // Two instances that start on an empty database may both create knex's tables.
  const hasCreatedTables = /already exists/.test(error.message)
  return hasCreatedTables || error.name === 'MigrationLocked' || ['passing', 'collision'].includes(classify(error))
}

/** Throws SchemaMismatch, with the command that helps, unless exactly this version's migrations are applied. */
export async function checkSchema (knex: Knex): Promise<void> {
  const { known, applied } = await readState(knex)
  if (applied.length < known.length) {
    const state = applied.length === 0
      ? 'the database has no LoggerBot tables yet'
      : 'the tables in the database are older than this version'
    throw new SchemaMismatch(`${state}; run: npx loggerbot migrate (or start with --migrate)`)
  }
}

/** Reads the names of all migrations and of the applied ones. Throws if the database is newer, or unfit. */
async function readState (knex: Knex): Promise<{ known: string[], applied: string[] }> {
  const known = (await migrationSource.getMigrations([])).map(({ file }) => file)
  const reading = dialectOf(knex).requireFit(knex).then(() => readApplied(knex))
  const applied = await within(readTimeoutMs, reading, () => new DatabaseAway())
  if (applied.includes(unfinishedCopy)) {
    throw new SchemaMismatch('a copy into this database is unfinished; run loggerbot copy again')
  }
  // knex would call a database with unknown migrations corrupt.
  if (applied.some((name) => !known.includes(name))) {
    throw new SchemaMismatch('the database was made by a newer version of LoggerBot Server; update this one')
  }
  return { known, applied }
}

async function readApplied (knex: Knex): Promise<string[]> {
  if (!await knex.schema.hasTable(tableName)) return []
  return knex(tableName).pluck('name')
}

/** Marks a database with all tables, so that no server and no other command uses it. */
export async function markUnfinished (knex: Knex): Promise<void> {
  await knex(tableName).insert({ name: unfinishedCopy, batch: 0, migration_time: knex.fn.now() })
}

/** Whether a copy into the database is unfinished. Throws SchemaMismatch if another version began it. */
export async function isMarkedUnfinished (knex: Knex): Promise<boolean> {
  const applied = await readApplied(knex)
  if (!applied.includes(unfinishedCopy)) return false
  const known = await migrationSource.getMigrations([])
  const isThisVersion = applied.length === known.length + 1 && known.every(({ file }) => applied.includes(file))
  if (isThisVersion) return true
  throw new SchemaMismatch('another version began the copy into this database; empty the database and copy again')
}

/** Removes the mark. */
export async function unmarkUnfinished (knex: Knex): Promise<void> {
  await knex(tableName).where('name', unfinishedCopy).delete()
}
