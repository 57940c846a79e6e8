import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { workerPids } from '../test/helpers/processes.ts'
import type { BenchDatabase } from './subjects.ts'

/** Runs `loggerbot` from the build. */
export const serveFile = fileURLToPath(new URL('targets/serve.js', import.meta.url))
const serveTextFile = fileURLToPath(new URL('targets/serve-text.js', import.meta.url))

/** A server under test, in a process of its own. */
export interface Service {
  port: number
  pid: number
  database: BenchDatabase
  /** Stops it by SIGTERM, as an administrator does. */
  stop (): Promise<void>
}

/** See yardsticks.ts. */
export type Yardstick = 'naive' | 'group' | 'nothing'

export interface StartOptions {
  /** Working directory: the service keeps its files other than the database there. */
  folder: string
  env?: Record<string, string>
  /** Flags of Node. */
  flags?: string[]
  /** Sends rows as text instead of by MariaDB's bulk protocol, as with MySQL. */
  asText?: boolean
}

/** Starts the build of the service, with every promised feature on. */
export function startOurs (database: BenchDatabase, { folder, env = {}, flags = [], asText = false }: StartOptions): Promise<Service> {
  return start([...flags, ...asText ? [serveTextFile] : [serveFile, 'serve', '--port=0']], database, { folder, env })
}

/** Starts a yardstick. */
export function startYardstick (
  yardstick: Yardstick, database: BenchDatabase, { folder }: StartOptions
): Promise<Service> {
  const file = fileURLToPath(new URL('yardsticks.ts', import.meta.url))
  return start(['--import', import.meta.resolve('tsx'), file], database, { folder, env: { YARDSTICK: yardstick } })
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

/** The environment without settings of the service. */
export function cleanEnvironment (): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(LOGGER_|NODE_OPTIONS)/.test(name)))
}

/** Resident memory of the process and its workers, in bytes. */
export function rssOf (pid: number): number {
  return sumOf(pid, residentBytes)
}

/** Returns a function that gives the processor time of a process and its workers since now, in milliseconds, to 10. */
export function watchProcessor (pid: number): () => number {
  const before = sumOf(pid, processorMs)
  return () => sumOf(pid, processorMs) - before
}

function sumOf (pid: number, figure: (pid: number) => number): number {
  return [pid, ...workerPids(pid)].map(figure).reduce((sum, value) => sum + value)
}

function residentBytes (pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) * 1024
}

function processorMs (pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name of the program, which may hold spaces, ends with the last bracket.
  const [user, system] = stat.slice(stat.lastIndexOf(')') + 2).split(' ').slice(11, 13)
  return (Number(user) + Number(system)) * 10
}

/** Samples the memory of the process and its workers every 100 ms; returns a function that stops and gives the peak in bytes. */
export function watchRss (pid: number): () => number {
  let peak = rssOf(pid)
  const timer = setInterval(() => { peak = Math.max(peak, rssOf(pid)) }, 100)
  return () => {
    clearInterval(timer)
    return peak
  }
}
