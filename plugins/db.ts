import fp from 'fastify-plugin'
import type { Knex } from 'knex'
import { codeOf } from '../src/errors.ts'
import { connect } from '../src/store/connect.ts'
import type { DatabaseOptions } from '../src/store/dialects/dialect.ts'
import { dialectOf } from '../src/store/dialects/index.ts'
import { checkSchema, migrateToLatest } from '../src/store/migrations.ts'
import { within } from '../src/store/patience.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The database that holds the logs. Not `knex`, which may be a host app's own. */
    logDb: Knex
  }
}

export interface DbOptions {
  /** Where the logs are kept. Default: the SQLite file `data/loggerbot.sqlite`. */
  database?: DatabaseOptions
  /** Your own knex (client mysql2 or better-sqlite3) instead: it is used as it is, and never destroyed. */
  knex?: Knex
  /**
   * Whether the schema is brought up to date at start; else a missing or older one is an error.
   * Default: for SQLite that this plugin opens.
   */
  migrate?: boolean
}

/** How long the database may take to say goodbye, in milliseconds. */
const patience = 1000

/**
 * Opens the database, sees to its schema, and closes it last. A database that is away is an error,
 * unless the spool knows users from before: then the service starts, and takes logs in for it.
 */
export default fp<DbOptions>(async (app, { database = { file: 'data/loggerbot.sqlite' }, knex, migrate = !knex && 'file' in database }) => {
  // A spool is an extra, which comes before this: whoever embeds the parts may do without.
  if (!app.hasDecorator('logSpool')) app.decorate('logSpool', {})

  const logDb = knex ?? connect(database)
  app.decorate('logDb', logDb)
  // A database that hangs must not keep the service from closing.
  if (!knex) app.addHook('onClose', () => within(patience, logDb.destroy()).catch(() => {}))

  try {
    if (migrate) await migrateToLatest(logDb)
    else await checkSchema(logDb)
  } catch (error) {
    const { users, tokens } = app.logSpool
    if (!(users?.size || tokens?.size) || !dialectOf(logDb).isUnreachable(error)) throw error
    app.log.error({ code: codeOf(error) }, 'the database is away: logs of known users go to the spool')
  }
}, { name: 'loggerbot-db', fastify: '5.x' })
