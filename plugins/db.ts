import { setTimeout as delay } from 'node:timers/promises'
import fp from 'fastify-plugin'
import type { Knex } from 'knex'
import { codeOf, DatabaseAway, describeFailure } from '../src/errors.ts'
import { connect, guard, isAway } from '../src/store/connect.ts'
import type { DatabaseOptions } from '../src/store/dialects/dialect.ts'
import { dialectOf } from '../src/store/dialects/index.ts'
import { checkSchema, migrateToLatest } from '../src/store/migrations.ts'
import { within } from '../src/timeout.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The database that holds the logs. Not `knex`, which may be a host app's own. */
    logDb: Knex
  }
}

export interface DbOptions {
  /** Where the logs are kept. Default: the SQLite file `data/loggerbot.sqlite`. */
  database?: DatabaseOptions
  /**
   * Your own knex (client mysql2 or better-sqlite3) instead: it is used as it is, and never destroyed. A session of MySQL must be strict,
   * with the character set utf8mb4 and without NO_BACKSLASH_ESCAPES and ANSI_QUOTES: it is refused at start, and at each use.
   */
  knex?: Knex
  /**
   * Whether the schema is brought up to date at start; else a missing or older one is an error.
   * Default: for SQLite that this plugin opens. With Fastify's `pluginTimeout`, 10 s by default, it must be done within that.
   */
  migrate?: boolean
}

/** How long the database may take to say goodbye, in milliseconds. */
const patience = 1000
/** Between two looks at the schema of a database that was away at start, in milliseconds. */
const pauseMs = 1000

/**
 * Opens the database, sees to its schema, and closes it last. A database that is away, or refuses for now, is an error,
 * unless the spool knows users from before: then the service starts, takes logs in for it, and sees to its schema later.
 */
export default fp<DbOptions>(async (app, { database = { file: 'data/loggerbot.sqlite' }, knex, migrate = !knex && 'file' in database }) => {
  // A spool is an extra, which comes before this: whoever embeds the parts may do without.
  if (!app.hasDecorator('logSpool')) app.decorate('logSpool', {})

  const logDb = knex ? guard(knex) : connect(database)
  app.decorate('logDb', logDb)
  // A database that hangs must not keep the service from closing.
  if (!knex) app.addHook('onClose', () => within(patience, logDb.destroy()).catch(() => {}))

  const closing = new AbortController()
  app.addHook('preClose', async () => closing.abort())

  try {
    await prepare()
  } catch (error) {
    const { users, tokens } = app.logSpool
    if (!(users?.size || tokens?.size) || !isForNow(error)) throw error
    app.log.error({ code: codeOf(error) }, 'the database is away: logs of known users go to the spool')
    prepareLater().catch(() => {})
  }

  async function prepare (): Promise<void> {
    if (migrate) await migrateToLatest(logDb)
    else await checkSchema(logDb)
  }

  async function prepareLater (): Promise<void> {
    for (let told = false; ;) {
      await delay(pauseMs, undefined, { ref: false, signal: closing.signal })
      try {
        return await prepare()
      } catch (error) {
        if (isForNow(error) || told) continue
        told = true
        app.log.error({ failure: describeFailure(error) }, 'the database is back, but not as this version needs it: see loggerbot migrate')
      }
    }
  }

  function isForNow (error: unknown): boolean {
    return error instanceof DatabaseAway || isAway(logDb, error) || dialectOf(logDb).mayPass(error)
  }
}, { name: 'loggerbot-db', fastify: '5.x' })
