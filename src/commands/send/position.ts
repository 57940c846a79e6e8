import { createHash } from 'node:crypto'
import { open, readFile, rename, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { CommandError } from '../../errors.ts'

/** Bytes at the start of a file that tell it from a later file with the same inode. */
const maxHeadBytes = 1024

/** A file, whatever its name is by now. */
export interface FileIdentity {
  device: string
  inode: string
  /** SHA-256 of its first bytes, and their number. */
  head: string
  headBytes: number
}

/** A batch that may have been sent: it is sent again as it was. */
export interface Plan {
  bytes: number
  /** Idempotency-Key. */
  key: string
  /** Milliseconds since 1970 that its body was made with. */
  at: number
}

/** The position in a file: all before the offset is stored. */
export interface Position {
  file: FileIdentity
  offset: number
  plan?: Plan
}

/** Reads a position; undefined if there is none yet. Throws CommandError. */
export async function readPosition (path: string): Promise<Position | undefined> {
  let text
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
  const position = parsePosition(text)
  if (!position) throw new CommandError(`--position ${path} is not a position of loggerbot send: give another file`)
  return position
}

function parsePosition (text: string): Position | undefined {
  try {
    const position: Position = JSON.parse(text)
    const isValid = Number.isSafeInteger(position.offset) && typeof position.file.inode === 'string'
    return isValid ? position : undefined
  } catch {
    return undefined
  }
}

/** Writes a position durably: after a crash the file has either the old or the new one. */
export async function writePosition (path: string, position: Position): Promise<void> {
  const temporary = `${path}.new`
  await withFile(temporary, 'w', async (file) => {
    await file.writeFile(`${JSON.stringify(position)}\n`)
    await file.sync()
  })
  await rename(temporary, path)
  await withFile(dirname(path), 'r', (folder) => folder.sync())
}

async function withFile<T> (path: string, flags: string, work: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path, flags)
  try {
    return await work(file)
  } finally {
    await file.close()
  }
}

/** Identifies an open file by its first bytes, at most `upTo` of them; `known` is what was found before. */
export async function identify (file: FileHandle, upTo: number, known?: FileIdentity): Promise<FileIdentity> {
  if (known?.headBytes === maxHeadBytes) return known
  const { dev, ino } = await file.stat({ bigint: true })
  const head = Buffer.alloc(Math.min(upTo, maxHeadBytes))
  const { bytesRead } = await file.read(head, 0, head.length, 0)
  const hash = createHash('sha256').update(head.subarray(0, bytesRead)).digest('hex')
  return { device: String(dev), inode: String(ino), head: hash, headBytes: bytesRead }
}

/** Whether an open file is the one of a position. */
export async function isFileOf ({ file: known }: Position, file: FileHandle): Promise<boolean> {
  const found = await identify(file, known.headBytes)
  return found.inode === known.inode && found.device === known.device && found.head === known.head &&
    found.headBytes === known.headBytes
}
