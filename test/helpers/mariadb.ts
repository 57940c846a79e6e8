import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import mysql from 'mysql2/promise'
import { freePort } from './ports.ts'
import { until } from './until.ts'

/** How to reach a MySQL or MariaDB on which the tests may create and drop databases. */
export interface ServerAccess {
  host: string
  port: number
  user: string
  password: string
}

/** The server that LOGGER_TEST_MYSQL_URL names (mysql://user:password@host:port), which is used instead of a private one. */
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

export interface MariadbOptions {
  /** Holds all its files. A server that was there before goes on with its data. */
  folder: string
  /** A data directory to copy, which is quicker than to make one. */
  template?: string
  flags?: string[]
}

/** A private MariaDB, which can be killed, stopped and started again, on the same files and the same port. */
export class Mariadb {
  readonly access: ServerAccess
  readonly folder: string
  readonly #flags: string[]
  #process: ChildProcess | undefined

  /** Starts a server and waits until it answers. */
  static async start ({ folder, template, flags = [] }: MariadbOptions): Promise<Mariadb> {
    mkdirSync(folder, { recursive: true })
    const data = join(folder, 'data')
    if (!existsSync(data)) {
      if (template === undefined) await makeDataDirectory(data)
      else await execute('cp', ['-a', '--sparse=always', template, data])
    }
    const server = new Mariadb(folder, await freePort(), flags)
    await server.start()
    return server
  }

  private constructor (folder: string, port: number, flags: string[]) {
    this.folder = folder
    this.access = { host: '127.0.0.1', port, user: 'root', password: '' }
    this.#flags = flags
  }

  get pid (): number {
    return this.#process!.pid!
  }

  async start (): Promise<void> {
    const server = spawn(find('mariadbd')!, [
      '--no-defaults', `--datadir=${join(this.folder, 'data')}`, `--socket=${join(this.folder, 'socket')}`, `--pid-file=${join(this.folder, 'pid')}`,
      '--bind-address=127.0.0.1', `--port=${this.access.port}`, `--user=${userInfo().username}`, '--skip-log-bin', '--max-connections=500',
      '--innodb-buffer-pool-size=64M', `--innodb-log-file-size=${logFileSize}`, '--innodb-flush-log-at-trx-commit=1', ...this.#flags
    ], { env: environmentIn(this.folder), stdio: 'ignore' })
    this.#process = server
    await until('MariaDB answers', async () => {
      if (server.exitCode !== null) throw new Error(`MariaDB ended with exit code ${server.exitCode}`)
      const connection = await this.connect().catch(() => undefined)
      await connection?.end()
      return connection !== undefined
    })
  }

  /** Ends it as the kernel does when there is no memory left. */
  async kill (): Promise<void> {
    const server = this.#process
    if (!server || server.exitCode !== null || server.signalCode !== null) return
    server.kill('SIGKILL')
    await once(server, 'exit')
  }

  /** Stops it in the middle of its work; its connections stay open. */
  freeze (): void {
    this.#process!.kill('SIGSTOP')
  }

  thaw (): void {
    this.#process!.kill('SIGCONT')
  }

  /** Makes sure that it runs, whatever was done to it. */
  async restore (): Promise<void> {
    this.thaw()
    if (this.#process!.exitCode !== null || this.#process!.signalCode !== null) await this.start()
  }

  connect (database?: string): Promise<mysql.Connection> {
    return mysql.createConnection({ ...this.access, database })
  }

  /** Runs one statement on a connection of its own. */
  async query (sql: string): Promise<any> {
    const connection = await this.connect()
    try {
      return (await connection.query(sql))[0]
    } finally {
      await connection.end()
    }
  }

  /** Ends it for good and deletes its files. */
  async remove (): Promise<void> {
    await this.kill()
    await rm(this.folder, { recursive: true, force: true })
  }
}

/** Makes an empty data directory; resolves to its path. */
export async function makeDataDirectory (data: string): Promise<string> {
  if (noMariadb) throw new Error(`NOT TESTED: ${noMariadb}`)
  const folder = join(data, '..')
  await execute(find('mariadb-install-db')!, [
    '--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal', '--skip-test-db', `--user=${userInfo().username}`, `--innodb-log-file-size=${logFileSize}`
  ], { env: environmentIn(folder) })
  return data
}

/** Why there is no MariaDB here, or false. */
export const noMariadb: string | false = find('mariadbd') && find('mariadb-install-db')
  ? false
  : 'mariadbd is not installed: apt-get install -y mariadb-server-core mariadb-client-core'

const execute = promisify(execFile)

/** Small: it is copied for each server. */
const logFileSize = '16M'

/** A folder of its own for temporary tables: a server that starts removes those that it finds in a shared one. */
function environmentIn (folder: string): NodeJS.ProcessEnv {
  return { ...process.env, TMPDIR: folder }
}

function find (program: string): string | undefined {
  const path = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin', '/usr/libexec']
  return path.map((folder) => join(folder, program)).find((file) => existsSync(file))
}
