import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { BenchDatabase } from './subjects.ts'

/** Runs `loggerbot` from the build. */
export const serveFile = fileURLToPath(new URL('targets/serve.js', import.meta.url))
const serveTextFile = fileURLToPath(new URL('targets/serve-text.js', import.meta.url))

/** A server under test, in a process of its own. */
export interface Service {
  port: number
  pid: number
  database: BenchDatabase
  /** Ends it as an administrator does. */
  stop (): Promise<void>
}

export interface StartOptions {
  /** Where it starts: what it keeps beside its database goes there. */
  folder: string
  env?: Record<string, string>
  /** Flags of Node itself. */
  flags?: string[]
  /** Without the bulk protocol of MariaDB, as with MySQL. */
  asText?: boolean
}

/** The service as it is: its build, all that it promises switched on. */
export function startOurs (database: BenchDatabase, { folder, env = {}, flags = [], asText = false }: StartOptions): Promise<Service> {
  return start([...flags, ...asText ? [serveTextFile] : [serveFile, 'serve', '--port=0']], database, { folder, env })
}

/** The yardstick. */
export function startNaive (database: BenchDatabase, { folder }: StartOptions): Promise<Service> {
  return start(['--import', import.meta.resolve('tsx'), fileURLToPath(new URL('naive.ts', import.meta.url))], database, { folder })
}

async function start (args: string[], database: BenchDatabase, { folder, env }: StartOptions): Promise<Service> {
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env: { ...cleanEnvironment(), NODE_ENV: 'production', ...database.environment, ...env },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  const ended = once(child, 'exit')

  const port = await new Promise<number>((resolve, reject) => {
    let printed = ''
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      printed += chunk
      const listens = /listens on {2}http:\/\/\S+?:(\d+)\s/.exec(printed)
      if (listens) resolve(Number(listens[1]))
    })
    ended.then(([code]) => reject(new Error(`the server ended with ${code} before it listened: ${printed}`)), reject)
  })
  return {
    port,
    pid: child.pid!,
    database,
    async stop () {
      child.kill('SIGTERM')
      await ended
      process.off('exit', kill)
    }
  }
}

/** The environment without any setting of the service. */
export function cleanEnvironment (): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(LOGGER_|NODE_OPTIONS)/.test(name)))
}

/** What memory the process holds now, in bytes. */
export function rssOf (pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) * 1024
}

/** Looks every tenth of a second how much memory the process holds; returns what stops that and tells the most, in bytes. */
export function watchRss (pid: number): () => number {
  let most = rssOf(pid)
  const timer = setInterval(() => { most = Math.max(most, rssOf(pid)) }, 100)
  return () => {
    clearInterval(timer)
    return most
  }
}
