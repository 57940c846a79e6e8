import { databaseOptions } from '../../config.ts'
import { keptFolderOf } from '../../store/log-store.ts'
import { copyDatabase, type CopyProgress } from '../../transfer/copy.ts'
import { listKept } from '../../write/kept.ts'
import type { Context } from '../context.ts'
import { describeDatabase, withDatabase, withTables, type Knex } from '../database.ts'
import { createDatabase } from '../setup-database.ts'
import { tableLines } from '../table.ts'
import { explainAt, settingsAt } from './address.ts'
import { ProgressLine } from '../progress-line.ts'

export interface CopyOptions {
  to: string
}

/** Copies everything to another database, and prints the number of rows of each table. */
export async function copyAll (context: Context, { to }: CopyOptions): Promise<void> {
  const { settings, streams, print } = context
  const targetSettings = settingsAt(to, settings, '--to')
  // Migrates an embedded source. The connection is closed: it would keep the file from being locked.
  await withTables(settings, (source) => warnOfKeptFiles(context, source))
  await explainAt('--to', () => createDatabase(targetSettings))
  const progress = new ProgressLine(streams.stderr)
  try {
    const copied = await withDatabase(settings, (source) => copyDatabase({
      source,
      withTarget: (work) => explainAt('--to', () => withDatabase(targetSettings, work)),
      onProgress: (state) => progress.show(() => lineOf(state, progress.seconds))
    }))
    progress.end()
    for (const line of tableLines(copied.map(({ table, rows }) => [table, rows]))) print(line)
    const rows = copied.reduce((sum, table) => sum + table.rows, 0)
    print(`${describeDatabase(databaseOptions(targetSettings))} is a copy: ` +
      `${rows} rows in ${copied.length} tables, ${Math.round(progress.seconds)} s`)
  } finally {
    progress.end()
  }
}

function lineOf ({ table, rows, ofRows }: CopyProgress, seconds: number): string {
  return `${table}: ${rows} of ${ofRows} rows, ${Math.round(rows / seconds)} rows/s`
}

/** An embedded database has files beside it for logs that it refused; on MySQL they are in the folder of the spool. */
async function warnOfKeptFiles ({ warn }: Context, source: Knex): Promise<void> {
  const folder = keptFolderOf(source)
  if (folder === undefined) return
  const files = await listKept(folder)
  if (files.length > 0) warn(`${folder}: ${files.length} kept files are not copied; see: loggerbot spool kept`)
}
