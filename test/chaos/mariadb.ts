import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import mysql from 'mysql2/promise'
import type { MysqlOptions } from '../../src/store/dialects/dialect.ts'
import { environmentIn } from '../helpers/mariadb.ts'
import { atExit } from './at-exit.ts'
import { freePort } from '../helpers/ports.ts'
import { until } from '../helpers/until.ts'

/** A MariaDB that is killed, stopped and started again, on the same files and the same port. */
export class Mariadb {
  readonly access: Required<Pick<MysqlOptions, 'host' | 'port' | 'user' | 'password'>>
  readonly folder: string
  readonly #flags: string[]
  #process: ChildProcess | undefined
  readonly #forget: () => void

  /** Makes a new server in this folder, or uses what is in it, and starts it. Without a folder: in one of its own. */
  static async start ({ folder = mkdtempSync(join(tmpdir(), 'loggerbot-chaos-')), flags = [] as string[] } = {}): Promise<Mariadb> {
    const data = join(folder, 'data')
    if (!existsSync(data)) {
      execFileSync(find('mariadb-install-db')!, ['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal', '--skip-test-db', `--user=${userInfo().username}`], { env: environmentIn(folder), stdio: 'pipe' })
    }
    const server = new Mariadb(folder, await freePort(), flags)
    await server.start()
    return server
  }

  private constructor (folder: string, port: number, flags: string[]) {
    this.folder = folder
    this.access = { host: '127.0.0.1', port, user: 'root', password: '' }
    this.#flags = flags
    this.#forget = atExit(() => { this.#process?.kill('SIGKILL') })
  }

  get pid (): number {
    return this.#process!.pid!
  }

  /** Starts it and waits until it answers. */
  async start (): Promise<void> {
    const server = spawn(find('mariadbd')!, [
      '--no-defaults', `--datadir=${join(this.folder, 'data')}`, `--socket=${join(this.folder, 'socket')}`, `--pid-file=${join(this.folder, 'pid')}`,
      '--bind-address=127.0.0.1', `--port=${this.access.port}`, `--user=${userInfo().username}`, '--skip-log-bin', '--max-connections=500',
      '--innodb-buffer-pool-size=64M', '--innodb-flush-log-at-trx-commit=1', ...this.#flags
    ], { env: environmentIn(this.folder), stdio: 'ignore' })
    this.#process = server
    await until('MariaDB answers', async () => {
      if (server.exitCode !== null) throw new Error(`MariaDB ended with exit code ${server.exitCode}`)
      const connection = await mysql.createConnection(this.access).catch(() => undefined)
      await connection?.end()
      return connection !== undefined
    })
  }

  /** As the kernel ends it when there is no memory left. */
  async kill (): Promise<void> {
    const server = this.#process
    if (!server || server.exitCode !== null || server.signalCode !== null) return
    server.kill('SIGKILL')
    await once(server, 'exit')
  }

  /** As good as dead, but its connections stay open. */
  freeze (): void {
    this.#process!.kill('SIGSTOP')
  }

  thaw (): void {
    this.#process!.kill('SIGCONT')
  }

  /** Sees to it that it runs, whatever was done to it. */
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

  /** Ends it for good; its folder goes. */
  async remove (): Promise<void> {
    await this.kill()
    this.#forget()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Why there is none, or false. */
export const noMariadb: string | false = find('mariadbd') && find('mariadb-install-db')
  ? false
  : 'mariadbd is not installed, and a server of somebody else\'s must not be killed: apt-get install -y mariadb-server-core mariadb-client-core'

function find (program: string): string | undefined {
  const path = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin', '/usr/libexec']
  return path.map((folder) => join(folder, program)).find((file) => existsSync(file))
}
