// Which folder of a spool is whose. A batch names its user by the database's id of them, so it belongs to that database alone.
//
//   ROOT/database        the id of the database whose logs stand in ROOT itself: of the first that used it
//   ROOT/ID/             the spool of any other database, with such a file of its own
//   ROOT/current         the id of the database that was served last: whose folder it is while the database is away
//
// What is another database's is left alone: it is neither drained nor appended to.
import { mkdir, open, readdir, readFile, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { syncFolder } from './sync.ts'

/** A spool that holds logs of another database. */
export interface ForeignSpool {
  /** The id of its database. */
  database: string
  folder: string
  segments: number
  bytes: number
}

const idPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** The id of the database that a folder's logs belong to; undefined where none was told yet. */
export async function ownerOf (folder: string): Promise<string | undefined> {
  return readId(join(folder, 'database'))
}

/** The id of the database that was served last from a root. */
export async function currentOf (root: string): Promise<string | undefined> {
  return readId(join(root, 'current'))
}

/** The folder of a database, which is from now on its own. The root is nobody's until then. */
export async function claimFolder (root: string, id: string): Promise<string> {
  const owner = await ownerOf(root) ?? id
  const isRoot = owner === id && !await isFolder(join(root, id))
  const folder = isRoot ? root : join(root, id)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeId(folder, 'database', id)
  await writeId(root, 'current', id)
  return folder
}

/** The folder of the database that was served last: for the time until the database says which it is. */
export async function lastFolder (root: string): Promise<string> {
  const current = await currentOf(root)
  return current !== undefined && await isFolder(join(root, current)) ? join(root, current) : root
}

/** The spools in a root that hold logs of other databases than this one. */
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

/** The names of a spool's segments. */
export async function segmentsOf (folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => /^\d{16}\.spool$/.test(name)).sort()
}

/** What a spool has beside its segments and its lock. */
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
