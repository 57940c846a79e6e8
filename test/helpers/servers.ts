import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { homedir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { createConnection, type Connection } from 'mysql2/promise'
import { freePort } from './ports.ts'
import { until } from './until.ts'

/** Access to a MySQL or MariaDB on which the tests may create and drop databases. */
export interface ServerAccess {
  host: string
  port: number
  user: string
  password: string
}

/** The server in LOGGER_TEST_MYSQL_URL (mysql://user:password@host:port), used instead of a private one. */
export function givenServer (): ServerAccess | undefined {
  if (process.env.LOGGER_TEST_MYSQL_URL === undefined) return undefined
  const url = new URL(process.env.LOGGER_TEST_MYSQL_URL)
  return {
    host: url.hostname,
    port: Number(url.port || 3306),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password)
  }
}

const execute = promisify(execFile)

/** A database server, and how the tests run it. */
export interface ServerKind {
  name: 'MariaDB' | 'MySQL'
  /** Why it cannot run here, or false. */
  missing: string | false
  /** Creates an empty data directory with a root that has no password. */
  makeData (data: string): Promise<unknown>
  /** The command, without the flags that all kinds share. */
  command: [program: string, ...args: string[]]
}

const user = `--user=${userInfo().username}`

export const mariadb: ServerKind = {
  name: 'MariaDB',
  missing: find('mariadbd') && find('mariadb-install-db') ? false : 'MariaDB is not installed: apt-get install -y mariadb-server-core mariadb-client-core',
  makeData: (data) => execute(find('mariadb-install-db')!, [
    '--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal', '--skip-test-db', user, '--innodb-log-file-size=16M'
  ], { env: environmentIn(dirname(data)) }),
  command: [find('mariadbd') ?? 'mariadbd', '--no-defaults', '--innodb-log-file-size=16M', user]
}

/** The folder into which test/install-mysql.sh unpacks MySQL and its libraries. */
const unpacked = process.env.LOGGER_TEST_MYSQL_ROOT ?? join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'loggerbot-test/mysql')
const libraries = join(unpacked, 'usr/lib/x86_64-linux-gnu')
const mysqld: [string, ...string[]] = [
  join(unpacked, 'usr/lib64/ld-linux-x86-64.so.2'), '--library-path', libraries, join(unpacked, 'usr/sbin/mysqld'), '--no-defaults', `--basedir=${unpacked}/usr`, user
]

export const mysql: ServerKind = {
  name: 'MySQL',
  missing: existsSync(join(unpacked, 'usr/sbin/mysqld')) ? false : 'MySQL is not there: run bash test/install-mysql.sh, on Debian of amd64',
  async makeData (data) {
    const [program, ...args] = mysqld
    await execute(program, [...args, '--initialize-insecure', `--datadir=${data}`, '--innodb-redo-log-capacity=16M'], { env: environmentIn(dirname(data)) })
  },
  command: [...mysqld, '--mysqlx=OFF', '--innodb-redo-log-capacity=16M', '--secure-file-priv=', '--local-infile=ON']
}

export interface ServerOptions {
  kind: ServerKind
  /** Folder of all its files. Existing data is used. */
  folder: string
  /** A data directory to copy, which is faster than creating one. */
  template?: string
  flags?: string[]
}

/** A private server, which can be killed, stopped and started again, on the same files and the same port. */
export class DatabaseServer {
  readonly access: ServerAccess
  readonly #kind: ServerKind
  readonly #folder: string
  readonly #flags: string[]
  #process: ChildProcess | undefined

  /** Starts a server and waits until it answers. */
  static async start ({ kind, folder, template, flags = [] }: ServerOptions): Promise<DatabaseServer> {
    mkdirSync(folder, { recursive: true })
    const data = join(folder, 'data')
    if (!existsSync(data)) {
      if (template === undefined) await makeDataDirectory(kind, data)
      else await execute('cp', ['-a', '--sparse=always', template, data])
    }
    const server = new DatabaseServer(kind, folder, await freePort(), flags)
    await server.start()
    return server
  }

  private constructor (kind: ServerKind, folder: string, port: number, flags: string[]) {
    this.#kind = kind
    this.#folder = folder
    this.access = { host: '127.0.0.1', port, user: 'root', password: '' }
    this.#flags = flags
  }

  get pid (): number {
    return this.#process!.pid!
  }

  async start (): Promise<void> {
    const [program, ...args] = this.#kind.command
    const server = spawn(program, [
      ...args, `--datadir=${join(this.#folder, 'data')}`, `--socket=${join(this.#folder, 'socket')}`, `--pid-file=${join(this.#folder, 'pid')}`,
      '--bind-address=127.0.0.1', `--port=${this.access.port}`, '--skip-log-bin', '--max-connections=500',
      '--innodb-buffer-pool-size=64M', '--innodb-flush-log-at-trx-commit=1', ...this.#flags
    ], { env: environmentIn(this.#folder), stdio: 'ignore' })
    this.#process = server
    await until(`${this.#kind.name} answers`, async () => {
      if (server.exitCode !== null) throw new Error(`${this.#kind.name} ended with exit code ${server.exitCode}`)
      const connection = await this.connect().catch(() => undefined)
      await connection?.end()
      return connection !== undefined
    })
  }

  /** Kills it as the kernel does when memory runs out. */
  async kill (): Promise<void> {
    const server = this.#process
    if (!server || server.exitCode !== null || server.signalCode !== null) return
    server.kill('SIGKILL')
    await once(server, 'exit')
  }

  /** Suspends it; its connections stay open. */
  freeze (): void {
    this.#process!.kill('SIGSTOP')
  }

  thaw (): void {
    this.#process!.kill('SIGCONT')
  }

  /** Makes sure that it runs, in any state. */
  async restore (): Promise<void> {
    this.thaw()
    if (this.#process!.exitCode !== null || this.#process!.signalCode !== null) await this.start()
  }

  connect (database?: string): Promise<Connection> {
    return createConnection({ ...this.access, database })
  }

  /** Runs one statement on its own connection. */
  async query (sql: string): Promise<any> {
    const connection = await this.connect()
    try {
      return (await connection.query(sql))[0]
    } finally {
      await connection.end()
    }
  }

  /** Stops it and deletes its files. */
  async remove (): Promise<void> {
    await this.kill()
    await rm(this.#folder, { recursive: true, force: true })
  }
}

/** Creates an empty data directory; resolves to its path. */
export async function makeDataDirectory (kind: ServerKind, data: string): Promise<string> {
  if (kind.missing) throw new Error(`NOT TESTED: ${kind.missing}`)
  mkdirSync(dirname(data), { recursive: true })
  await kind.makeData(data)
  return data
}

/** Its own folder for temporary tables: a starting server removes those in a shared folder. */
function environmentIn (folder: string): NodeJS.ProcessEnv {
  return { ...process.env, TMPDIR: folder }
}

/** Path of a program of the system; undefined if it is not installed. */
export function find (program: string): string | undefined {
  const path = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin', '/usr/libexec']
  return path.map((folder) => join(folder, program)).find((file) => existsSync(file))
}
