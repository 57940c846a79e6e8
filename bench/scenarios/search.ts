import { execFile } from 'node:child_process'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import mysql, { type RowDataPacket } from 'mysql2/promise'
import { sqliteDriver } from '../../src/sqlite.ts'
import type { Bench } from '../bench.ts'
import { historyOf, historyUsers, loadMysql, loadSqlite, writeHistory, type History } from '../history.ts'
import { underLoad } from '../load.ts'
import { interleave, ratio, type Report } from '../measure.ts'
import { queriesOf, type Query } from '../queries.ts'
import type { BenchDatabase } from '../subjects.ts'
import type { Service } from '../service.ts'

/** By default a search ends after five seconds. */
const defaults = { LOGGER_API_KEY: 'bench' }
/** A long timeout, because a search that is cut short cannot be measured. */
const settings = { ...defaults, LOGGER_SEARCH_TIMEOUT: '120000' }

const million = 1_000_000

export type Row = Record<string, unknown>
/** Runs a statement on the database itself. */
export type Sql = (text: string) => Promise<Row[]>

/** Searches in a large table, over HTTP and by SQL alone, on each database; and their cost for writing. */
export async function search (bench: Bench): Promise<Report[]> {
  const history = historyOf((bench.millions?.[0] ?? 5) * million)
  const file = join(bench.folder, 'history.tsv')
  await writeHistory(file, history)
  const reports: Report[] = []

  for (const [name, server] of [['MariaDB', await bench.server()], ['MySQL', await bench.mysql()]] as const) {
    if (server === undefined) continue
    const database = await bench.onlyTables({ users: historyUsers, server })
    await loadMysql(server, database.name, file)
    const { host, port, user, password } = server
    const connection = await mysql.createConnection({ host, port, user, password, database: database.name })
    const queries = queriesOf(history, { hour: "DATE_FORMAT(log_event_at, '%Y-%m-%d %H')", holds: (text) => `LOWER(log_msg) LIKE '%${text}%'` })
    reports.push(...await searchOn(bench, { name, database, queries, sql: (sql) => connection.query<RowDataPacket[]>(sql).then(([rows]) => rows) }, history, file))
    await connection.end()
    await bench.endScenario()
  }

  const onSqlite = await bench.onlySqlite({ users: historyUsers })
  loadSqlite(onSqlite.file, history)
  const database = new (sqliteDriver())(onSqlite.file)
  const sqliteQueries = queriesOf(history, { hour: 'substr(log_event_at, 1, 13)', holds: (text) => `log_msg LIKE '%${text}%'` })
  reports.push(...await searchOn(bench, { name: 'SQLite', database: onSqlite, queries: sqliteQueries, sql: async (sql) => database.prepare(sql).all() as Row[] }, history, file))
  database.close()
  return reports
}

/** A database with a history, and the queries in its SQL. */
interface Subject {
  name: string
  database: BenchDatabase
  queries: Query[]
  sql: Sql
}

async function searchOn (bench: Bench, { name, database, queries, sql }: Subject, history: History, file: string): Promise<Report[]> {
  // First without the word index, for queries that could use it; then the index is built.
  const unindexed = await bench.oursOn(database, { env: { ...settings, LOGGER_WORD_INDEX: 'false' } })
  const getUnindexed = getter(unindexed)
  const without = new Map<Query, number>()
  for (const query of queries) if (query.grep !== undefined) without.set(query, median(await timesOf({}, () => getUnindexed(query))))
  await unindexed.stop()
  const inTime = await bench.oursOn(database, { env: defaults })
  const partial = new Map<Query, number[]>()
  for (const query of queries) if (query.isPartial) partial.set(query, await timesOf(query, () => getter(inTime)(query)))
  await inTime.stop()
  const service = await bench.oursOn(database, { env: settings })
  const get = getter(service)
  const made = await untilIndexed(sql)
  await untilCounted(sql, history.rows)

  const rows = []
  const findings = []
  for (const query of queries) {
    const plain = await timesOf(query, () => sql(query.sql))
    const ours = partial.get(query) ?? await timesOf(query, () => get(query))
    const grep = query.grep === undefined ? '' : short(median(await timesOf({}, () => grepFor(query.grep!, file))))
    const figure = query.often ? percentile(ours, 0.99) : median(ours)
    findings.push({ title: `${query.title}, ${query.often ? 'p99' : 'p50'} ms`, values: [figure], atMost: query.goal })
    rows.push([query.title, short(median(plain)), short(median(ours)), short(percentile(ours, 0.99)), short(without.get(query)), grep, `${query.often ? 'p99 ' : ''}${query.goal}: ${figure <= query.goal ? 'reached' : 'missed'}`])
  }
  console.log([
    `| ${name}, ${(history.rows / million)} M rows | plain SQL, ms | over HTTP, ms | its p99 | without the index | \`rg\` | goal |`, '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows.map((cells) => `| ${cells.join(' | ')} |`), '', `The word index took ${made.toFixed(0)} s for all logs, without other load.`, ''
  ].join('\n'))

  const rare = queries.find(({ title }) => title.startsWith('a rare word, all'))!
  const load = { folder: bench.folder, logs: 30, seconds: bench.halfSeconds, keep: true }
  const samples = await interleave({
    'no searches': () => underLoad(service, load),
    'rare-word searches': async () => {
      const stop = repeat(() => get(rare))
      try {
        return await underLoad(service, load)
      } finally {
        await stop()
      }
    }
  }, bench.rounds)
  return [
    { name: 'search', title: `${name}, ${history.rows / million} M rows of 100 days`, samples: {}, findings },
    { name: 'search', title: `${name}: writing while one reader searches all rows for a rare word, over and over`, samples, findings: [ratio(samples, ['rare-word searches', 'no searches'], 'rows', { atLeast: 0.8 })] }
  ]
}

/** Waits until the word index holds all logs; resolves to the seconds that took. */
export async function untilIndexed (sql: Sql): Promise<number> {
  const start = performance.now()
  for (;;) {
    const [row] = await sql('SELECT COUNT(*) AS progress, MAX(user_id) AS history FROM word_progress')
    // In the end only the row of the feed remains.
    if (Number(row!.progress) === 1 && Number(row!.history) === 0) return (performance.now() - start) / 1000
    await delay(500)
  }
}

/** Waits until all logs are counted by the hour, which the service does once nobody writes to their hours. */
export async function untilCounted (sql: Sql, rows: number): Promise<void> {
  for (let counted = 0; counted < rows; await delay(500)) {
    const [row] = await sql('SELECT SUM(debug + info + warning + error + critical) AS counted FROM hour_counts')
    counted = Number(row!.counted)
  }
}

/** Sends GET requests over one keep-alive connection; throws if an answer is not complete, unless it may be partial. */
function getter ({ port }: Service): (query: Query) => Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const user = { authorization: `Basic ${Buffer.from('user1:password').toString('base64')}` }
  return async ({ path, allUsers = false, isPartial = false }) => {
    const body = await new Promise<string>((resolve, reject) => {
      const outgoing = request({ port, path, agent, headers: allUsers ? { 'x-api-key': settings.LOGGER_API_KEY } : user }, (incoming) => { text(incoming).then(resolve, reject) })
      outgoing.on('error', reject)
      outgoing.end()
    })
    if (!body.includes(isPartial ? '"complete":' : '"complete":true')) throw new Error(`${path} answered ${body.slice(0, 200)}`)
  }
}

async function grepFor (word: string, file: string): Promise<void> {
  await promisify(execFile)('rg', ['--count', '--ignore-case', word, file]).catch(({ code, message }) => {
    // Exit code 1: nothing found.
    if (code !== 1) throw new Error(message)
  })
}

/** Milliseconds of 500 runs if `often`, otherwise of 5, after one warm-up run. */
async function timesOf ({ often = false }: { often?: boolean }, run: () => Promise<unknown>): Promise<number[]> {
  await run()
  const times: number[] = []
  while (times.length < (often ? 500 : 5)) {
    const start = performance.now()
    await run()
    times.push(performance.now() - start)
  }
  return times
}

/** Runs the work repeatedly; returns a function that stops it. */
function repeat (work: () => Promise<void>): () => Promise<void> {
  const stopped = new AbortController()
  const all = (async () => { while (!stopped.signal.aborted) await work() })()
  return async () => {
    stopped.abort()
    await all
  }
}

function percentile (times: readonly number[], share: number): number {
  return times.toSorted((one, other) => one - other)[Math.ceil(times.length * share) - 1]!
}

function median (times: readonly number[]): number {
  return percentile(times, 0.5)
}

function short (time: number | undefined): string {
  if (time === undefined) return ''
  return time < 10 ? time.toFixed(1) : time.toFixed(0)
}
