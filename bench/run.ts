import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { Bench, type Scenario } from './bench.ts'
import { describeServer } from './database.ts'
import { requireWrk } from './load.ts'
import { spreadOf, verdictOf, type Report } from './measure.ts'
import { format } from './print.ts'
import { cleanEnvironment, serveFile } from './service.ts'
import { alerts } from './scenarios/alerts.ts'
import { cluster } from './scenarios/cluster.ts'
import { connections } from './scenarios/connections.ts'
import { decoding } from './scenarios/decoding.ts'
import { grouping } from './scenarios/grouping.ts'
import { growthLogs, growthRows, growthUsers } from './scenarios/growth.ts'
import { lone } from './scenarios/lone.ts'
import { memory } from './scenarios/memory.ts'
import { page } from './scenarios/page.ts'
import { profile } from './scenarios/profile.ts'
import { search } from './scenarios/search.ts'
import { protocolRates } from './scenarios/protocols.ts'
import { sqlite } from './scenarios/sqlite.ts'
import { versusNaive } from './scenarios/versus-naive.ts'
import { versusRaw } from './scenarios/versus-raw.ts'
import { wordIndex } from './scenarios/word-index.ts'
import { workers } from './scenarios/workers.ts'
import { yardstick } from './scenarios/yardstick.ts'

const scenarios: Record<string, Scenario> = {
  'versus-raw': versusRaw,
  'versus-naive': versusNaive,
  yardstick,
  lone,
  sqlite,
  memory,
  connections,
  workers,
  'growth-rows': growthRows,
  'growth-users': growthUsers,
  'growth-logs': growthLogs,
  search,
  'word-index': wordIndex,
  protocols: protocolRates,
  decoding,
  grouping,
  alerts,
  profile,
  page,
  cluster
}
const unlessNamed = ['search', 'word-index', 'alerts', 'profile', 'page', 'cluster']
/** Scenarios that need neither wrk nor a database server. */
const offline = ['decoding', 'grouping']

const usage = `usage: npm run bench -- [names…] [--rounds=3] [--seconds=8] [--millions=N,…] [--minutes=1] [--json=FILE]
names: ${Object.keys(scenarios).join(', ')}; by default all but ${unlessNamed.join(', ')}`

try {
  await main()
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
}

async function main (): Promise<void> {
  const { names, rounds, seconds, millions, minutes, json } = readArguments()
  if (names.some((name) => !offline.includes(name))) await requireWrk()
  const { stdout: version } = await promisify(execFile)(process.execPath, [serveFile, '--version'], { env: cleanEnvironment() }).catch(({ stderr }) => {
    throw new Error(stderr.trim().replace(/^bench: /, ''))
  })

  const folder = mkdtempSync(join(process.env.LOGGER_BENCH_DIR ?? tmpdir(), 'loggerbot-bench-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  // Helpers end the processes that they started on 'exit'.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

  const bench = new Bench({ rounds, seconds, millions, minutes, folder })
  const about = {
    date: new Date().toISOString(),
    version: version.trim(),
    node: process.version,
    machine: `${cpus().length} x ${cpus()[0]!.model}`,
    rounds,
    seconds,
    database: names.every((name) => name === 'sqlite' || offline.includes(name)) ? undefined : await describeServer(await bench.server())
  }
  console.log(Object.entries(about).filter(([, value]) => value !== undefined).map(([name, value]) => `${name} ${value}`).join('\n') + '\n')

  const reports: Report[] = []
  const failures: Record<string, string> = {}
  try {
    for (const name of names) {
      try {
        for await (const report of await scenarios[name]!(bench)) {
          reports.push(report)
          console.log(format(report))
        }
      } catch (error) {
        // The other scenarios still run.
        failures[name] = error instanceof Error ? error.message : String(error)
        console.log(`${name} FAILED: ${failures[name]}\n`)
      } finally {
        await bench.endScenario()
      }
    }
  } finally {
    await bench.end()
    if (json !== undefined) writeFileSync(json, JSON.stringify({ ...about, reports: reports.map(withVerdicts), failures }, undefined, 2))
  }
  if (Object.keys(failures).length > 0) throw new Error(`failed: ${Object.keys(failures).join(', ')}`)
}

function readArguments () {
  const { values, positionals } = parse()
  const unknown = positionals.filter((name) => !Object.hasOwn(scenarios, name))
  if (unknown.length > 0) throw new Error(`no such bench: ${unknown.join(', ')}\n${usage}`)
  return {
    names: positionals.length > 0 ? positionals : Object.keys(scenarios).filter((name) => !unlessNamed.includes(name)),
    rounds: positive(values.rounds),
    seconds: positive(values.seconds),
    millions: values.millions?.split(',').map(positive),
    minutes: positive(values.minutes),
    json: values.json
  }
}

function parse () {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        rounds: { type: 'string', default: '3' },
        seconds: { type: 'string', default: '8' },
        millions: { type: 'string' },
        minutes: { type: 'string', default: '1' },
        json: { type: 'string' }
      }
    })
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${usage}`)
  }
}

function positive (text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new Error(`${text} must be a whole number, 1 or more\n${usage}`)
  return value
}

function withVerdicts ({ findings, ...report }: Report) {
  return { ...report, findings: findings.map((finding) => ({ ...finding, ...spreadOf(finding.values), verdict: verdictOf(finding) })) }
}
