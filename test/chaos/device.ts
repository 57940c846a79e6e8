// A disk that can lose its power: an ext4 file system on a loop device, whose backing file
// stands for what is on the disk.
//
// What a program writes to the mounted file system waits in that file system's page cache, and comes
// to the loop device, and so into the backing file, when the file system issues it: at an fsync, or
// when the kernel gets round to it. A copy of the backing file therefore holds what a disk without a
// cache of its own would hold after a power cut, and not what was written but never synced.
//
// Two things it cannot show. A stopped process finishes the system call that it is in, so a cut falls
// between two of them, never into an fsync. And whatever was issued counts as on the disk: a disk
// that forgets what it was not told to flush is not imitated.
import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { temporaryFolder } from '../helpers/databases.ts'
import { until } from '../helpers/until.ts'

const run = promisify(execFile)

/** A mounted image. */
export class Disk {
  /** Where its file system is mounted. */
  readonly folder: string
  readonly #image: string
  readonly #statistics: string

  /** An empty disk; it goes with the test. */
  static async make (t: Test, megabytes = 512): Promise<Disk> {
    const work = temporaryFolder(t)
    const image = join(work, 'image')
    await run('truncate', ['--size', `${megabytes}M`, image])
    // Nothing is left to be done in the background, where it would disturb the cuts.
    await run('mkfs.ext4', ['-q', '-F', '-m', '0', '-E', 'lazy_itable_init=0,lazy_journal_init=0', image])
    return Disk.#mount(t, work, image)
  }

  static async #mount (t: Test, work: string, image: string): Promise<Disk> {
    const folder = join(work, 'mounted')
    mkdirSync(folder)
    await run('mount', ['-o', 'loop', image, folder])
    const disk = new Disk(image, folder)
    t.teardown(() => disk.#unmount())
    return disk
  }

  private constructor (image: string, folder: string) {
    this.#image = image
    this.folder = folder
    const device = execFileSync('findmnt', ['-no', 'SOURCE', folder]).toString().trim()
    this.#statistics = `/sys/block/${basename(device)}/stat`
  }

  /** Brings all that was written so far to the disk. */
  async sync (): Promise<void> {
    await run('sync', ['--file-system', this.folder])
  }

  /**
   * What is on the disk now that all who write to it are stopped: another disk, its file system
   * recovered as at the next boot.
   */
  async copy (t: Test): Promise<Disk> {
    const work = temporaryFolder(t)
    const image = join(work, 'image')
    // The kernel may write back on its own at any time. A copy during which it did is of no one
    // moment: such a state no power cut leaves behind.
    await until('the disk is quiet for as long as a copy takes', async () => {
      const before = this.#written()
      if (before === undefined) return false
      await run('cp', ['--sparse=always', '--reflink=auto', this.#image, image])
      return this.#written() === before
    })
    return Disk.#mount(t, work, image)
  }

  /** How many writes and flushes the device has done; undefined while some are under way. */
  #written (): string | undefined {
    const numbers = readFileSync(this.#statistics, 'utf8').trim().split(/\s+/)
    return numbers[8] === '0' ? `${numbers[4]} ${numbers[15]}` : undefined
  }

  /** Whoever had files open there has ended. */
  async #unmount (): Promise<void> {
    await run('umount', [this.folder]).catch(() => run('umount', ['--lazy', this.folder]))
  }
}

/** Why no disk can be had here, or false. */
export async function noDisk (t: Test): Promise<string | false> {
  if (process.platform !== 'linux') return 'loop devices are Linux\'s'
  if (process.getuid?.() !== 0) return 'only root may mount a loop device: try sudo'
  try {
    await Disk.make(t, 16)
    return false
  } catch (error) {
    return `no ext4 image can be mounted here: ${error instanceof Error ? error.message.trim() : error}`
  }
}

/** Stops processes in the middle of what they do, and resolves when no thread of theirs runs any more. */
export async function stopAll (pids: number[]): Promise<void> {
  for (const pid of pids) {
    process.kill(pid, 'SIGSTOP')
    await until(`process ${pid} has stopped`, () => readdirSync(`/proc/${pid}/task`).every((thread) => {
      // The name before the state may hold anything, brackets included.
      return /\) [Tt] [^)]*$/.test(readFileSync(`/proc/${pid}/task/${thread}/stat`, 'latin1'))
    }))
  }
}

export function continueAll (pids: number[]): void {
  for (const pid of pids) process.kill(pid, 'SIGCONT')
}
