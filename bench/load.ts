import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { writeCorpus } from './corpus.ts'
import type { Sample } from './measure.ts'
import { watchRss, type Service } from './service.ts'

export interface LoadOptions {
  /** Where the corpus is kept. */
  folder: string
  /** Logs a request. */
  logs: number
  seconds: number
  connections?: number
  users?: number
  /** One of the protocols beside the contract. Default: the contract. */
  protocol?: string
  /** Seconds of load before what is measured: connections open, code is compiled, users are known. */
  warmup?: number
  /** Leaves the table as it is; else it is emptied first. */
  keep?: boolean
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

/** Throws, in words, where there is no wrk. */
export async function requireWrk (): Promise<void> {
  try {
    await promisify(execFile)('wrk', ['-v'])
  } catch (error) {
    // It knows no such flag: what it prints then ends with 1.
    if ((error as { code?: unknown }).code === 'ENOENT') throw new Error('the bench needs wrk: apt-get install wrk')
  }
}

/**
 * Sends logs to the service as fast as it answers. Afterwards all rows that were acknowledged must be in the
 * table, and no more of others than the requests that were under way when the time was up; else it throws.
 */
export async function underLoad (service: Service, { folder, logs, seconds, connections = 64, users = 1, protocol, warmup = 1, keep = false }: LoadOptions): Promise<Sample> {
  const corpus = join(folder, `corpus-${logs}-${users}${protocol === undefined ? '' : `-${protocol.replaceAll(/\W/g, '')}`}.tsv`)
  if (!existsSync(corpus)) await writeCorpus(corpus, { logs, users, protocol })
  const { database } = service

  // A preloaded table is counted by what came since, whose times are whole seconds, some of them in the past.
  const since = keep ? { time: new Date(Date.now() - 10_000), users } : undefined
  if (!keep) await database.empty()
  const before = await database.count(since)

  const warm = await wrk(service, corpus, connections, warmup)
  const rss = watchRss(service.pid)
  const result = await wrk(service, corpus, connections, seconds)
  const mostRss = rss()

  if (result.requests === result.refused) throw new Error(`none of ${result.requests} requests was answered 200 within ${seconds} s (${result.errors} errors)`)

  const acknowledged = (warm.requests - warm.refused + result.requests - result.refused) * logs
  const unanswered = (warm.refused + warm.errors + result.refused + result.errors + 2 * connections) * logs
  await requireStored(() => database.count(since).then((count) => count - before), acknowledged, unanswered)

  const rate = (result.requests - result.refused) / result.microseconds * 1e6
  return {
    rows: rate * logs,
    requests: rate,
    p50: result.p50 / 1000,
    p99: result.p99 / 1000,
    max: result.max / 1000,
    rss: mostRss / 1e6,
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

/** Rows may come home a while after their 200, where the service kept them safe elsewhere; but they must come. */
const patience = 30_000

async function requireStored (count: () => Promise<number>, acknowledged: number, unanswered: number): Promise<void> {
  let rows = -1
  // Requests that were under way when the time was up are stored after it, and must not meet what is measured next.
  for (let now = await count(), deadline = Date.now() + patience; (now !== rows || now < acknowledged) && Date.now() < deadline; now = await count()) {
    rows = now
    await delay(300)
  }
  if (rows < acknowledged) throw new Error(`LOST ROWS: ${acknowledged} rows were acknowledged, but ${rows} are in user_logs`)
  if (rows > acknowledged + unanswered) {
    throw new Error(`TOO MANY ROWS: ${acknowledged} rows were acknowledged and at most ${unanswered} were under way, but ${rows} are in user_logs`)
  }
}
