import { databaseOptions } from '../config.ts'
import { migrateToLatest } from '../store/migrations.ts'
import type { Command } from './command.ts'
import { describeDatabase, withDatabase } from './database.ts'

/** Brings the tables up to date. */
export const migrate: Command = {
  summary: 'bring the tables of an existing database up to date',

  async run (settings, { print }) {
    const applied = await withDatabase(settings, migrateToLatest)
    for (const name of applied) print(`applied ${name}`)
    print(`${describeDatabase(databaseOptions(settings))} is up to date`)
  }
}
