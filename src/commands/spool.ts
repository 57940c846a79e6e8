import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { databaseOptions, spoolOptions, type Settings } from '../config.ts'
import { codeOf, CommandError, SpoolUnavailable } from '../errors.ts'
import { stampOf } from '../store/batches.ts'
import { databaseIdOf } from '../store/database-id.ts'
import { keptFolderOf, logStoreOf } from '../store/log-store.ts'
import { deleteKept, listKept, readKept } from '../write/kept.ts'
import { currentOf, foreignSpools, ownerOf, segmentsOf, spoolFiles, type ForeignSpool } from '../write/spool-home.ts'
import { Spool } from '../write/spool.ts'
import type { SizedBatch } from '../write/batch.ts'
import type { Command } from './command.ts'
import { withTables } from './database.ts'

/** Lists the spools of other databases in the folder of this one's. */
export const spoolList: Command = {
  summary: 'list logs of other databases in the spool\'s folder',
  details: 'A server leaves them alone. For each a JSON object a line: database, folder, segments, bytes.',

  async run (settings, { print }) {
    for (const spool of await findForeign(settings)) print(JSON.stringify(spool))
  }
}

/** Moves one of them. */
export const spoolMove: Command = {
  summary: 'move logs of another database to a folder of their own',
  details: 'A server of that database, started with LOGGER_SPOOL_DIR=FOLDER, brings them home.',
  positionals: ['DATABASE', 'FOLDER'],

  async run (settings, { positionals: [database, target], print }) {
    const spool = await findOne(settings, database!)
    await mkdir(target!, { recursive: true, mode: 0o700 })
    if ((await readdir(target!)).length > 0) throw new CommandError(`FOLDER: ${target} is not empty; name a new folder`)
    await withLock(settings, spool, async () => {
      for (const name of await filesOf(spool)) await rename(join(spool.folder, name), join(target!, name)).catch((error) => explain(error, target!))
    })
    print(`${spool.segments} files were moved to ${target}`)
  }
}

/** Deletes one of them. */
export const spoolDrop: Command = {
  summary: 'delete logs of another database from the spool\'s folder, for good',
  positionals: ['DATABASE'],

  async run (settings, { positionals: [database], print }) {
    const spool = await findOne(settings, database!)
    await withLock(settings, spool, async () => {
      for (const name of await filesOf(spool)) await rm(join(spool.folder, name), { force: true })
    })
    print(`${spool.segments} files are deleted`)
  }
}

/** Lists the files of what the database takes neither as a log nor as a dead letter. */
export const spoolKept: Command = {
  summary: 'list files of logs that the database takes neither as logs nor as dead letters',
  details: 'The oldest first, one JSON object a line: file, bytes, userId, logs, rejected. One that is damaged has no userId.',

  async run (settings, { print }) {
    await withTables(settings, async (knex) => {
      const folder = await keptFolder(settings, knex)
      for (const { file, bytes } of await listKept(folder)) {
        const batch = await readKept(folder, file)
        print(JSON.stringify({ file: join(folder, file), bytes, ...batch && { userId: batch.userId, logs: batch.records.length, rejected: batch.rejected?.length ?? 0 } }))
      }
    })
  }
}

/** Stores them after all. */
export const spoolReplay: Command = {
  summary: 'store them after all, once the reason is mended',
  details: 'What is refused still stays, and so does what is damaged. Logs come back of a user whose logs were deleted meanwhile: delete their files before.',

  async run (settings, { print }) {
    await withTables(settings, async (knex) => {
      const folder = await keptFolder(settings, knex)
      const store = logStoreOf(knex, databaseOptions(settings))
      let stored = 0
      let left = 0
      try {
        for (const { file } of await listKept(folder)) {
          const batch = await readKept(folder, file)
          if (batch && await storeAgain(batch)) {
            await deleteKept(folder, file)
            stored++
          } else {
            left++
          }
        }
      } finally {
        await store.close()
      }
      print(`${stored} stored, ${left} left`)

      async function storeAgain (batch: SizedBatch): Promise<boolean> {
        try {
          await store.store([batch], await stampOf(knex), new AbortController().signal)
          return true
        } catch (error) {
          // Whatever the database calls it, if it stores something else.
          await store.probe(batch.bytes, new AbortController().signal).catch(() => { throw error })
          return false
        }
      }
    })
  }
}

/** Deletes one of them. */
export const spoolForget: Command = {
  summary: 'delete one of them, for good',
  positionals: ['FILE'],

  async run (settings, { positionals: [file], print }) {
    await withTables(settings, async (knex) => {
      const folder = await keptFolder(settings, knex)
      if (!await deleteKept(folder, basename(file!))) throw new CommandError(`FILE: ${folder} has no file ${basename(file!)}; see: loggerbot spool kept`)
      print(`${basename(file!)} is deleted`)
    })
  }
}

/** Where a server with these settings keeps such files. */
async function keptFolder (settings: Settings, knex: Parameters<typeof keptFolderOf>[0]): Promise<string> {
  const beside = keptFolderOf(knex)
  if (beside !== undefined) return beside
  const root = rootOf(settings)
  const id = await databaseIdOf(knex)
  return await ownerOf(root) === id ? root : join(root, id)
}

async function findForeign (settings: Settings): Promise<ForeignSpool[]> {
  const folder = rootOf(settings)
  return withTables(settings, async (knex) => foreignSpools(folder, await databaseIdOf(knex)))
}

async function findOne (settings: Settings, database: string): Promise<ForeignSpool> {
  const found = (await findForeign(settings)).find((spool) => spool.database === database)
  if (!found) throw new CommandError(`DATABASE: ${rootOf(settings)} holds no logs of another database ${database}; see: loggerbot spool list`)
  return found
}

function rootOf (settings: Settings): string {
  const options = spoolOptions(settings)
  if (!options) throw new CommandError('LOGGER_SPOOL_DIR (--spool-dir): there is no spool: it is empty, or the database is embedded')
  return options.folder
}

/** What belongs to the spool; the lock stays. What names its database goes last: until then the rest is known to be foreign. */
async function filesOf ({ folder }: ForeignSpool): Promise<string[]> {
  const names = await readdir(folder)
  return [...await segmentsOf(folder), ...[...spoolFiles].reverse().filter((name) => names.includes(name))]
}

/** Does the work while no server uses those logs. One of another database may use the folder, and leaves them alone. */
async function withLock (settings: Settings, { folder, database }: ForeignSpool, work: () => Promise<void>): Promise<void> {
  let lock: Spool | undefined
  try {
    lock = await Spool.open({ folder })
  } catch (error) {
    if (!(error instanceof SpoolUnavailable) || folder !== rootOf(settings) || await currentOf(folder) === database) throw new CommandError((error as Error).message)
  }
  try {
    await work()
  } finally {
    await lock?.close()
  }
}

function explain (error: unknown, target: string): never {
  throw codeOf(error) === 'EXDEV' ? new CommandError(`FOLDER: ${target} is on another file system; name one beside the spool`) : error
}
