import type { ServerLog } from '../model/server-log.ts'
import { claimFolder, foreignSpools, lastFolder } from './spool-home.ts'
import { Spool, type SpoolOptions } from './spool.ts'

/** What is remembered in the folder of a spool, beside its batches. */
interface Memories {
  close (): Promise<void>
}

export interface SpoolKeeperOptions<M extends Memories> extends SpoolOptions {
  /** Opens the memories of a folder, with what earlier ones hold; without a folder they last as long as the process. */
  openMemories: (folder?: string, earlier?: M) => M
  log: ServerLog
}

/** Interval at which an unusable folder is retried, and spools of other databases are looked for. */
const retryMs = 5000

/**
 * Keeps a spool open while its folder can be used, and opens the folder of another database when that is identified.
 *
 * A folder that can't be used, or is locked by another instance, is logged once and retried; the service runs without.
 */
export class SpoolKeeper<M extends Memories> {
  readonly #options: SpoolKeeperOptions<M>
  #databaseId: string | undefined
  /** The lock on the whole folder, also while the spool is in a folder below it. */
  #root: Spool | undefined
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
      this.#opening = this.#opening.then(() => this.#spool ? this.#findForeign() : this.#open())
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
    if (this.#root !== this.#spool) await this.#root?.close()
  }

  async #open (): Promise<void> {
    const { folder: root, log } = this.#options
    const before = this.#spool
    const id = this.#databaseId
    try {
      this.#root ??= before ?? await Spool.open(this.#options)
      const folder = id === undefined ? await lastFolder(root) : await claimFolder(root, id)
      if (before?.folder !== folder) await this.#use(folder, this.#root)
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error)
      if (problem !== this.#problem) {
        log.error({ problem }, 'no spool: logs will be refused while the database is unavailable')
      }
      this.#spool = undefined
      this.#problem = problem
    }
    await this.#findForeign()
  }

  async #use (folder: string, root: Spool): Promise<void> {
    const { openMemories } = this.#options
    const [before, memories] = [this.#spool, this.#memories]
    const spool = folder === root.folder ? root : await Spool.open({ ...this.#options, folder })
    // The memories of another folder are those of another database.
    this.#memories = openMemories(folder, before === undefined ? memories : undefined)
    this.#spool = spool
    this.#problem = undefined
    if (before === undefined) return
    await memories.close()
    if (before !== root) await before.close()
  }

  async #findForeign (): Promise<void> {
    if (this.#databaseId === undefined) return
    const found = await foreignSpools(this.#options.folder, this.#databaseId).catch(() => [])
    const foreign = found.map(({ folder, segments, bytes }) => `${folder}: ${segments} files (${bytes} bytes) hold ` +
      'logs of another database and are left alone; see: loggerbot spool list')
    const fresh = foreign.filter((sentence) => !this.#foreign.includes(sentence))
    for (const sentence of fresh) this.#options.log.warn({}, sentence)
    this.#foreign = foreign
  }
}
