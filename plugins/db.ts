import fp from 'fastify-plugin'
import type { Knex } from 'knex'
import { connect, disconnect, guard, replicaOf, watchHosts } from '../src/store/connect.ts'
import type { DatabaseOptions } from '../src/store/dialects/dialect.ts'
import { SchemaSetup } from '../src/store/schema.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The database that holds the logs. Not named `knex`, which may be a host app's own. */
    logDb: Knex
    /** The servers of that database, if it has several of which one is used at a time. */
    logHosts: import('../src/store/dialects/dialect.ts').DatabaseHosts | undefined
    /** The replica that searches are read from, if there is one. */
    logReplica: import('../src/store/connect.ts').Replica | undefined
  }
}

export interface DbOptions {
  /** The database of the logs. Default: the SQLite file `data/loggerbot.sqlite`. */
  database?: DatabaseOptions
  /**
   * Your own knex (client mysql2 or better-sqlite3) instead. It is used as it is, and never destroyed. A session of
   * MySQL must be strict, with the character set utf8mb4 and without NO_BACKSLASH_ESCAPES and ANSI_QUOTES; this is
   * checked at start and at each use, and an unfit session is refused.
   */
  knex?: Knex
  /**
   * Whether to bring the schema up to date at start; else a missing or older one is an error. It must be done within
   * Fastify's `pluginTimeout`, 10 s by default. Default: true for SQLite that this plugin opens, else false.
   */
  migrate?: boolean
  /** Folder for the identity of the cluster that was used last, where there are several servers. Default: none. */
  identityFolder?: string
}

const defaultDatabase: DatabaseOptions = { file: 'data/loggerbot.sqlite' }

/**
 * Opens the database, prepares its schema, and closes it last.
 *
 * If the database is unavailable at start, that is an error, unless the spool knows users from before: then the service
 * starts, stores their logs in the spool, and prepares the schema later.
 */
export default fp<DbOptions>(async (app, { database = defaultDatabase, knex, migrate, identityFolder }) => {
  // An app without a spool has no such plugin.
  if (!app.hasDecorator('logSpool')) app.decorate('logSpool', {})

  const logDb = knex ? guard(knex) : connect(database)
  app.decorate('logDb', logDb)
  // A server may lack what another one has stored.
  const onUsed = () => { app.logSpool.spool?.drainAgain().catch(() => {}) }
  const logHosts = watchHosts(logDb, { identityFolder, onUsed, log: app.log })
  app.decorate('logHosts', logHosts)
  app.decorate('logReplica', knex ? undefined : replicaOf(database))
  app.addHook('onClose', async () => logHosts?.close())
  if (!knex) app.addHook('onClose', () => disconnect(logDb))

  const schema = new SchemaSetup(logDb, migrate ?? (!knex && 'file' in database), app.log)
  app.addHook('preClose', async () => schema.close())
  const { users, tokens } = app.logSpool
  await schema.run(Boolean(users?.size || tokens?.size))
}, { name: 'loggerbot-db', fastify: '5.x' })
