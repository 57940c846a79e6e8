import { databaseOptions } from '../config.ts'
import { migrateToLatest } from '../store/migrations.ts'
import type { Command } from './command.ts'
import { describeDatabase, withDatabase } from './database.ts'

/** Creates the database where it is missing, and its tables. */
export const setupDatabase: Command = {
  summary: 'create the database, where it is missing, and its tables',
  details: `Here --port is MySQL's, as --db-port is. The login needs CREATE, CREATE VIEW, ALTER, DROP, INDEX,
SELECT, INSERT, UPDATE and DELETE on the database; serving needs the last four only, and CREATE, ALTER and
DROP where the logs are divided (loggerbot partitions). To grant them, as an administrator:

  CREATE USER 'user'@'localhost' IDENTIFIED BY 'password';
  GRANT ALL ON loggerbot.* TO 'user'@'localhost';`,
  flags: { port: 'LOGGER_DB_PORT' },

  async run (settings, { print }) {
    const options = databaseOptions(settings)
    if (!('file' in options)) {
      await withDatabase(settings, async (server) => {
        // Looked for before: a server that is read-only refuses even what changes nothing.
        const [found] = await server.raw('SELECT 1 FROM information_schema.schemata WHERE schema_name = ?', [settings.LOGGER_DB_NAME])
        if (found.length === 0) await server.raw('CREATE DATABASE IF NOT EXISTS ?? CHARACTER SET utf8mb4', [settings.LOGGER_DB_NAME])
      }, { ...options, database: '' })
    }
    const applied = await withDatabase(settings, migrateToLatest)
    print(`${describeDatabase(options)} is ready (${applied.length === 0 ? 'nothing to do' : `${applied.length} migrations applied`})`)
  }
}
