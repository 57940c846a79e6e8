import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { databaseOptions, spoolOptions, type Settings } from '../config.ts'
import { codeOf, CommandError, SpoolUnavailable } from '../errors.ts'
import { beginAudit } from '../store/audit.ts'
import { stampOf } from '../store/batches.ts'
import { databaseIdOf } from '../store/database-id.ts'
import { keptFolderOf, logStoreOf } from '../store/log-store.ts'
import { deleteKept, listKept, readKept, type KeptFile } from '../write/kept.ts'
import { homesIn } from '../write/shared-spool.ts'
import { currentOf, folderOf, foreignSpools, segmentsOf, spoolFiles, type ForeignSpool } from '../write/spool-home.ts'
import { Spool } from '../write/spool.ts'
import type { SizedBatch } from '../write/batch.ts'
import { commandLine, type Context } from './context.ts'
import { withTables, type Knex } from './database.ts'

/** Lists the spools of other databases in the folder of this one's. */
export async function listForeignSpools ({ settings, print }: Context): Promise<void> {
  for (const spool of await findForeign(settings)) print(JSON.stringify(spool))
}

/** Moves the spool of another database to a folder of its own. */
export async function moveForeignSpool ({ settings, print }: Context, database: string, target: string): Promise<void> {
  const spool = await findOne(settings, database)
  await mkdir(target, { recursive: true, mode: 0o700 })
  if ((await readdir(target)).length > 0) throw new CommandError(`FOLDER: ${target} is not empty; name a new folder`)
  await withLock(settings, spool, async () => {
    await noteInAudit(settings, 'spool.move', spool)
    for (const name of await filesOf(spool)) {
      await rename(join(spool.folder, name), join(target, name)).catch((error) => explain(error, target))
    }
  })
  print(`moved to ${target}, number of files: ${spool.segments}`)
}

/** Deletes the spool of another database. */
export async function dropForeignSpool ({ settings, print }: Context, database: string): Promise<void> {
  const spool = await findOne(settings, database)
  await withLock(settings, spool, async () => {
    await noteInAudit(settings, 'spool.drop', spool)
    for (const name of await filesOf(spool)) await rm(join(spool.folder, name), { force: true })
  })
  print(`deleted, number of files: ${spool.segments}`)
}

/** Lists the files of logs that the database accepts neither as logs nor as dead letters. */
export async function listKeptFiles ({ settings, print }: Context): Promise<void> {
  await withTables(settings, async (knex) => {
    for (const { folder, file, bytes } of await findKept(settings, knex)) {
      const batch = await readKept(folder, file)
      print(JSON.stringify({
        file: join(folder, file),
        bytes,
        ...batch && { userId: batch.userId, logs: batch.records.length, rejected: batch.rejected?.length ?? 0 }
      }))
    }
  })
}

/** Stores the kept files that the database accepts by now, and deletes them. */
export async function replayKeptFiles ({ settings, print }: Context): Promise<void> {
  await withTables(settings, async (knex) => {
    const store = logStoreOf(knex, databaseOptions(settings))
    const auditId = await beginAudit(knex, { by: commandLine, action: 'spool.replay', detail: {} })
    let stored = 0
    let left = 0
    try {
      for (const { folder, file } of await findKept(settings, knex)) {
        const batch = await readKept(folder, file)
        if (batch && await retry(batch)) {
          await knex('audit').where('id', auditId).increment('logs', batch.records.length)
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

    async function retry (batch: SizedBatch): Promise<boolean> {
      const { signal } = new AbortController()
      try {
        await store.store([batch], await stampOf(knex), signal)
        return true
      } catch (error) {
        // The batch is refused, whatever the error says, if the database stores something else.
        await store.probe(batch.bytes, signal).catch(() => { throw error })
        return false
      }
    }
  })
}

/** Deletes a kept file. */
export async function deleteKeptFile ({ settings, print }: Context, path: string): Promise<void> {
  const file = basename(path)
  await withTables(settings, async (knex) => {
    const found = (await findKept(settings, knex)).filter((kept) => kept.file === file)
    const kept = found.find(({ folder }) => resolve(folder) === resolve(dirname(path))) ?? found[0]
    if (!kept || !await deleteKept(kept.folder, file)) {
      throw new CommandError(`FILE: the spool has no file ${file}; see: loggerbot spool kept`)
    }
    await beginAudit(knex, { by: commandLine, action: 'spool.forget', detail: { file } })
    print(`${file} is deleted`)
  })
}

/** Finds the files in the folders in which servers with these settings keep them. */
async function findKept (settings: Settings, knex: Knex): Promise<Array<KeptFile & { folder: string }>> {
  const beside = keptFolderOf(knex)
  const folders = beside === undefined ? await spoolFolders(rootOf(settings), await databaseIdOf(knex)) : [beside]
  const found = await Promise.all(folders.map(async (folder) => (
    (await listKept(folder)).map((kept) => ({ ...kept, folder }))
  )))
  return found.flat()
}

async function spoolFolders (root: string, id: string): Promise<string[]> {
  return (await Promise.all((await homesIn(root)).map((home) => folderOf(home, id)))).flatMap((folder) => folder ?? [])
}

async function findForeign (settings: Settings): Promise<ForeignSpool[]> {
  const homes = await homesIn(rootOf(settings))
  return withTables(settings, async (knex) => {
    const id = await databaseIdOf(knex)
    return (await Promise.all(homes.map((home) => foreignSpools(home, id)))).flat()
  })
}

async function findOne (settings: Settings, database: string): Promise<ForeignSpool> {
  const found = (await findForeign(settings)).find((spool) => spool.database === database)
  if (found) return found
  throw new CommandError(`DATABASE: ${rootOf(settings)} holds no logs of another database ${database}; ` +
    'see: loggerbot spool list')
}

async function noteInAudit (
  settings: Settings, action: string, { database, segments, bytes }: ForeignSpool
): Promise<void> {
  const entry = { by: commandLine, action, detail: { database, files: segments, bytes } }
  await withTables(settings, (knex) => beginAudit(knex, entry))
}

function rootOf (settings: Settings): string {
  const options = spoolOptions(settings)
  if (options) return options.folder
  throw new CommandError('LOGGER_SPOOL_DIR (--spool-dir): there is no spool, ' +
    'because it is empty or the database is embedded')
}

/**
 * Files of the spool without its lock.
 * Those that name its database come last: until they are gone, the rest is known to be foreign.
 */
async function filesOf ({ folder }: ForeignSpool): Promise<string[]> {
  const names = await readdir(folder)
  return [...await segmentsOf(folder), ...[...spoolFiles].reverse().filter((name) => names.includes(name))]
}

/** Runs the work while no server uses these logs. A server of another database in the folder leaves them alone. */
async function withLock (
  settings: Settings, { folder, database }: ForeignSpool, work: () => Promise<void>
): Promise<void> {
  let lock: Spool | undefined
  try {
    lock = await Spool.open({ folder })
  } catch (error) {
    if (!(error instanceof SpoolUnavailable)) throw error
    const isHome = (await homesIn(rootOf(settings))).includes(folder)
    if (!isHome || await currentOf(folder) === database) throw new CommandError(error.message)
  }
  try {
    await work()
  } finally {
    await lock?.close()
  }
}

function explain (error: unknown, target: string): never {
  if (codeOf(error) !== 'EXDEV') throw error
  throw new CommandError(`FOLDER: ${target} is on another file system; name a folder beside the spool`)
}
