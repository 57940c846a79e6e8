import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import mysql from 'mysql2/promise'
import { freePort } from './ports.ts'

/** A MySQL or MariaDB on which the tests may create and drop databases. */
export interface TestServer {
  host: string
  port: number
  user: string
  password: string
  /** The process, where it is our own. */
  pid?: number
  stop (): Promise<void>
}

/** The server named in LOGGER_TEST_MYSQL_URL, or a private one on a free port, with these flags more, that is thrown away in the end. */
export async function startMariadb (flags: string[] = []): Promise<TestServer> {
  const given = process.env.LOGGER_TEST_MYSQL_URL
  return given === undefined ? startPrivate(flags) : fromUrl(new URL(given))
}

function fromUrl (url: URL): TestServer {
  return {
    host: url.hostname,
    port: Number(url.port || 3306),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    stop: async () => {}
  }
}

async function startPrivate (flags: string[]): Promise<TestServer> {
  const { program, initialise } = findProgram()
  const folder = mkdtempSync(join(tmpdir(), 'loggerbot-mariadb-'))
  const data = join(folder, 'data')
  const env = environmentIn(folder)
  initialise(data, env)

  const port = await freePort()
  const server = spawn(program, [
    '--no-defaults', `--datadir=${data}`, `--socket=${join(folder, 'socket')}`, `--pid-file=${join(folder, 'pid')}`,
    '--bind-address=127.0.0.1', `--port=${port}`, `--user=${userInfo().username}`,
    '--innodb-buffer-pool-size=64M', '--skip-log-bin', '--max-connections=500', ...flags
  ], { env, stdio: 'ignore' })
  const kill = () => server.kill('SIGKILL')
  process.once('exit', kill)

  const access = { host: '127.0.0.1', port, user: 'root', password: '' }
  await untilItAnswers(access, () => server.exitCode)
  return {
    ...access,
    pid: server.pid!,
    async stop () {
      process.off('exit', kill)
      // A stopped process does not hear anything else.
      kill()
      if (server.exitCode === null && server.signalCode === null) await once(server, 'exit')
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

/** With a folder of its own for temporary tables: whoever starts removes those that are there, also those of others. */
export function environmentIn (folder: string): NodeJS.ProcessEnv {
  return { ...process.env, TMPDIR: folder }
}

/** MariaDB, or else MySQL, and how it makes its data directory. */
function findProgram (): { program: string, initialise: (data: string, env: NodeJS.ProcessEnv) => void } {
  const path = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin', '/usr/libexec']
  const find = (name: string) => path.map((folder) => join(folder, name)).find((file) => existsSync(file))
  const user = `--user=${userInfo().username}`

  const mariadbd = find('mariadbd')
  const install = find('mariadb-install-db')
  if (mariadbd && install) {
    return {
      program: mariadbd,
      initialise: (data, env) => execFileSync(install, ['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal', '--skip-test-db', user], { env, stdio: 'pipe' })
    }
  }
  const mysqld = find('mysqld')
  if (mysqld) {
    return { program: mysqld, initialise: (data, env) => execFileSync(mysqld, ['--no-defaults', '--initialize-insecure', `--datadir=${data}`, user], { env, stdio: 'pipe' }) }
  }
  throw new Error('The tests need MariaDB or MySQL: apt-get install -y mariadb-server-core mariadb-client-core, or name a server in LOGGER_TEST_MYSQL_URL (mysql://user:password@host:port)')
}

async function untilItAnswers (access: { host: string, port: number, user: string, password: string }, exitCode: () => number | null): Promise<void> {
  for (;;) {
    try {
      const connection = await mysql.createConnection(access)
      return await connection.end()
    } catch (error) {
      if (exitCode() !== null) throw new Error(`MariaDB ended with exit code ${exitCode()}`, { cause: error })
      await delay(50)
    }
  }
}
