import { databaseOptions } from '../config.ts'
import { migrateToLatest } from '../store/migrations.ts'
import type { Context } from './context.ts'
import { describeDatabase, withDatabase } from './database.ts'

/** Brings the tables up to date. */
export async function migrate ({ settings, print }: Context): Promise<void> {
  const applied = await withDatabase(settings, migrateToLatest)
  for (const name of applied) print(`applied ${name}`)
  print(`${describeDatabase(databaseOptions(settings))} is up to date`)
}
