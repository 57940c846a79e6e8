// Files of what no table takes: a log that is neither stored nor kept as a dead letter. Each is a segment of the spool (see
// segment.ts) of one batch, named by its first id.
import { mkdir, open, readdir, readFile, rename, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { SizedBatch } from './batch.ts'
import { fileHeader, readSegment, toFrame } from './segment.ts'
import { syncFolder } from './sync.ts'

const keptPattern = /^\d+\.kept$/

/** Bytes that all such files of a folder may take: the database refuses what is in them, and may refuse everything. */
export const maxKeptBytes = 256 * 1024 * 1024

/** The files together would take more than they may. */
export class KeptFull extends Error {
  constructor (folder: string) {
    super(`${folder}: the files (*.kept) hold ${maxKeptBytes} bytes, which is all they may; see: loggerbot spool kept`)
  }
}

export interface KeptFile {
  /** Its name in the folder. */
  file: string
  bytes: number
}

/** Makes the batch durable in the folder, which is made where it is missing. The same piece again replaces itself. Throws KeptFull. */
export async function keepBatch (folder: string, batch: SizedBatch): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const name = `${batch.firstId}.kept`
  const content = Buffer.concat([fileHeader, toFrame(batch)])
  const others = (await listKept(folder)).filter(({ file }) => file !== name)
  if (others.reduce((sum, { bytes }) => sum + bytes, content.length) > maxKeptBytes) throw new KeptFull(folder)
  const path = join(folder, name)
  const file = await open(`${path}.new`, 'w', 0o600)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${path}.new`, path)
  await syncFolder(folder)
}

/** The files of a folder, oldest first. */
export async function listKept (folder: string): Promise<KeptFile[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => keptPattern.test(name))
  const files = await Promise.all(names.map(async (file) => {
    const found = await stat(join(folder, file)).catch(() => undefined)
    return found?.isFile() ? [{ file, bytes: found.size }] : []
  }))
  return files.flat().sort((one, other) => one.file.length - other.file.length || (one.file < other.file ? -1 : 1))
}

/** The batch of a file; undefined where it is damaged. */
export async function readKept (folder: string, file: string): Promise<SizedBatch | undefined> {
  const [batch, ...others] = readSegment(await readFile(join(folder, file)))
  return batch && 'records' in batch && others.length === 0 ? batch : undefined
}

/** Deletes one of the files; false where there is none of that name. */
export async function deleteKept (folder: string, file: string): Promise<boolean> {
  if (!(await listKept(folder)).some((kept) => kept.file === file)) return false
  await unlink(join(folder, file))
  await syncFolder(folder)
  return true
}
