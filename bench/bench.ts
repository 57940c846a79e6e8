import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseServer, givenServer, mariadb, type ServerAccess } from '../test/helpers/servers.ts'
import { makeMysql, makeNaive, makeSqlite, serverFlags } from './database.ts'
import type { BenchDatabase } from './subjects.ts'
import type { Report } from './measure.ts'
import { startNaive, startOurs, type Service, type StartOptions } from './service.ts'

/** One bench: `npm run bench -- name` runs it alone. */
export type Scenario = (bench: Bench) => Promise<Report[]>

export interface OurOptions extends Partial<StartOptions> {
  pageCompression?: boolean
  users?: number
}

/** What a scenario is given: how long to measure, and servers that go when it ends. */
export class Bench {
  readonly rounds: number
  /** For the pairs that the goals are about; what only needs a comparison with itself takes half of it. */
  readonly seconds: number
  /** How many million rows to preload, one figure a table; undefined: as many as the scenario has by default. */
  readonly millions: readonly number[] | undefined
  /** On a real disk; thrown away in the end. */
  readonly folder: string
  #server: Promise<DatabaseServer> | undefined
  #started = 0
  readonly #closers: Array<() => Promise<void>> = []

  constructor ({ rounds, seconds, millions, folder }: Pick<Bench, 'rounds' | 'seconds' | 'millions' | 'folder'>) {
    this.rounds = rounds
    this.seconds = seconds
    this.millions = millions
    this.folder = folder
  }

  get halfSeconds (): number {
    return Math.ceil(this.seconds / 2)
  }

  /** The MariaDB of all scenarios, started at its first use. */
  async server (): Promise<ServerAccess> {
    const given = givenServer()
    if (given) return given
    this.#server ??= this.#startServer()
    return (await this.#server).access
  }

  async #startServer (): Promise<DatabaseServer> {
    const server = await DatabaseServer.start({ kind: mariadb, folder: this.#newFolder(), flags: serverFlags })
    // However the bench ends, short of kill -9.
    process.once('exit', () => server.kill())
    return server
  }

  /** The service on a MariaDB database of its own. */
  async ours ({ pageCompression, users, ...options }: OurOptions = {}) {
    const database = await this.onlyTables({ pageCompression, users })
    return { ...this.#closing(await startOurs(database, { folder: this.#newFolder(), ...options })), database }
  }

  /** A MariaDB database with the service's tables and no service. */
  async onlyTables (options: { pageCompression?: boolean, users?: number } = {}) {
    const database = await makeMysql(await this.server(), options)
    this.#closers.push(() => database.drop())
    return database
  }

  /** The service on a database that is there already, which it leaves as it is. */
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

  /** The yardstick on a MariaDB database of its own. */
  async naive (): Promise<Service> {
    const database = await makeNaive(await this.server())
    this.#closers.push(() => database.drop())
    const service = this.#closing(await startNaive(database, { folder: this.#newFolder() }))
    await database.addUser()
    return service
  }

  /** Ends what a scenario started, the last first. */
  async endScenario (): Promise<void> {
    while (this.#closers.length > 0) await this.#closers.pop()!()
  }

  async end (): Promise<void> {
    await (await this.#server)?.remove()
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
