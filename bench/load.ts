import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { writeCorpus } from './corpus.ts'
import type { Sample } from './measure.ts'
import { watchProcessor, watchRss, type Service } from './service.ts'

export interface LoadOptions {
  /** Folder for the corpus. */
  folder: string
  /** Logs a request. */
  logs: number
  seconds: number
  connections?: number
  users?: number
  /** A key of `protocols`. Default: the contract. */
  protocol?: string
  /** Share of errors among the logs. Default: 0.07. */
  errors?: number
  /** Seconds of load before the measurement, to open connections, compile code and cache users. */
  warmup?: number
  /** Keeps the rows of the table; by default it is emptied first. */
  keep?: boolean
  /** Whether the logs are stored, which is then checked. Default true. */
  isStored?: boolean
}

interface WrkResult {
  requests: number
  microseconds: number
  refused: number
  errors: number
  p50: number
  p99: number
  max: number
}

/** Throws an error with the remedy if wrk is missing. */
export async function requireWrk (): Promise<void> {
  try {
    await promisify(execFile)('wrk', ['-v'])
  } catch (error) {
    // wrk exits with 1 after it printed its version.
    if ((error as { code?: unknown }).code === 'ENOENT') throw new Error('the bench needs wrk: apt-get install wrk')
  }
}

/**
 * Sends logs to the service as fast as it answers. Throws unless the table then holds all acknowledged rows, and no more
 * others than the requests in progress when the time was up.
 */
export async function underLoad (service: Service, { folder, logs, seconds, connections = 64, users = 1, protocol, errors, warmup = 1, keep = false, isStored = true }: LoadOptions): Promise<Sample> {
  const kind = [protocol?.replaceAll(/\W/g, ''), errors].filter((part) => part !== undefined).map((part) => `-${part}`)
  const corpus = join(folder, `corpus-${logs}-${users}${kind.join('')}.tsv`)
  if (!existsSync(corpus)) await writeCorpus(corpus, { logs, users, protocol, errors })
  const { database } = service

  // In a preloaded table only new rows are counted. Their times are whole seconds, some of them in the past.
  const since = keep ? { time: new Date(Date.now() - 10_000), users } : undefined
  if (isStored && !keep) await database.empty()
  const before = isStored ? await database.count(since) : 0

  const warm = await wrk(service, corpus, connections, warmup)
  const rss = watchRss(service.pid)
  const processor = watchProcessor(service.pid)
  const databaseProcessor = database.pid === undefined ? undefined : watchProcessor(database.pid)
  const result = await wrk(service, corpus, connections, seconds)
  const processorMs = processor()
  const databaseMs = databaseProcessor?.()
  const peakRss = rss()

  if (result.requests === result.refused) throw new Error(`none of ${result.requests} requests was answered 200 within ${seconds} s (${result.errors} errors)`)

  const acknowledged = (warm.requests - warm.refused + result.requests - result.refused) * logs
  const unanswered = (warm.refused + warm.errors + result.refused + result.errors + 2 * connections) * logs
  if (isStored) await requireStored(() => database.count(since).then((count) => count - before), acknowledged, unanswered)

  const rate = (result.requests - result.refused) / result.microseconds * 1e6
  return {
    rows: rate * logs,
    requests: rate,
    p50: result.p50 / 1000,
    p99: result.p99 / 1000,
    max: result.max / 1000,
    rss: peakRss / 1e6,
    processor: processorMs / result.requests,
    ...databaseMs !== undefined && { database: databaseMs / result.requests },
    refused: result.refused,
    errors: result.errors
  }
}

async function wrk ({ port }: Service, corpus: string, connections: number, seconds: number): Promise<WrkResult> {
  const script = fileURLToPath(new URL('targets/load.lua', import.meta.url))
  const { stdout } = await promisify(execFile)('wrk', [
    `--connections=${connections}`, `--threads=${Math.min(2, connections)}`, `--duration=${seconds}s`, '--timeout=60s', `--script=${script}`,
    `http://127.0.0.1:${port}`, '--', corpus
  ])
  return JSON.parse(stdout.trimEnd().split('\n').at(-1)!)
}

/** Rows may reach the table some time after their 200, if the service spooled them. */
const drainTimeoutMs = 30_000

async function requireStored (count: () => Promise<number>, acknowledged: number, unanswered: number): Promise<void> {
  let rows = -1
  // Requests in progress when the time was up are stored after it, and must not disturb the next measurement.
  for (let now = await count(), deadline = Date.now() + drainTimeoutMs; (now !== rows || now < acknowledged) && Date.now() < deadline; now = await count()) {
    rows = now
    await delay(300)
  }
  if (rows < acknowledged) throw new Error(`LOST ROWS: ${acknowledged} rows were acknowledged, but ${rows} are in user_logs`)
  if (rows > acknowledged + unanswered) {
    throw new Error(`TOO MANY ROWS: ${acknowledged} rows were acknowledged and at most ${unanswered} were in progress, but ${rows} are in user_logs`)
  }
}
