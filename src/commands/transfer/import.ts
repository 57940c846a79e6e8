import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { databaseOptions, type Settings } from '../../config.ts'
import { codeOf, CommandError, UsageError } from '../../errors.ts'
import { beginAudit } from '../../store/audit.ts'
import { databaseIdOf } from '../../store/database-id.ts'
import { usersOf } from '../../store/users.ts'
import { importLogs, type Imported, type LogSource } from '../../transfer/import.ts'
import { ndjsonLogs } from '../../transfer/ndjson.ts'
import { importUsers, oldServerLogs } from '../../transfer/old-server.ts'
import { systemEvents } from '../../transfer/system-events.ts'
import { commandLine, type Context } from '../context.ts'
import { withDatabase, withTables, type Knex } from '../database.ts'
import { explainAt, settingsAt } from './address.ts'
import { ProgressLine } from '../progress-line.ts'

export interface ImportOptions {
  rate?: string
  position?: string
}

/** Imports the users and logs of the former server. */
export async function importOldServer (context: Context, address: string, options: ImportOptions): Promise<void> {
  await withSource(context, address, async ({ old, knex, place }) => {
    const { ids, created, problems } = await importUsers(old, knex, commandLine)
    for (const problem of problems) context.warn(problem)
    context.print(`users: ${created} created, ${ids.size - created} existed`)
    await importFrom(context, { knex, source: await oldServerLogs(old, place, ids), ...options })
  })
}

/** Imports the messages that rsyslog stored. */
export async function importSystemEvents (
  context: Context, address: string, { owner, ...options }: ImportOptions & { owner: string }
): Promise<void> {
  await withSource(context, address, async ({ old, knex, place }) => {
    const source = await systemEvents(old, place, await ownerId(knex, owner))
    await importFrom(context, { knex, source, ...options })
  })
}

/** Imports files of JSON lines, one after the other. */
export async function importNdjson (
  context: Context, files: string[], { owner, ...options }: ImportOptions & { owner: string }
): Promise<void> {
  if (files.length === 0) throw new UsageError('name a FILE')
  if (options.position !== undefined && files.length !== 1) throw new UsageError('--position takes one file')
  await withTables(context.settings, async (knex) => {
    const userId = await ownerId(knex, owner)
    for (const name of files) {
      const path = resolve(name)
      const file = await open(path).catch((error) => {
        throw new CommandError(`FILE: ${path} can't be read (${codeOf(error)})`)
      })
      try {
        context.print(path)
        await importFrom(context, { knex, source: ndjsonLogs({ file, path, userId }), ...options })
      } finally {
        await file.close()
      }
    }
  })
}

async function ownerId (knex: Knex, owner: string): Promise<number> {
  const user = await usersOf(knex).find(owner)
  if (user) return user.id
  throw new CommandError(`--owner: there is no user ${owner}`)
}

interface Databases {
  old: Knex
  knex: Knex
  /** The old one's `host:port/name`. */
  place: string
}

/** Opens the database at an address, and that of the settings. */
async function withSource (
  { settings }: Context, address: string, work: (databases: Databases) => Promise<void>
): Promise<void> {
  const oldSettings = settingsAt(address, settings, 'ADDRESS')
  if ('file' in databaseOptions(oldSettings)) throw new UsageError('ADDRESS must be mysql://user:password@host:port/name')
  const { LOGGER_DB_HOST: host, LOGGER_DB_PORT: port, LOGGER_DB_NAME: name } = oldSettings
  await withTables(settings, (knex) => explainAt('ADDRESS', () =>
    withDatabase(oldSettings, (old) => work({ old, knex, place: `${host.toLowerCase()}:${port}/${name}` }))))
}

interface ImportFrom extends ImportOptions {
  knex: Knex
  source: LogSource
}

async function importFrom (context: Context, { knex, source, rate = '5000', position }: ImportFrom): Promise<void> {
  const { settings, streams, print } = context
  if (!/^[1-9]\d{0,8}$/.test(rate)) throw new UsageError('--rate must be a whole number, 1 to 999999999')
  const positionFile = position ?? await positionFileOf(settings, knex, source)
  const auditId = await beginAudit(knex, { by: commandLine, action: 'import', detail: { source: source.identity } })
  const progress = new ProgressLine(streams.stderr)
  const show = (imported: Imported) => progress.show(() =>
    `${summaryOf(imported)}, ${Math.round(imported.stored / progress.seconds)} logs/s`)
  try {
    const database = databaseOptions(settings)
    const imported = await importLogs({ knex, database, source, positionFile, rate: Number(rate), onProgress: show })
    await knex('audit').where('id', auditId).update({ logs: imported.stored })
    progress.end()
    print(`logs: ${summaryOf(imported)}`)
    print(`the position is in ${positionFile}: the next run imports what was added`)
  } finally {
    progress.end()
  }
}

function summaryOf ({ stored, rejected, known, skipped }: Imported): string {
  return `${stored} stored, ${rejected} dead letters, ${known} stored before, ${skipped} of unknown users`
}

/** One file for each source and database. */
async function positionFileOf (settings: Settings, knex: Knex, { identity }: LogSource): Promise<string> {
  const hash = createHash('sha256').update(`${identity}\n${await databaseIdOf(knex)}`).digest('hex')
  return join(dirname(settings.LOGGER_DB_FILE), `import-${hash.slice(0, 16)}.json`)
}
