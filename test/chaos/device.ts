// A disk that can lose its power: an ext4 file system on a loop device. The device's backing file represents the disk.
//
// Data that a program writes waits in the file system's page cache. It reaches the loop device, and so the backing file,
// when the file system issues it: at an fsync, or when the kernel writes back. So a copy of the backing file holds exactly
// the data of a disk without a cache after a power cut, without data that was written but not synced.
//
// It cannot show two things. A stopped process finishes its current system call, so a cut falls between two calls, never
// into an fsync. And all issued data counts as on the disk: a disk that loses data it was not told to flush is not simulated.
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
  /** Mount point of its file system. */
  readonly folder: string
  readonly #image: string
  readonly #statistics: string

  /** Creates an empty disk, which is removed with the test. */
  static async make (t: Test, megabytes = 512): Promise<Disk> {
    const work = temporaryFolder(t)
    const image = join(work, 'image')
    await run('truncate', ['--size', `${megabytes}M`, image])
    // Nothing is left for the background, which would disturb the cuts.
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

  /** Syncs all data written so far. */
  async sync (): Promise<void> {
    await run('sync', ['--file-system', this.folder])
  }

  /**
   * Copies the disk while all writing processes are stopped: another disk, with its file system recovered as at the
   * next boot.
   */
  async copy (t: Test): Promise<Disk> {
    const work = temporaryFolder(t)
    const image = join(work, 'image')
    // The kernel may write back at any time. A copy taken meanwhile mixes two moments, a state that no power cut leaves.
    await until('the disk is quiet for as long as a copy takes', async () => {
      const before = this.#written()
      if (before === undefined) return false
      await run('cp', ['--sparse=always', '--reflink=auto', this.#image, image])
      return this.#written() === before
    })
    return Disk.#mount(t, work, image)
  }

  /** Number of writes and flushes that the device completed; undefined while some are in progress. */
  #written (): string | undefined {
    const numbers = readFileSync(this.#statistics, 'utf8').trim().split(/\s+/)
    return numbers[8] === '0' ? `${numbers[4]} ${numbers[15]}` : undefined
  }

  /** Removes the disk, once every process with open files on it has ended. */
  async #unmount (): Promise<void> {
    await run('umount', [this.folder]).catch(() => run('umount', ['--lazy', this.folder]))
  }
}

/** Why no disk can be created here, or false. */
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

/** Stops processes; resolves when none of their threads runs any more. */
export async function stopAll (pids: number[]): Promise<void> {
  for (const pid of pids) {
    process.kill(pid, 'SIGSTOP')
    await until(`process ${pid} has stopped`, () => readdirSync(`/proc/${pid}/task`).every((thread) => {
      // The name before the state may contain any character, also brackets.
      return /\) [Tt] [^)]*$/.test(readFileSync(`/proc/${pid}/task/${thread}/stat`, 'latin1'))
    }))
  }
}

export function continueAll (pids: number[]): void {
  for (const pid of pids) process.kill(pid, 'SIGCONT')
}
