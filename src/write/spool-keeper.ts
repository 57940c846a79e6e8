import { describeFailure } from '../errors.ts'
import type { ServerLog } from '../model/server-log.ts'
import { adoptAbandoned, foldersBeside, homesIn, openHome, sharedCurrentOf } from './shared-spool.ts'
import { claimFolder, currentOf, foreignSpools, lastFolder, ownerOf } from './spool-home.ts'
import { Spool, type SpoolOptions } from './spool.ts'

/** What is remembered in the folder of a spool, beside its batches. */
interface Memories {
  close (): Promise<void>
}

export interface SpoolKeeperOptions<M extends Memories> extends SpoolOptions {
  /**
   * Opens the memories of a folder, with what earlier ones hold, and those in the folders `beside` it; without a folder
   * they last as long as the process.
   */
  openMemories: (folder?: string, earlier?: M, beside?: readonly string[]) => M
  log: ServerLog
}

/** Interval at which an unusable folder is retried, and abandoned spools and those of others are looked for. */
const retryMs = 5000

/**
 * Keeps a spool open while its folder can be used, and opens the folder of another database when that is identified.
 *
 * A folder that can't be used, or is locked by another instance, is logged once and retried; the service runs without.
 * Processes that share a folder each use a home in it, and move what is left in homes without a process to their own.
 */
export class SpoolKeeper<M extends Memories> {
  readonly #options: SpoolKeeperOptions<M>
  #databaseId: string | undefined
  /** The lock on the whole home, also while the spool is in a folder below it. */
  #home: Spool | undefined
  #spool: Spool | undefined
  #memories: M
  #problem: string | undefined
  #foreign: readonly string[] = []
  /** Settles when the latest opening has ended; never rejects. */
  #opening: Promise<void>
  readonly #retrying: NodeJS.Timeout

  constructor (options: SpoolKeeperOptions<M>) {
    this.#options = options
    this.#memories = options.openMemories()
    this.#opening = this.#open()
    this.#retrying = setInterval(() => {
      this.#opening = this.#opening.then(() => this.#spool ? this.#lookAround() : this.#open())
    }, retryMs).unref()
  }

  /** Resolves when the first attempt to open the folder has ended. */
  async ready (): Promise<void> {
    await this.#opening
  }

  /** Undefined while the folder can't be used. */
  get spool (): Spool | undefined {
    return this.#spool
  }

  get memories (): M {
    return this.#memories
  }

  /** Why there is no spool. */
  get problem (): string | undefined {
    return this.#problem
  }

  /** A sentence for each spool of another database in the folder. */
  get foreign (): readonly string[] {
    return this.#foreign
  }

  /** Says which database is served; resolves when its own spool is open. */
  identify (databaseId: string): Promise<void> {
    if (databaseId === this.#databaseId) return this.#opening
    this.#databaseId = databaseId
    this.#opening = this.#opening.then(() => this.#open())
    return this.#opening
  }

  async close (): Promise<void> {
    clearInterval(this.#retrying)
    await this.#opening
    await this.#memories.close()
    await this.#spool?.close()
    if (this.#home !== this.#spool) await this.#home?.close()
  }

  async #open (): Promise<void> {
    const { log } = this.#options
    const before = this.#spool
    try {
      this.#home ??= before ?? await openHome(this.#options)
      const home = this.#home.folder
      const id = this.#databaseId ?? await this.#servedBeside(home)
      const folder = id === undefined ? await lastFolder(home) : await claimFolder(home, id)
      if (before?.folder !== folder) await this.#use(folder, this.#home)
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error)
      if (problem !== this.#problem) {
        log.error({ problem }, 'no spool: logs will be refused while the database is unavailable')
      }
      this.#spool = undefined
      this.#problem = problem
    }
    await this.#lookAround()
  }

  /** The id of the database that other processes of a shared folder serve, for a new home. */
  async #servedBeside (home: string): Promise<string | undefined> {
    const { folder: root, isShared } = this.#options
    return isShared && await currentOf(home) === undefined ? sharedCurrentOf(root) : undefined
  }

  async #use (folder: string, home: Spool): Promise<void> {
    const { openMemories, folder: root, isShared } = this.#options
    const [before, memories] = [this.#spool, this.#memories]
    const spool = folder === home.folder ? home : await Spool.open({ ...this.#options, folder })
    const owner = isShared ? await ownerOf(folder) : undefined
    const beside = owner === undefined ? [] : await foldersBeside(root, home.folder, owner)
    // The memories of another folder are those of another database.
    this.#memories = openMemories(folder, before === undefined ? memories : undefined, beside)
    this.#spool = spool
    this.#problem = undefined
    if (before === undefined) return
    await memories.close()
    if (before !== home) await before.close()
  }

  /** Moves abandoned spools of this database to its own, and looks for spools of other databases. */
  async #lookAround (): Promise<void> {
    const { folder: root, log } = this.#options
    const [id, home, spool] = [this.#databaseId, this.#home, this.#spool]
    if (id === undefined) return
    if (home && spool) {
      await adoptAbandoned(root, home.folder, id, spool).catch((error) => {
        log.error({ failure: describeFailure(error) }, 'the spool of a process that ended could not be taken over')
      })
    }
    const homes = await homesIn(root)
    const found = (await Promise.all(homes.map((home) => foreignSpools(home, id).catch(() => [])))).flat()
    const foreign = found.map(({ folder, segments, bytes }) => `${folder}: ${segments} files (${bytes} bytes) hold ` +
      'logs of another database and are left alone; see: loggerbot spool list')
    const fresh = foreign.filter((sentence) => !this.#foreign.includes(sentence))
    for (const sentence of fresh) log.warn({}, sentence)
    this.#foreign = foreign
  }
}
