// Which folder of a spool belongs to which database. A batch names its user by that database's id of the user, so it
// belongs to that database only.
//
//   ROOT/database        the id of the database that owns ROOT itself: the first one that used it
//   ROOT/ID/             the spool of any other database, with a file `database` of its own
//   ROOT/current         the id of the database served last: its folder is used until the database can be asked
//
// The spool of another database is neither drained nor appended to.
import { mkdir, open, readdir, readFile, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { syncFolder } from './sync.ts'

/** A spool with logs of another database. */
export interface ForeignSpool {
  /** The id of its database. */
  database: string
  folder: string
  segments: number
  bytes: number
}

const idPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const segmentPattern = /^\d{16}\.spool$/
const drainedPattern = /^\d{16}\.drained$/

/** The id of the database that owns a folder; undefined before the first one claimed it. */
export async function ownerOf (folder: string): Promise<string | undefined> {
  return readId(join(folder, 'database'))
}

/** The id of the database that was served last from a root. */
export async function currentOf (root: string): Promise<string | undefined> {
  return readId(join(root, 'current'))
}

/** The folder of a database in a root; undefined if it has none. */
export async function folderOf (root: string, id: string): Promise<string | undefined> {
  for (const folder of [join(root, id), root]) if (await ownerOf(folder) === id) return folder
  return undefined
}

/** Claims a folder below the root, or the root itself, for a database; resolves to its path. */
export async function claimFolder (root: string, id: string): Promise<string> {
  const owner = await ownerOf(root) ?? id
  const isRoot = owner === id && !await isFolder(join(root, id))
  const folder = isRoot ? root : join(root, id)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeId(folder, 'database', id)
  await writeId(root, 'current', id)
  return folder
}

/** The folder of the database that was served last, for use until the database can be identified. */
export async function lastFolder (root: string): Promise<string> {
  const current = await currentOf(root)
  return current !== undefined && await isFolder(join(root, current)) ? join(root, current) : root
}

/** Finds the spools in a root that hold logs of other databases. */
export async function foreignSpools (root: string, id: string): Promise<ForeignSpool[]> {
  const names = (await readdir(root).catch(() => [])).filter((name) => idPattern.test(name))
  const found: ForeignSpool[] = []
  for (const folder of [root, ...names.map((name) => join(root, name))]) {
    const database = await ownerOf(folder)
    if (database === undefined || database === id) continue
    const segments = await segmentsOf(folder)
    if (segments.length === 0) continue
    const sizes = await Promise.all(segments.map(async (name) => (await stat(join(folder, name))).size))
    found.push({ database, folder, segments: segments.length, bytes: sizes.reduce((sum, size) => sum + size, 0) })
  }
  return found
}

/** The names of a spool's segments, oldest first. */
export async function segmentsOf (folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => segmentPattern.test(name)).sort()
}

/** The names of a spool's segments that are drained and kept for a while, see drained.ts. */
export async function drainedOf (folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => drainedPattern.test(name)).sort()
}

/** Files of a spool beside its segments and its lock. */
export const spoolFiles = ['database', 'users', 'tokens'] as const

async function readId (file: string): Promise<string | undefined> {
  const id = (await readFile(file, 'utf8').catch(() => '')).trim()
  return idPattern.test(id) ? id : undefined
}

async function writeId (folder: string, name: string, id: string): Promise<void> {
  if (await readId(join(folder, name)) === id) return
  const file = join(folder, name)
  const handle = await open(`${file}.new`, 'w', 0o600)
  try {
    await handle.writeFile(`${id}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(`${file}.new`, file)
  await syncFolder(folder)
}

async function isFolder (path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false
}
