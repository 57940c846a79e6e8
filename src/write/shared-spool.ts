// A folder that several processes use for their spools, such as the workers of a server: each has a home in it.
//
//   ROOT               home of the first process, and of a process that is alone
//   ROOT/worker-2      home of the second, and so on; see spool-home.ts for the folders of a home
//
// A process takes the first home that no other has locked, so the successor of a process that died gets its home. What
// is left in a home without a process is moved to another process's: there may be fewer processes than before.
import { access, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { SpoolInUse } from '../errors.ts'
import { listKept } from './kept.ts'
import { currentOf, drainedOf, folderOf, segmentsOf } from './spool-home.ts'
import { Spool, type SpoolOptions } from './spool.ts'
import { syncFolder } from './sync.ts'

const homePattern = /^worker-\d+$/
/** Files about users and tokens, which an abandoned home would keep although they change. */
const memoryFiles = ['users', 'tokens']

/** Lists the homes in a root, the root first. */
export async function homesIn (root: string): Promise<string[]> {
  const names = (await readdir(root).catch(() => [])).filter((name) => homePattern.test(name)).sort()
  return [root, ...names.map((name) => join(root, name))]
}

/** Locks a home; throws SpoolUnavailable, which says why. */
export async function openHome ({ isShared = false, ...options }: SpoolOptions): Promise<Spool> {
  for (let number = 1; ; number++) {
    const folder = number === 1 ? options.folder : join(options.folder, `worker-${number}`)
    try {
      return await Spool.open({ ...options, folder })
    } catch (error) {
      if (!isShared || !(error instanceof SpoolInUse)) throw error
    }
  }
}

/** The id of the database that a process of the root served last. */
export async function sharedCurrentOf (root: string): Promise<string | undefined> {
  for (const home of await homesIn(root)) {
    const id = await currentOf(home)
    if (id !== undefined) return id
  }
  return undefined
}

/** Folders of a database in the homes of a root, except one home. */
export async function foldersBeside (root: string, ownHome: string, id: string): Promise<string[]> {
  const homes = (await homesIn(root)).filter((home) => home !== ownHome)
  return (await Promise.all(homes.map((home) => folderOf(home, id)))).flatMap((folder) => folder ?? [])
}

/** Moves to the spool what homes without a process hold for its database. */
export async function adoptAbandoned (root: string, home: string, id: string, spool: Spool): Promise<void> {
  for (const other of await homesIn(root)) {
    const folder = other === home ? undefined : await folderOf(other, id)
    if (folder === undefined || !await hasFiles(folder)) continue
    const locks: Spool[] = []
    try {
      locks.push(await Spool.open({ folder: other }))
      if (folder !== other) locks.push(await Spool.open({ folder }))
      await moveKept(folder, spool.folder)
      await spool.adopt(folder)
      for (const name of memoryFiles) await rm(join(folder, name), { force: true })
    } catch (error) {
      if (!(error instanceof SpoolInUse)) throw error
    } finally {
      for (const lock of locks) await lock.close()
    }
  }
}

async function hasFiles (folder: string): Promise<boolean> {
  const names = await readdir(folder)
  return memoryFiles.some((name) => names.includes(name)) ||
    (await segmentsOf(folder)).length > 0 || (await drainedOf(folder)).length > 0 || (await listKept(folder)).length > 0
}

/** Moves the files of logs that no table takes. A file stays where the target has one of its name. */
async function moveKept (from: string, to: string): Promise<void> {
  for (const { file } of await listKept(from)) {
    const isTaken = await access(join(to, file)).then(() => true, () => false)
    if (!isTaken) await rename(join(from, file), join(to, file))
  }
  await syncFolder(to)
}
