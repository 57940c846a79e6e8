import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Cluster, type Engine } from '../test/helpers/clusters.ts'
import { DatabaseServer, givenServer, makeDataDirectory, mariadb, mysql, type ServerAccess, type ServerKind } from '../test/helpers/servers.ts'
import { makeMysql, makeForYardstick, makeSqlite, mysqlFlags, serverFlags } from './database.ts'
import type { BenchDatabase } from './subjects.ts'
import type { Report } from './measure.ts'
import { startOurs, startYardstick, type Service, type StartOptions, type Yardstick } from './service.ts'

/** One benchmark; `npm run bench -- name` runs only this one. A long one gives each report as soon as it is made. */
export type Scenario = (bench: Bench) => Promise<Report[]> | AsyncIterable<Report>

export interface OurOptions extends Partial<StartOptions> {
  pageCompression?: boolean
  users?: number
}

/** Given to a scenario: durations, and servers that are stopped when it ends. */
export class Bench {
  readonly rounds: number
  /** Duration of a measurement that a goal depends on; comparisons of the service with itself take half of it. */
  readonly seconds: number
  /** Rows to preload, in millions, one figure for each table; undefined uses the scenario's default. */
  readonly millions: readonly number[] | undefined
  /** For how long the page follows new logs. */
  readonly minutes: number
  /** On a real disk; deleted in the end. */
  readonly folder: string
  #server: Promise<DatabaseServer> | undefined
  #mysql: Promise<DatabaseServer> | undefined
  #started = 0
  readonly #closers: Array<() => Promise<void>> = []

  constructor ({ rounds, seconds, millions, minutes, folder }: Pick<Bench, 'rounds' | 'seconds' | 'millions' | 'minutes' | 'folder'>) {
    this.rounds = rounds
    this.seconds = seconds
    this.millions = millions
    this.minutes = minutes
    this.folder = folder
  }

  get halfSeconds (): number {
    return Math.ceil(this.seconds / 2)
  }

  /** The MariaDB of all scenarios, started on first use. */
  async server (): Promise<ServerAccess> {
    const given = givenServer()
    if (given) return given
    this.#server ??= this.#startServer(mariadb, serverFlags)
    return (await this.#server).access
  }

  /** A MySQL, started on first use; undefined where none is installed. */
  async mysql (): Promise<ServerAccess | undefined> {
    if (mysql.missing) return undefined
    this.#mysql ??= this.#startServer(mysql, mysqlFlags)
    return (await this.#mysql).access
  }

  /** Three nodes of a cluster, with the flags of the server that they are compared with. */
  async cluster (engine: Engine): Promise<Cluster> {
    const folder = this.#newFolder()
    const cluster = await Cluster.start({ teardown: (end) => { this.#closers.push(async () => { await end() }) } }, {
      engine,
      folder,
      template: await makeDataDirectory(engine.kind, join(folder, 'template')),
      flags: engine.kind === mariadb ? serverFlags : mysqlFlags
    })
    process.once('exit', () => { for (const { process } of cluster.nodes) process?.kill('SIGKILL') })
    return cluster
  }

  async #startServer (kind: ServerKind, flags: string[]): Promise<DatabaseServer> {
    const server = await DatabaseServer.start({ kind, folder: this.#newFolder(), flags })
    // Covers every end of the process but kill -9.
    process.once('exit', () => { server.kill().catch(() => {}) })
    return server
  }

  /** The service on a MariaDB database of its own. */
  async ours ({ pageCompression, users, ...options }: OurOptions = {}) {
    const database = await this.onlyTables({ pageCompression, users })
    return { ...this.#closing(await startOurs(database, { folder: this.#newFolder(), ...options })), database }
  }

  /** A database with the service's tables and no service, by default of MariaDB. */
  async onlyTables ({ server, ...options }: { pageCompression?: boolean, users?: number, server?: ServerAccess } = {}) {
    const database = await makeMysql(server ?? await this.server(), options)
    this.#closers.push(() => database.drop())
    return database
  }

  /** The service on an existing database, which is kept. */
  async oursOn (database: BenchDatabase, options: Partial<StartOptions> = {}): Promise<Service> {
    return this.#closing(await startOurs(database, { folder: this.#newFolder(), ...options }))
  }

  /** The service on an SQLite file of its own. */
  async oursOnSqlite (options: Partial<StartOptions> = {}): Promise<Service> {
    return this.oursOn(await this.onlySqlite(), options)
  }

  /** An SQLite file with the service's tables and no service. */
  async onlySqlite (options: { users?: number } = {}) {
    const database = await makeSqlite(this.#newFolder(), options)
    this.#closers.push(() => database.drop())
    return database
  }

  /** The naive server on a MariaDB database of its own. */
  async naive (): Promise<Service> {
    return this.yardstick('naive', await this.server())
  }

  /** A yardstick on a database of its own; undefined: on an SQLite file. */
  async yardstick (yardstick: Yardstick, server: ServerAccess | undefined): Promise<Service> {
    const database = await makeForYardstick(server, this.#newFolder())
    this.#closers.push(() => database.drop())
    const service = this.#closing(await startYardstick(yardstick, database, { folder: this.#newFolder() }))
    if (yardstick !== 'nothing') await database.addUser()
    return service
  }

  /** Stops everything that a scenario started, the last first. */
  async endScenario (): Promise<void> {
    while (this.#closers.length > 0) await this.#closers.pop()!()
  }

  async end (): Promise<void> {
    await (await this.#server)?.remove()
    await (await this.#mysql)?.remove()
  }

  #closing (service: Service): Service {
    this.#closers.push(() => service.stop())
    return service
  }

  #newFolder (): string {
    const folder = join(this.folder, `server-${++this.#started}`)
    mkdirSync(folder)
    return folder
  }
}
