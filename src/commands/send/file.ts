// Reads a file from a position on, and follows it:
//
//   renamed, a new file has its name   the old one is read to its end, then the new one from its start
//   truncated (copytruncate)           it is read from its start
import { open, readdir, stat, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { CommandError } from '../../errors.ts'
import { Batcher, type Batch } from './batcher.ts'
import { identify, isFileOf, type FileIdentity, type Position } from './position.ts'
import { idleMs } from './stream.ts'

const chunkBytes = 256 * 1024

/** A batch and its place. */
export interface FileBatch extends Batch {
  file: FileIdentity
  offset: number
}

export interface FileOptions {
  joins: boolean
  follows: boolean
  /** Ends the reading. */
  ending: AbortSignal
}

export class LogFile {
  readonly #path: string
  readonly #options: FileOptions
  #file: FileHandle
  #identity: FileIdentity | undefined
  /** Start of the next batch. */
  #offset = 0
  #readTo = 0
  #batcher: Batcher

  private constructor (path: string, file: FileHandle, options: FileOptions) {
    this.#path = path
    this.#file = file
    this.#options = options
    this.#batcher = new Batcher(options.joins)
  }

  /** Opens the file at its start. Throws CommandError if it cannot be read. */
  static async open (path: string, options: FileOptions): Promise<LogFile> {
    try {
      const file = await open(path)
      if ((await file.stat()).isFile()) return new LogFile(path, file, options)
      await file.close()
    } catch (error) {
      throw new CommandError(`${path} cannot be read: ${codeOf(error) ?? String(error)}`)
    }
    throw new CommandError(`${path} is not a file: send a pipe by standard input`)
  }

  /** Goes to a position, in the file or in its renamed predecessor; resolves to false if that file is gone. */
  async resume (position: Position): Promise<boolean> {
    const file = await this.#find(position)
    if (!file) return false
    if (file !== this.#file) await this.#file.close()
    this.#file = file
    this.#offset = this.#readTo = position.offset
    return true
  }

  async #find (position: Position): Promise<FileHandle | undefined> {
    if (await isThere(position, this.#file)) return this.#file
    const folder = dirname(this.#path)
    for (const name of await readdir(folder)) {
      const found = await stat(join(folder, name), { bigint: true }).catch(() => undefined)
      if (!found?.isFile() || String(found.ino) !== position.file.inode) continue
      const file = await open(join(folder, name))
      if (await isThere(position, file)) return file
      await file.close()
    }
    return undefined
  }

  /** Reads the logs of the next bytes as one batch. */
  async readPlanned (bytes: number): Promise<FileBatch> {
    const batcher = new Batcher(this.#options.joins)
    const logs: Buffer[] = []
    const end = this.#offset + bytes
    while (this.#readTo < end) {
      const chunk = await this.#read(Math.min(chunkBytes, end - this.#readTo))
      if (chunk.length === 0) throw new CommandError(`${this.#path} was truncated while it was read`)
      for (const batch of batcher.push(chunk)) logs.push(...batch.logs)
    }
    for (const batch of batcher.end()) logs.push(...batch.logs)
    return this.#place({ logs, bytes })
  }

  /** Reads to the end of the file; when it is followed, until the reading is ended. */
  async * batches (): AsyncGenerator<FileBatch, void, void> {
    const { ending, follows } = this.#options
    while (!ending.aborted) {
      const chunk = await this.#read(chunkBytes)
      if (chunk.length > 0) yield * this.#placeAll(this.#batcher.push(chunk))
      else if (await this.#isReplaced()) yield * this.#goOn()
      else if (!follows) return yield * this.#placeAll(this.#batcher.end())
      else yield * this.#wait()
    }
    yield * this.#placeAll(this.#batcher.flush())
  }

  async close (): Promise<void> {
    await this.#file.close()
  }

  async #read (bytes: number): Promise<Buffer> {
    const { buffer, bytesRead } = await this.#file.read(Buffer.allocUnsafe(bytes), 0, bytes, this.#readTo)
    this.#readTo += bytesRead
    return buffer.subarray(0, bytesRead)
  }

  async * #placeAll (batches: Iterable<Batch>): AsyncGenerator<FileBatch, void, void> {
    for (const batch of batches) yield await this.#place(batch)
  }

  async #place (batch: Batch): Promise<FileBatch> {
    const offset = this.#offset
    this.#offset += batch.bytes
    this.#identity = await identify(this.#file, this.#offset, this.#identity)
    return { ...batch, file: this.#identity, offset }
  }

  /** Whether another file has the name. An empty one waits: the writer may still write to the old file. */
  async #isReplaced (): Promise<boolean> {
    const named = await stat(this.#path, { bigint: true }).catch(() => undefined)
    const { dev, ino, size } = await this.#file.stat({ bigint: true })
    return named !== undefined && named.size > 0n && (named.ino !== ino || named.dev !== dev) &&
      size <= BigInt(this.#readTo)
  }

  async * #goOn (): AsyncGenerator<FileBatch, void, void> {
    yield * this.#placeAll(this.#batcher.end())
    const { file } = await LogFile.open(this.#path, this.#options).then((next) => ({ file: next.#file }))
    await this.#file.close()
    this.#file = file
    this.#restart()
  }

  /** Waits for more; sends what waits if nothing comes, and goes to the start of a file that was truncated. */
  async * #wait (): AsyncGenerator<FileBatch, void, void> {
    await delay(idleMs, undefined, { signal: this.#options.ending }).catch(() => {})
    const { size } = await this.#file.stat()
    if (size < this.#readTo) {
      yield * this.#placeAll(this.#batcher.end())
      this.#restart()
    } else if (size === this.#readTo) {
      yield * this.#placeAll(this.#batcher.flush())
    }
  }

  #restart (): void {
    this.#offset = this.#readTo = 0
    this.#identity = undefined
    this.#batcher = new Batcher(this.#options.joins)
  }
}

/** Whether the file is that of the position, and as long. */
async function isThere (position: Position, file: FileHandle): Promise<boolean> {
  const { size } = await file.stat()
  return size >= position.offset + (position.plan?.bytes ?? 0) && await isFileOf(position, file)
}

function codeOf (error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
}
