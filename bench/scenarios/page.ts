import { join } from 'node:path'
import mysql, { type RowDataPacket } from 'mysql2/promise'
import { post } from '../../test/helpers/http.ts'
import { sqliteDriver } from '../../src/sqlite.ts'
import type { Bench } from '../bench.ts'
import { firstRows, follow, idleRequests, opened, openPage, scroll, searched, type MeasuredPage } from '../browser.ts'
import { historyOf, historyUsers, loadMysql, loadSqlite, wanted, writeHistory, type History } from '../history.ts'
import type { Finding, Report } from '../measure.ts'
import type { BenchDatabase } from '../subjects.ts'
import { untilCounted, untilIndexed, type Row, type Sql } from './search.ts'

const rounds = 5
const scrolledRows = 200_000
const idleSeconds = 10
/** Logs a second while the page follows them, and logs of a request. */
const liveRate = 1000
const liveBatch = 100

/** The page in a browser, on large tables of both databases. */
export async function * page (bench: Bench): AsyncGenerator<Report> {
  const history = historyOf((bench.millions?.[0] ?? 1) * 1_000_000)

  const onSqlite = await bench.onlySqlite({ users: historyUsers })
  loadSqlite(onSqlite.file, history)
  const file = new (sqliteDriver())(onSqlite.file)
  yield await pageOn(bench, 'SQLite', { database: onSqlite, history, sql: async (sql) => file.prepare(sql).all() as Row[] })
  file.close()
  await bench.endScenario()

  const server = await bench.server()
  const onMariadb = await bench.onlyTables({ users: historyUsers, server })
  const rows = join(bench.folder, 'history.tsv')
  await writeHistory(rows, history)
  await loadMysql(server, onMariadb.name, rows)
  const { host, port, user, password } = server
  const connection = await mysql.createConnection({ host, port, user, password, database: onMariadb.name })
  yield await pageOn(bench, 'MariaDB', { database: onMariadb, history, sql: (sql) => connection.query<RowDataPacket[]>(sql).then(([rows]) => rows) })
  await connection.end()
}

interface Subject {
  database: BenchDatabase
  history: History
  sql: Sql
}

async function pageOn (bench: Bench, name: string, { database, history, sql }: Subject): Promise<Report> {
  const service = await bench.oursOn(database)
  process.stderr.write(`page: ${name} indexes and counts ${history.rows} rows; counting begins after two quiet minutes\n`)
  await untilIndexed(sql)
  await untilCounted(sql, history.rows)
  const send = sender(service.port)
  const attributes = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`attribute${index}`, index]))
  await send([{ message: 'with tenthousand attributes', ...attributes }, { message: 'the newest' }])

  const browser = await openPage(`http://127.0.0.1:${service.port}/`, 'user1', 'password')
  try {
    const findings = [...await measure(browser), ...await measureLive(browser, send, bench.minutes)]
    return { name: 'page', title: `${name}, ${history.rows / 1_000_000} M rows of 100 days, medians of ${rounds}`, samples: {}, findings }
  } finally {
    await browser.close()
  }
}

/** Sends logs as the user of the page. */
function sender (port: number): (logs: object[]) => Promise<void> {
  const user = { authorization: `Basic ${Buffer.from('user1:password').toString('base64')}` }
  return async (logs) => {
    const { status } = await post(port, '/api/logs', logs, user)
    if (status !== 200) throw new Error(`POST /api/logs answered ${status}`)
  }
}

async function measure (browser: MeasuredPage): Promise<Finding[]> {
  const idle = await idleRequests(browser, idleSeconds)
  const cold = await repeated(() => firstRows(browser, { isCached: false }))
  const cached = await repeated(() => firstRows(browser, { isCached: true }))
  const words = [wanted.rare, 'tenthousand', 'newest', `${wanted.rare} payment`, wanted.common]
  const indexed = await repeated((round) => searched(browser, words[round] ?? wanted.rare))
  const large = await repeated(() => opened(browser, 'tenthousand'))
  const scrolling = await scroll(browser, scrolledRows)
  return [
    { title: 'cold open to first rows, ms', values: cold, atMost: 400 },
    { title: 'reload to first rows, ms', values: cached, atMost: 200 },
    { title: 'Enter to rows, indexed search, ms', values: indexed, atMost: 150 },
    { title: 'open a log of 10,000 attributes, ms', values: large, atMost: 100 },
    { title: `rows scrolled through, of ${scrolledRows}`, values: [scrolling.rows], atLeast: scrolledRows },
    { title: 'longest frame while scrolling, ms', values: [scrolling.longestFrame], atMost: 50 },
    { title: 'p95 of frames while scrolling, ms', values: [scrolling.p95Frame], atMost: 17 },
    { title: 'nodes of the document then', values: [scrolling.nodes], atMost: 2500 },
    { title: 'requests/s of an idle tab', values: [idle], atMost: 0 }
  ]
}

async function measureLive (browser: MeasuredPage, send: (logs: object[]) => Promise<void>, minutes: number): Promise<Finding[]> {
  const messageOf = (number: number) => `live log ${number} of this run`
  let sent = 0
  const live = await follow(browser, minutes * 60, async (seconds) => {
    while (sent < Math.floor(seconds * liveRate / liveBatch) * liveBatch) {
      await send(Array.from({ length: liveBatch }, (_, index) => ({ message: messageOf(sent + index), level: 'info', process: 'bench' })))
      sent += liveBatch
    }
    return messageOf(sent - 1)
  })
  return [
    { title: `logs followed in ${minutes} min`, values: [sent], atLeast: minutes * 60 * liveRate },
    { title: 'largest heap then, MB', values: [live.largestHeap], atMost: 120 },
    { title: 'heap without garbage at the end / after a quarter', values: [live.heapAtEnd / live.heapAfterQuarter], atMost: 1.1 },
    { title: 'longest task then, ms', values: [live.longestTask], atMost: 50 },
    { title: 's from the last log to its row', values: [live.lagSeconds] }
  ]
}

async function repeated (measure: (round: number) => Promise<number>): Promise<number[]> {
  const values: number[] = []
  for (let round = 0; round < rounds; round++) values.push(await measure(round))
  return values
}
