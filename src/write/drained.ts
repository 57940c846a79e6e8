// Drained segments of a spool, kept for a while: the server that stored them may turn out to be outside of its cluster,
// or may lose its newest commits. They are drained again when another server is used, and when the process starts; the
// batch keys make that harmless.
//
//   drained → renamed to `.drained`, its time is that of the file → unlinked after `keptMs`, or when space is short
import { rename, rm, stat, unlink, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import type { Segment } from './segment.ts'
import { drainedOf } from './spool-home.ts'

/**
 * How long a drained segment is kept, in milliseconds: a server that lost commits is noticed within minutes.
 * Much less than the seven days for which the database keeps the keys of batches.
 */
const keptMs = 60 * 60 * 1000

interface DrainedSegment extends Segment {
  drainedAt: number
}

export class DrainedSegments {
  readonly #keptMs: number
  /** Oldest first. */
  readonly #segments: DrainedSegment[] = []

  /** Without `isKept`, segments are deleted as soon as they are drained. */
  constructor (isKept: boolean) {
    this.#keptMs = isKept ? keptMs : 0
  }

  /** Those that are kept, oldest first. */
  get segments (): readonly Segment[] {
    return this.#segments
  }

  get bytes (): number {
    return this.#segments.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** Adds the drained segments of a folder, which are to be drained again; `move` moves a file and returns its path. */
  async find (folder: string, move: (file: string) => Promise<string> = async (file) => file): Promise<void> {
    for (const name of await drainedOf(folder)) {
      const { size, mtimeMs, birthtimeMs } = await stat(join(folder, name))
      const file = await move(join(folder, name))
      this.#segments.push({ file, bytes: size, createdAt: birthtimeMs, drainedAt: mtimeMs, deferred: 0 })
    }
    this.#segments.sort((one, other) => one.drainedAt - other.drainedAt)
  }

  /** Keeps a segment that was drained, or deletes it. */
  async add (segment: Segment): Promise<void> {
    const { file } = segment
    if (this.#keptMs === 0) return unlink(file)
    const drainedAt = Date.now()
    const kept = file.replace(/spool$/, 'drained')
    await utimes(file, drainedAt / 1000, drainedAt / 1000)
    await rename(file, kept)
    this.#segments.push({ ...segment, file: kept, drainedAt })
  }

  /** Deletes the segments that were kept for long enough. */
  async expire (): Promise<void> {
    const latest = Date.now() - this.#keptMs
    while ((this.#segments[0]?.drainedAt ?? Infinity) <= latest) await this.deleteOldest()
  }

  /** Resolves to false if there is none. */
  async deleteOldest (): Promise<boolean> {
    const oldest = this.#segments.shift()
    if (oldest) await rm(oldest.file, { force: true })
    return oldest !== undefined
  }
}
