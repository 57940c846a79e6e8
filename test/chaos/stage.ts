import { join } from 'node:path'
import type { Knex } from 'knex'
import type { Test } from 'tap'
import type { DatabaseOptions } from '../../src/store/dialects/dialect.ts'
import { environmentOf, openKnex, temporaryFolder } from '../helpers/databases.ts'
import { apiKey, createUser } from '../helpers/service.ts'
import { startLoad, type Load, type LoadOptions } from './clients.ts'
import { Instance } from './instance.ts'
import { Follower } from './follower.ts'
import type { Compared, Findings } from './ledger.ts'
import { compareIndexed, compareTails, miscountedBy, rowsIn, type Misread } from './reading.ts'
import type { Cluster } from '../helpers/clusters.ts'
import type { DatabaseServer } from '../helpers/servers.ts'
import type { Proxy } from '../helpers/proxy.ts'
import { until } from '../helpers/until.ts'

export interface StageOptions {
  /** The database server; without one, and without a cluster, the stage uses SQLite. */
  server?: DatabaseServer
  /** A cluster as the database: the service knows all its nodes. */
  cluster?: Cluster
  /** A proxy between the service and the database. */
  proxy?: Proxy
  instances?: number
  /** The program that the instances run at first. Default: that of this checkout. */
  program?: string
  /** Whether the tails are compared. Default true. */
  isFollowed?: boolean
  settings?: Record<string, string>
  /** Added for the n-th instance. */
  settingsOf?: (index: number) => Record<string, string>
  /** Folder for the spools or the SQLite file. Default: a temporary one. */
  folder?: string
}

/** Conditions without which the scenario would prove nothing. */
export interface Proof {
  /** Minimum number of spooled requests. */
  spooled?: number
  /** Condition that must hold before the clients are stopped. */
  until?: (load: Load) => boolean
}

/** Minimum of acknowledged requests in every scenario; a slow machine takes longer. */
const acknowledgedAtLeast = 150

/** A scenario's database with users, its service, and its clients. */
export class Stage {
  readonly instances: Instance[] = []
  /** One reader of the tail on each instance. */
  readonly #followers: Follower[] = []
  readonly users: Array<{ name: string, token: string }> = []
  /** Direct access to the database, without the proxy. */
  readonly knex: Knex
  readonly folder: string
  readonly database: DatabaseOptions
  readonly #t: Test
  readonly #options: StageOptions

  static async set (t: Test, options: StageOptions): Promise<Stage> {
    const folder = options.folder ?? temporaryFolder(t)
    if (options.cluster) {
      const { hosts, nodes: [first] } = options.cluster
      const database = `chaos_${process.hrtime.bigint()}`
      await options.cluster.execute(`CREATE DATABASE ${database}`)
      return new Stage(t, { ...first!.access, host: hosts, database }, folder, options).#begin()
    }
    if (!options.server) return new Stage(t, { file: join(folder, 'logs.sqlite') }, folder, options).#begin()
    const database = `chaos_${process.hrtime.bigint()}`
    // The previous scenario may have failed while the server was down.
    await options.server.restore()
    await options.server.query(`CREATE DATABASE ${database}`)
    return new Stage(t, { ...options.server.access, database }, folder, options).#begin()
  }

  private constructor (t: Test, database: DatabaseOptions, folder: string, options: StageOptions) {
    this.#t = t
    this.#options = options
    this.database = database
    this.folder = folder
    this.knex = openKnex(t, database)
  }

  async #begin (): Promise<this> {
    this.#t.teardown(() => {
      if (this.#t.passing()) return
      for (const { output } of this.instances) this.#t.comment(`the service's own log ends with\n${output.slice(-3000)}`)
    })
    const { instances = 1, program, proxy } = this.#options
    this.instances.push(...await Promise.all(Array.from({ length: instances }, (_, i) => Instance.start(this.#t, this.environment(i, proxy), program))))
    // Several users, so that one commit holds batches of more than one.
    for (const name of ['anna', 'boris', 'clara']) {
      // A busy database may take longer than the short timeout of a scenario.
      const token = await until(`${name} is created`, () => createUser(this.instances[0]!, name).catch(() => undefined))
      this.users.push({ name, token })
    }
    return this
  }

  /** Name of the scenario's database on the server. */
  get name (): string {
    return 'file' in this.database ? 'main' : this.database.database!
  }

  /** The settings of the n-th instance. */
  environment (index: number, proxy?: Proxy): Record<string, string> {
    const { host, port } = proxy ?? {}
    return {
      ...environmentOf('file' in this.database ? this.database : { ...this.database, ...proxy && { host, port } }),
      LOGGER_API_KEY: apiKey,
      LOGGER_LOG_LEVEL: 'error',
      LOGGER_SPOOL_DIR: join(this.folder, `spool-${index}`),
      ...this.#options.settings,
      ...this.#options.settingsOf?.(index)
    }
  }

  /** Starts the clients, on all instances, and waits until the first logs are acknowledged. */
  async load (options: Partial<LoadOptions> = {}): Promise<Load> {
    this.#follow()
    const load = startLoad({ ports: this.instances.map(({ port }) => port), users: this.users, ...options })
    this.#t.teardown(() => load.stop())
    await until('the first logs are acknowledged', () => load.counts.acknowledged >= 10)
    return load
  }

  /**
   * Ends a scenario after its last fault: stops the clients, waits until the spools are drained and the service is down,
   * and compares the database with the acknowledged logs.
   */
  async settle (t: Test, load: Load, proof: Proof = {}): Promise<Compared> {
    const { counts, ledger } = load
    await until('enough was sent', () => counts.acknowledged >= acknowledgedAtLeast && (proof.until?.(load) ?? true))
    await load.stop()
    if (counts.spooled > 0) t.not(await this.instances[0]!.metric('loggerbot_spool_bytes'), undefined, 'the service tells how much is spooled')
    await this.#drained()
    const miscounted = await this.#read(await load.mark())
    await this.quit(t)

    const { acknowledged, spooled, refused, unanswered, replayed } = counts
    t.comment(`${acknowledged} requests acknowledged, ${spooled} of them in the spool; answers refused ${JSON.stringify(refused)}, unanswered ${JSON.stringify(unanswered)}, replayed ${replayed}`)
    if (proof.spooled !== undefined) t.ok(spooled >= proof.spooled, `enough requests went to the spool: ${spooled}`)
    const compared = await ledger.compare(this.knex)
    check(t, compared)
    const indexed = await compareIndexed(t, this.database, ledger)
    checkReading(t, { ...await compareTails(this.#followers, this.knex), ...indexed, miscounted: miscounted + indexed.miscounted })
    return compared
  }

  /** Number of logs that the tails reported as missed. */
  get missed (): number {
    return this.#followers.reduce((sum, { missed }) => sum + missed, 0)
  }

  #follow (): void {
    // On SQLite, the tail of a process shows the logs that this process stores.
    const isShared = 'file' in this.database && this.instances.length > 1
    const { isFollowed = true } = this.#options
    if (isShared || !isFollowed || this.#followers.length > 0) return
    this.#followers.push(...this.instances.map(({ port }) => new Follower(port)))
    this.#t.teardown(() => Promise.all(this.#followers.map((follower) => follower.close())))
  }

  /** Waits until every tail has delivered the last logs and the late ones; resolves to the error of the counts. */
  async #read (marks: readonly string[]): Promise<number> {
    for (const follower of this.#followers) {
      // The last logs may be among those that it reports as missed.
      await until('the tail has come to the last logs', () => follower.missed > 0 || marks.every((id) => follower.logs.has(id)), { progress: () => follower.logs.size })
      // A resumed database may have committed logs behind the tail's position; the tail looks for those every 2 s.
      await until('the tail has told of every log', async () => follower.logs.size + follower.missed >= await rowsIn(this.knex), { progress: () => follower.logs.size + follower.missed })
    }
    const miscounted = await Promise.all(this.instances.map(({ port }) => miscountedBy(port, this.knex)))
    return Math.max(...miscounted)
  }

  async #drained (): Promise<void> {
    for (const instance of this.instances) await instance.drained()
  }

  /** Stops the service once its spools are empty. */
  async quit (t: Test): Promise<void> {
    await this.#drained()
    await Promise.all(this.#followers.map((follower) => follower.close()))
    for (const instance of this.instances) {
      t.equal(await instance.stop(), 0, 'the service ends in order')
      t.equal(instance.crashes, 0, 'the service never ended on its own')
    }
    await this.#quiet()
  }

  /** Waits until the database has rolled back the transactions of connections that were cut. */
  async #quiet (): Promise<void> {
    if ('file' in this.database) return
    await until('nobody but us is connected to the database', async () => {
      const [[{ others }]] = await this.knex.raw('SELECT COUNT(*) AS others FROM information_schema.processlist WHERE db = ? AND id <> CONNECTION_ID()', [this.name])
      return Number(others) === 0
    })
  }
}

/** Asserts that no reader got a wrong answer. */
function checkReading (t: Test, misread: Partial<Misread>): void {
  for (const [finding, count] of Object.entries(misread)) t.equal(count, 0, `${finding}: ${count}`)
}

/** Asserts that no log was lost, duplicated or altered. */
export function check (t: Test, compared: Compared): void {
  t.comment(`${compared.stored} logs stored, ${compared.dead} dead; LOST ${compared.lost}, DUPLICATE ${compared.duplicate}, PARTIAL ${compared.partial}`)
  const findings: Array<keyof Findings> = ['lost', 'duplicate', 'partial', 'disordered', 'altered', 'refusedYetStored']
  for (const finding of findings) {
    t.equal(compared[finding], 0, `${finding}: ${compared[finding]}`, { examples: compared.examples[finding] })
  }
}
