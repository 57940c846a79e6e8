import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { codeOf, CommandError } from '../errors.ts'
import { syncFolder } from '../write/sync.ts'

/** Progress of an import: all before `after` is stored, and perhaps the batch that ends with `until`. */
export interface ImportPosition {
  /** Empty: from the start. */
  after: string
  /** Undefined if no batch was begun. */
  until?: string
}

/** Reads a position; that of the start if there is no file yet. Throws CommandError. */
export async function readPosition (path: string): Promise<ImportPosition> {
  try {
    const position: unknown = JSON.parse(await readFile(path, 'utf8'))
    if (isPosition(position)) return position
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return { after: '' }
    if (!(error instanceof SyntaxError)) throw error
  }
  throw new CommandError(`${path} is not a position of loggerbot import: name another file by --position`)
}

function isPosition (value: unknown): value is ImportPosition {
  return typeof value === 'object' && value !== null && 'after' in value && typeof value.after === 'string'
}

/** Writes a position durably: after a crash the file has either the old or the new one. */
export async function writePosition (path: string, position: ImportPosition): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const file = await open(`${path}.new`, 'w', 0o600)
  try {
    await file.writeFile(`${JSON.stringify(position)}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${path}.new`, path)
  await syncFolder(dirname(path))
}
