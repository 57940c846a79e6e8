// Where batches are durable while the database is away: a folder of segments (see segment.ts),
// named by a number that rises, and a lock.
//
//   append → the youngest segment, written and synced → durable
//          → sealed once it is large, once a write to it failed, or once the drain comes to it
//   next   → the oldest segment, read whole → its batches in order → done → unlinked whole
//                                             some of them later → they stay, and so does the segment, while others go on
//          → one that can't be read → told of, and tried again after a while; the others go on
//
// What it costs and what it gives:
// - An append is acknowledged after fdatasync, and after fsync of the folder where the file is new.
//   A write that fails is cut off again: what was not acknowledged must not come home later.
// - A segment is never appended to after a restart, so what a crash cut short stands at an end.
// - Where the drain stands is not written down. After a crash it begins the segment anew, and the
//   batch keys make that harmless; a segment is small enough for it.
// - A segment that lost more to damage than a dead letter holds is not unlinked: it stays as `.damaged`.
// - Draining reads and unlinks: it needs no free space. Appending stops before the disk is full.
// - The lock is SQLite's own on an empty file: the system lets go of it however the process ends.
import { mkdir, open, readdir, readFile, rename, stat, statfs, unlink, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Database } from 'better-sqlite3'
import { SpoolFull, SpoolUnavailable, codeOf } from '../errors.ts'
import { sqliteDriver } from '../sqlite.ts'
import { idsOf, type SizedBatch } from './batch.ts'
import { fileHeader, readSegment, toFrame, type Damage } from './segment.ts'
import { syncFolder } from './sync.ts'

export interface SpoolOptions {
  /** Made where it is missing. One process at a time. */
  folder: string
  /** How many bytes it may hold. Default 4 GiB. */
  limit?: number
}

/** A segment is sealed when it holds so many bytes: the drain reads one at a time, whole. */
const segmentSize = 16 * 1024 * 1024
/** So much of the disk is left free. */
const freeAtLeast = 16 * 1024 * 1024

/** A segment that can't be read is tried again after so many milliseconds. */
const unreadableMs = 10_000
/** Damage of more bytes is kept as it is: a dead letter would cut it. */
const smallDamage = 256 * 1024

interface Segment {
  file: string
  bytes: number
  /** When its first batch came, in milliseconds since 1970. */
  createdAt: number
  /** All that it holds was handed out once. */
  isRead?: boolean
  /** So many of its batches come later. */
  later: number
  isDamaged?: boolean
  /** Why it can't be read, and when it is tried again, by the steady clock. */
  problem?: string
  retryAt?: number
}

/** The part of the oldest segment that comes next. */
export interface Portion {
  batches: SizedBatch[]
  damages: Damage[]
}

export class Spool {
  readonly folder: string
  readonly #limit: number
  readonly #lock: Database
  /** Oldest first; the youngest may be the active one. */
  readonly #segments: Segment[] = []
  #active: FileHandle | undefined
  #nextNumber = 1
  #bytes = 0
  /** The segment that is handed out, and what is left of it. */
  #reading: Segment | undefined
  #rest: Array<SizedBatch | Damage> = []
  #taken = 0
  readonly #later = new Map<SizedBatch, Segment>()
  #last: Promise<unknown> = Promise.resolve()

  private constructor ({ folder, limit = 4 * 1024 ** 3 }: SpoolOptions, lock: Database) {
    this.folder = folder
    this.#limit = limit
    this.#lock = lock
  }

  /** Takes the folder for this process alone. Throws SpoolUnavailable, which says why. */
  static async open (options: SpoolOptions): Promise<Spool> {
    let lock: Database | undefined
    try {
      const made = await mkdir(options.folder, { recursive: true, mode: 0o700 })
      if (made !== undefined) await syncFolder(dirname(made))
      lock = takeLock(join(options.folder, 'lock'))
      const spool = new Spool(options, lock)
      await spool.#find()
      return spool
    } catch (error) {
      lock?.close()
      throw new SpoolUnavailable(`${options.folder}: ${explain(error)}`)
    }
  }

  /** Bytes on the disk that are not home yet. */
  get bytes (): number {
    return this.#bytes
  }

  /** When the oldest segment was begun, in milliseconds since 1970. */
  get oldest (): number | undefined {
    return this.#segments[0]?.createdAt
  }

  /** Resolves once all the batches are on the disk; rejects when none is: SpoolFull, or what the system says. */
  append (batches: readonly SizedBatch[]): Promise<void> {
    return this.#exclusive(async () => {
      const bytes = Buffer.concat(batches.map(toFrame))
      await this.#requireRoom(bytes.length)
      try {
        const segment = await this.#activeSegment()
        await writeAll(this.#active!, bytes, segment.bytes)
        await this.#active!.datasync()
        segment.bytes += bytes.length
        this.#bytes += bytes.length
        if (segment.bytes >= segmentSize) await this.#seal()
      } catch (error) {
        await this.#cutOff()
        throw /^(ENOSPC|EDQUOT|EFBIG)$/.test(codeOf(error) ?? '') ? new SpoolFull() : error
      }
    })
  }

  /** What can't be read: a sentence for each segment. */
  get problems (): string[] {
    return this.#segments.flatMap(({ problem }) => problem ?? [])
  }

  /** The batches that were put off, oldest first. */
  get later (): SizedBatch[] {
    return [...this.#later.keys()]
  }

  /** What comes next, of about so many records; undefined when there is nothing but what was put off. The same again until it is done. */
  next (records: number): Promise<Portion | undefined> {
    return this.#exclusive(async () => {
      if (!await this.#beginSegment()) return undefined
      const portion: Portion = { batches: [], damages: [] }
      let taken = 0
      for (let count = 0; taken < this.#rest.length && count < records; taken++) {
        const item = this.#rest[taken]!
        if ('records' in item) portion.batches.push(item)
        else portion.damages.push(item)
        count += 'records' in item ? idsOf(item) : 1
      }
      this.#taken = taken
      if (portion.damages.some(({ bytes }) => bytes.length > smallDamage)) this.#reading!.isDamaged = true
      return portion
    })
  }

  /** What `next` gave is home, but for those batches, which are put off. `keepsFile`: the segment is kept as `.damaged` in the end. */
  done (later: readonly SizedBatch[] = [], keepsFile = false): Promise<void> {
    return this.#exclusive(async () => {
      const segment = this.#reading!
      if (keepsFile) segment.isDamaged = true
      for (const batch of later) this.#later.set(batch, segment)
      segment.later += later.length
      this.#rest.splice(0, this.#taken)
      if (this.#rest.length > 0) return
      this.#reading = undefined
      segment.isRead = true
      await this.#endSegment(segment)
    })
  }

  /** A batch that was put off is home. */
  doneLater (batch: SizedBatch): Promise<void> {
    return this.#exclusive(async () => {
      const segment = this.#later.get(batch)!
      this.#later.delete(batch)
      segment.later--
      await this.#endSegment(segment)
    })
  }

  async close (): Promise<void> {
    await this.#exclusive(() => this.#seal())
    this.#lock.close()
  }

  /** One after the other, whatever became of the one before. */
  #exclusive<T> (work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work)
    this.#last = result.catch(() => {})
    return result
  }

  /** Reads the oldest segment that can be read; false where there is none. */
  async #beginSegment (): Promise<boolean> {
    while (!this.#reading) {
      const now = performance.now()
      const segment = this.#segments.find(({ isRead, retryAt = now }) => !isRead && retryAt <= now)
      if (!segment) return false
      if (segment === this.#segments.at(-1)) await this.#seal()
      try {
        this.#rest = [...readSegment(await readFile(segment.file))]
        segment.problem = undefined
      } catch (error) {
        segment.problem = `${segment.file} can't be read (${codeOf(error)})`
        segment.retryAt = performance.now() + unreadableMs
        continue
      }
      this.#reading = segment
      if (this.#rest.length > 0) return true
      this.#reading = undefined
      segment.isRead = true
      await this.#endSegment(segment)
    }
    return true
  }

  /** Forgets a segment of which all is home. */
  async #endSegment (segment: Segment): Promise<void> {
    if (!segment.isRead || segment.later > 0) return
    const { file, bytes, isDamaged } = segment
    this.#segments.splice(this.#segments.indexOf(segment), 1)
    this.#bytes -= bytes
    if (isDamaged) await rename(file, file.replace(/spool$/, 'damaged'))
    else await unlink(file)
  }

  async #find (): Promise<void> {
    const names = (await readdir(this.folder)).filter((name) => /^\d{16}\.spool$/.test(name)).sort()
    for (const name of names) {
      const file = join(this.folder, name)
      // What can't even be looked at is told of once it is its turn.
      const { size, birthtimeMs } = await stat(file).catch(() => ({ size: 0, birthtimeMs: Date.now() }))
      this.#segments.push({ file, bytes: size, createdAt: birthtimeMs, later: 0 })
      this.#bytes += size
      this.#nextNumber = Number.parseInt(name) + 1
    }
  }

  async #requireRoom (bytes: number): Promise<void> {
    const { bavail, bsize } = await statfs(this.folder)
    if (this.#bytes + bytes > this.#limit || bavail * bsize - bytes < freeAtLeast) throw new SpoolFull()
  }

  async #activeSegment (): Promise<Segment> {
    if (this.#active) return this.#segments.at(-1)!
    const file = join(this.folder, `${String(this.#nextNumber++).padStart(16, '0')}.spool`)
    this.#active = await open(file, 'wx', 0o600)
    const segment: Segment = { file, bytes: fileHeader.length, createdAt: Date.now(), later: 0 }
    this.#segments.push(segment)
    this.#bytes += segment.bytes
    await writeAll(this.#active, fileHeader, 0)
    await syncFolder(this.folder)
    return segment
  }

  /** After a failed write nothing is known of the file's end: it goes back to what was acknowledged, and is not written to again. */
  async #cutOff (): Promise<void> {
    try {
      await this.#active?.truncate(this.#segments.at(-1)!.bytes)
      await this.#active?.datasync()
    } finally {
      await this.#seal()
    }
  }

  async #seal (): Promise<void> {
    const active = this.#active
    this.#active = undefined
    await active?.close()
  }
}

function takeLock (file: string): Database {
  const lock = new (sqliteDriver())(file, { timeout: 0 })
  try {
    lock.exec('BEGIN EXCLUSIVE')
    return lock
  } catch (error) {
    lock.close()
    throw error
  }
}

async function writeAll (file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    written += (await file.write(bytes, written, bytes.length - written, position + written)).bytesWritten
  }
}

function explain (error: unknown): string {
  switch (codeOf(error)) {
    case 'SQLITE_BUSY': return 'another instance uses this folder; each needs one of its own'
    case 'SQLITE_CANTOPEN':
    case 'SQLITE_READONLY':
    case 'EACCES':
    case 'EROFS': return 'the folder can\'t be written to'
    case 'ENOTDIR':
    case 'EEXIST': return 'this is no folder'
    case 'MODULE_NOT_FOUND': return 'it needs the package better-sqlite3, which is not installed'
    default: return codeOf(error) ?? String(error)
  }
}
