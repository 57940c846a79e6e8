import { databaseOptions, readSettings } from './src/config.ts'
import { knexConfig } from './src/store/connect.ts'

/** The knex command works on the database that the server would use: the same settings, the same migrations. */
export default async () => {
  const config = knexConfig(databaseOptions(await readSettings()))
  return {
    ...config,
    migrations: { ...config.migrations, extension: 'ts', stub: './migrations/migration.stub' },
    seeds: { directory: './seeds', extension: 'ts', loadExtensions: ['.ts'] }
  }
}
