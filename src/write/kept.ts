// Files of what no table takes: a log that is stored neither as a log nor as a dead letter. Each file is a segment of
// the spool (see segment.ts) with one batch, named by the batch's first id.
import { mkdir, open, readdir, readFile, rename, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { ServerLog } from '../model/server-log.ts'
import type { SizedBatch } from './batch.ts'
import { fileHeader, readSegment, toFrame } from './segment.ts'
import { syncFolder } from './sync.ts'

const keptPattern = /^\d+\.kept$/

/** Bytes of all files of a folder: the database refuses what is in them, and may refuse everything. */
export const maxKeptBytes = 256 * 1024 * 1024

/** The files together would exceed their limit. */
export class KeptFull extends Error {
  constructor (folder: string) {
    super(`${folder}: the files (*.kept) have reached their limit of ${maxKeptBytes} bytes; see: loggerbot spool kept`)
  }
}

export interface KeptFile {
  /** Its name in the folder. */
  file: string
  bytes: number
}

/**
 * Makes the batch durable in the folder, which is created if it is missing. Throws KeptFull.
 *
 * The same piece kept again replaces its file.
 */
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

/** Lists the files of a folder, oldest first. */
export async function listKept (folder: string): Promise<KeptFile[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => keptPattern.test(name))
  const files = await Promise.all(names.map(async (file) => {
    const found = await stat(join(folder, file)).catch(() => undefined)
    return found?.isFile() ? [{ file, bytes: found.size }] : []
  }))
  // The names are numbers of any length.
  return files.flat().sort((one, other) => one.file.length - other.file.length || (one.file < other.file ? -1 : 1))
}

/** Reads the batch of a file; undefined if it is damaged. */
export async function readKept (folder: string, file: string): Promise<SizedBatch | undefined> {
  const [batch, ...others] = readSegment(await readFile(join(folder, file)))
  return batch && 'records' in batch && others.length === 0 ? batch : undefined
}

/** Deletes a file; false if there is none of that name. */
export async function deleteKept (folder: string, file: string): Promise<boolean> {
  if (!(await listKept(folder)).some((kept) => kept.file === file)) return false
  await unlink(join(folder, file))
  await syncFolder(folder)
  return true
}

/** The kept files of a running server: writes them, counts them, and warns of them. */
export class KeptFiles {
  readonly #folderOf: () => string | undefined
  readonly #log: ServerLog
  #count = 0
  /** Why the latest batch could not be kept, if the files have reached their limit. */
  #fullBecause: string | undefined

  /** `folderOf` returns the folder; undefined while there is none. */
  constructor (folderOf: () => string | undefined, log: ServerLog) {
    this.#folderOf = folderOf
    this.#log = log
  }

  /** Number of files, as last counted. */
  get count (): number {
    return this.#count
  }

  /** A sentence for each problem, for an operator. */
  get warnings (): string[] {
    const kept = `${this.#folderOf()}: ${this.#count} files (*.kept) hold logs that the database takes neither as ` +
      'logs nor as dead letters; see: loggerbot spool kept'
    return [...this.#count === 0 ? [] : [kept], ...this.#fullBecause === undefined ? [] : [this.#fullBecause]]
  }

  /** Keeps a batch as a file; rejects if the disk does not take it. */
  async keep (batch: SizedBatch): Promise<void> {
    const folder = this.#folderOf()
    if (folder === undefined) throw new Error('no folder to keep logs in that no table takes')
    try {
      await keepBatch(folder, batch)
      this.#fullBecause = undefined
    } catch (error) {
      if (error instanceof KeptFull && this.#fullBecause === undefined) {
        this.#fullBecause = error.message
        this.#log.error({ folder }, error.message)
      }
      throw error
    }
    await this.recount()
    this.#log.error({ folder }, 'the database takes a log neither as a log nor as a dead letter; it is kept as a file')
  }

  /** Counts the files again: a command may have stored or deleted some. */
  async recount (): Promise<void> {
    const folder = this.#folderOf()
    if (folder === undefined) return
    const count = (await listKept(folder)).length
    if (count < this.#count) this.#fullBecause = undefined
    this.#count = count
  }
}
