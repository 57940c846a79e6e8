// Makes batches durable while the database is unavailable: a folder of segments (see segment.ts), named by a rising
// number, and a lock.
//
//   append → the youngest segment, written and synced → durable
//          → sealed once it is large, after a failed write, or when the drain reaches it
//   next   → the oldest segment, read whole → its batches in order → all stored → unlinked, or kept (drained.ts)
//                                                                  → some deferred → the segment stays until they are
//                                                                    stored; other segments go on
//          → a segment that can't be read → reported, and retried later; other segments go on
//
// Costs and guarantees:
// - An append is acknowledged after fdatasync, and for a new file after fsync of the folder. A failed write is cut off
//   again: what was not acknowledged must not be stored later.
// - A segment is not appended to after a restart, so a frame that a crash cut short is at the end of its file.
// - The position of the drain is not stored. After a crash it starts the segment again, and the batch keys make that
//   harmless; a segment is small enough for it.
// - A segment with more damage than fits a dead letter is not unlinked: it is kept as `.damaged`.
// - Draining reads, and unlinks or renames: it needs no free space. Appending stops before the disk is full.
// - The lock is SQLite's own on an empty file: the system releases it however the process ends.
import { mkdir, open, readFile, rename, stat, statfs, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Database } from 'better-sqlite3'
import { SpoolFull, SpoolInUse, SpoolUnavailable, codeOf } from '../errors.ts'
import { sqliteDriver } from '../sqlite.ts'
import { idsOf, type SizedBatch } from './batch.ts'
import { DrainedSegments } from './drained.ts'
import { fileHeader, readSegment, toFrame, type Damage, type Segment } from './segment.ts'
import { drainedOf, segmentsOf } from './spool-home.ts'
import { syncFolder } from './sync.ts'

export interface SpoolOptions {
  /** Created if it is missing. Only one process at a time can use it, unless `isShared`. */
  folder: string
  /** Maximum size in bytes. Default 4 GiB. */
  limit?: number
  /**
   * Whether processes share the folder: each uses the first that no other uses, of the folder itself and its numbered
   * folders `worker-2`, `worker-3` and so on. Default false.
   */
  isShared?: boolean
  /**
   * Whether drained segments are kept for an hour, within the limit, and drained again after `drainAgain` and a
   * restart. Default: whether the database has several hosts.
   */
  keepsDrained?: boolean
}

/** The options of one folder. */
type FolderOptions = Omit<SpoolOptions, 'isShared'>

/** A segment of this size is sealed: the drain reads a whole segment into memory. */
const maxSegmentBytes = 16 * 1024 * 1024
/** Bytes of the disk that are left free; batches that go past the limit may use half of them. */
const minFreeBytes = 16 * 1024 * 1024

/** Delay before a segment that can't be read is retried. */
const unreadableMs = 10_000
/** More damage than this is kept in its file, because a dead letter would cut it. */
const maxDeadLetterBytes = 256 * 1024

/** The next part of the oldest segment. */
export interface Portion {
  batches: SizedBatch[]
  damages: Damage[]
  /** Its batches were drained before. */
  isAgain: boolean
}

/** A segment that is being drained. */
interface Reading {
  segment: Segment
  /** Its batches and damaged parts that are not finished. */
  rest: Array<SizedBatch | Damage>
  /** Length of the portion that `next` returned. */
  portionLength: number
}

/** The segment that is appended to. */
interface Active {
  segment: Segment
  handle: FileHandle
}

/** A folder of batches that wait for the database. */
export class Spool {
  readonly folder: string
  readonly #limit: number
  readonly #lock: Database
  /** Oldest first; the youngest may be the active one. */
  readonly #segments: Segment[] = []
  readonly #drained: DrainedSegments
  #active: Active | undefined
  #nextNumber = 1
  #bytes = 0
  #reading: Reading | undefined
  readonly #deferred = new Map<SizedBatch, Segment>()
  #last: Promise<unknown> = Promise.resolve()

  private constructor ({ folder, limit = 4 * 1024 ** 3, keepsDrained = false }: FolderOptions, lock: Database) {
    this.folder = folder
    this.#limit = limit
    this.#drained = new DrainedSegments(keepsDrained)
    this.#lock = lock
  }

  /** Locks the folder for this process. Throws SpoolInUse, or another SpoolUnavailable, which says why. */
  static async open (options: FolderOptions): Promise<Spool> {
    let lock: Database | undefined
    try {
      const created = await mkdir(options.folder, { recursive: true, mode: 0o700 })
      if (created !== undefined) await syncFolder(dirname(created))
      lock = acquireLock(join(options.folder, 'lock'))
      const spool = new Spool(options, lock)
      await spool.#findSegments()
      return spool
    } catch (error) {
      lock?.close()
      const Unavailable = codeOf(error) === 'SQLITE_BUSY' ? SpoolInUse : SpoolUnavailable
      throw new Unavailable(`${options.folder}: ${explain(error)}`)
    }
  }

  /** Bytes on disk that are not drained. */
  get bytes (): number {
    return this.#bytes
  }

  /** Number of files on disk that are not drained. */
  get segments (): number {
    return this.#segments.length
  }

  /** Maximum size in bytes. */
  get limit (): number {
    return this.#limit
  }

  /** When the oldest segment was created, in milliseconds since 1970. */
  get oldest (): number | undefined {
    if (this.#segments.length === 0) return undefined
    return Math.min(...this.#segments.map(({ createdAt }) => createdAt))
  }

  /** Whether batches have gone past the limit: until some are drained, no others may. */
  get isOverLimit (): boolean {
    return this.#bytes > this.#limit
  }

  /**
   * Resolves once all batches are durable on disk; rejects when none is, with SpoolFull or the system's error.
   *
   * `mayBeStored`: their transaction may have been committed, so that refusing them could be untrue. They go past the
   * limit.
   */
  append (batches: readonly SizedBatch[], { mayBeStored = false } = {}): Promise<void> {
    return this.#exclusive(async () => {
      const bytes = Buffer.concat(batches.map(toFrame))
      await this.#requireRoom(bytes.length, mayBeStored)
      try {
        const { segment, handle } = await this.#requireActive()
        await writeAll(handle, bytes, segment.bytes)
        await handle.datasync()
        segment.bytes += bytes.length
        this.#bytes += bytes.length
        if (segment.bytes >= maxSegmentBytes) await this.#seal()
      } catch (error) {
        await this.#cutOff()
        throw /^(ENOSPC|EDQUOT|EFBIG)$/.test(codeOf(error) ?? '') ? new SpoolFull() : error
      }
    })
  }

  /**
   * Moves the segments of another spool into this one, up to the limit. The caller holds the lock of that spool.
   * The ids keep the order of their logs. A crash in between leaves each segment in one of the folders.
   */
  adopt (folder: string): Promise<void> {
    return this.#exclusive(async () => {
      await this.#seal()
      for (const name of await segmentsOf(folder)) {
        const { bytes, createdAt } = await readMetadata(join(folder, name))
        if (this.#segments.length > 0 && this.#bytes + bytes > this.#limit) break
        const file = this.#nextFile()
        await rename(join(folder, name), file)
        this.#segments.push({ file, bytes, createdAt, deferred: 0 })
        this.#bytes += bytes
      }
      await this.#drained.find(folder, async (file) => {
        const moved = this.#nextFile('drained')
        await rename(file, moved)
        return moved
      })
      await syncFolder(this.folder)
      await syncFolder(folder)
    })
  }

  /** A sentence for each segment that can't be read. */
  get problems (): string[] {
    return this.#segments.flatMap(({ problem }) => problem ?? [])
  }

  /** The deferred batches, oldest first. */
  get deferred (): SizedBatch[] {
    return [...this.#deferred.keys()]
  }

  /**
   * Reads the next portion of about this many records; undefined if nothing is left but deferred batches.
   * Segments that were drained before come after all others.
   *
   * Returns the same portion again until it is finished.
   */
  next (records: number): Promise<Portion | undefined> {
    return this.#exclusive(async () => {
      const reading = await this.#beginSegment()
      if (!reading) {
        await this.#drained.expire()
        return undefined
      }
      const portion: Portion = { batches: [], damages: [], isAgain: reading.segment.drainedAt !== undefined }
      let count = 0
      reading.portionLength = 0
      for (const item of reading.rest) {
        if (count >= records) break
        if ('records' in item) portion.batches.push(item)
        else portion.damages.push(item)
        count += 'records' in item ? idsOf(item) : 1
        reading.portionLength++
      }
      if (portion.damages.some(({ bytes }) => bytes.length > maxDeadLetterBytes)) reading.segment.isDamaged = true
      return portion
    })
  }

  /** Marks the portion as drained, except for the deferred batches; `keepsFile` keeps the segment as `.damaged`. */
  finishPortion (deferred: readonly SizedBatch[] = [], keepsFile = false): Promise<void> {
    return this.#exclusive(async () => {
      const reading = this.#reading
      if (!reading) return
      const { segment, rest, portionLength } = reading
      if (keepsFile) segment.isDamaged = true
      for (const batch of deferred) this.#deferred.set(batch, segment)
      segment.deferred += deferred.length
      rest.splice(0, portionLength)
      if (rest.length === 0) await this.#endReading(segment)
    })
  }

  /** Marks a deferred batch as drained. */
  finishDeferred (batch: SizedBatch): Promise<void> {
    return this.#exclusive(async () => {
      const segment = this.#deferred.get(batch)
      if (!segment) return
      this.#deferred.delete(batch)
      segment.deferred--
      await this.#endIfDrained(segment)
    })
  }

  /** Drains everything again, whole or begun: another server of the database may lack what was stored. */
  drainAgain (): Promise<void> {
    return this.#exclusive(async () => {
      this.#reading = undefined
      this.#deferred.clear()
      for (const segment of [...this.#segments, ...this.#drained.segments]) {
        Object.assign(segment, { isRead: false, deferred: 0 })
      }
    })
  }

  async close (): Promise<void> {
    await this.#exclusive(() => this.#seal())
    this.#lock.close()
  }

  /** Runs the work after all earlier work, even if that failed. */
  #exclusive<T> (work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work)
    this.#last = result.catch(() => {})
    return result
  }

  /** Reads the oldest readable segment, unless one is being drained; undefined if there is none. */
  async #beginSegment (): Promise<Reading | undefined> {
    while (!this.#reading) {
      const now = performance.now()
      const segment = [...this.#segments, ...this.#drained.segments]
        .find(({ isRead, retryAt = now }) => !isRead && retryAt <= now)
      if (!segment) return undefined
      if (segment === this.#segments.at(-1)) await this.#seal()
      let rest: Reading['rest']
      try {
        rest = [...readSegment(await readFile(segment.file))]
        // Damaged parts became dead letters the first time.
        if (segment.drainedAt !== undefined) rest = rest.filter((item) => 'records' in item)
        segment.problem = undefined
      } catch (error) {
        segment.problem = `${segment.file} can't be read (${codeOf(error)})`
        segment.retryAt = performance.now() + unreadableMs
        continue
      }
      if (rest.length > 0) this.#reading = { segment, rest, portionLength: 0 }
      else await this.#endReading(segment)
    }
    return this.#reading
  }

  async #endReading (segment: Segment): Promise<void> {
    this.#reading = undefined
    segment.isRead = true
    await this.#endIfDrained(segment)
  }

  async #endIfDrained (segment: Segment): Promise<void> {
    if (!segment.isRead || segment.deferred > 0 || segment.drainedAt !== undefined) return
    const { file, bytes, isDamaged } = segment
    this.#segments.splice(this.#segments.indexOf(segment), 1)
    this.#bytes -= bytes
    if (isDamaged) await rename(file, file.replace(/spool$/, 'damaged'))
    else await this.#drained.add(segment)
  }

  async #findSegments (): Promise<void> {
    for (const name of await segmentsOf(this.folder)) {
      const file = join(this.folder, name)
      const { bytes, createdAt } = await readMetadata(file)
      this.#segments.push({ file, bytes, createdAt, deferred: 0 })
      this.#bytes += bytes
    }
    await this.#drained.find(this.folder)
    const names = [...await segmentsOf(this.folder), ...await drainedOf(this.folder)]
    this.#nextNumber = Math.max(0, ...names.map((name) => Number.parseInt(name))) + 1
  }

  /** Makes room by deleting drained segments; throws SpoolFull. */
  async #requireRoom (bytes: number, isPastLimit: boolean): Promise<void> {
    const limit = isPastLimit ? Infinity : this.#limit
    const minFree = isPastLimit ? minFreeBytes / 2 : minFreeBytes
    for (;;) {
      const { bavail, bsize } = await statfs(this.folder)
      const isWithinLimit = this.#bytes + this.#drained.bytes + bytes <= limit
      if (isWithinLimit && bavail * bsize - bytes >= minFree) return
      if (!await this.#drained.deleteOldest()) throw new SpoolFull()
    }
  }

  async #requireActive (): Promise<Active> {
    if (this.#active) return this.#active
    const file = this.#nextFile()
    const handle = await open(file, 'wx', 0o600)
    const segment: Segment = { file, bytes: fileHeader.length, createdAt: Date.now(), deferred: 0 }
    this.#active = { segment, handle }
    this.#segments.push(segment)
    this.#bytes += segment.bytes
    await writeAll(handle, fileHeader, 0)
    await syncFolder(this.folder)
    return this.#active
  }

  #nextFile (ending: 'spool' | 'drained' = 'spool'): string {
    return join(this.folder, `${String(this.#nextNumber++).padStart(16, '0')}.${ending}`)
  }

  /** Truncates the active file to what was acknowledged, and seals it: a failed write leaves its end undefined. */
  async #cutOff (): Promise<void> {
    try {
      await this.#active?.handle.truncate(this.#active.segment.bytes)
      await this.#active?.handle.datasync()
    } finally {
      await this.#seal()
    }
  }

  async #seal (): Promise<void> {
    const active = this.#active
    this.#active = undefined
    await active?.handle.close()
  }
}

/** Reads the size and the age of a segment; one that cannot be read is reported when the drain reaches it. */
async function readMetadata (file: string): Promise<Pick<Segment, 'bytes' | 'createdAt'>> {
  const { size, birthtimeMs } = await stat(file).catch(() => ({ size: 0, birthtimeMs: Date.now() }))
  return { bytes: size, createdAt: birthtimeMs }
}

function acquireLock (file: string): Database {
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
    case 'SQLITE_BUSY': return 'another instance uses this folder; each instance needs its own'
    case 'SQLITE_CANTOPEN':
    case 'SQLITE_READONLY':
    case 'EACCES':
    case 'EROFS': return 'the folder is not writable'
    case 'ENOTDIR':
    case 'EEXIST': return 'it is not a folder'
    case 'MODULE_NOT_FOUND': return 'it needs the package better-sqlite3, which is not installed'
    default: return codeOf(error) ?? String(error)
  }
}
