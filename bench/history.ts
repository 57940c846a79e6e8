// Three months of logs to search. They are written directly into the database, in the order of its key, and into a file,
// one log on each line.
import { createReadStream, createWriteStream } from 'node:fs'
import { once } from 'node:events'
import { finished } from 'node:stream/promises'
import mysql from 'mysql2/promise'
import { logColumns } from '../src/store/columns.ts'
import { sqliteDriver } from '../src/sqlite.ts'
import type { ServerAccess } from '../test/helpers/servers.ts'
import { corpusRequest, seeded } from './corpus.ts'

/** Search terms: a word of five logs of user 1, a part of it, and a word of many logs. */
export const wanted = { rare: 'quetzalcoatl', part: 'etzalcoa', common: 'payment' } as const

/** Shares of the users: one of four owns most logs. */
const shares = [0.85, 0.05, 0.05, 0.05]
export const historyUsers = shares.length

const day = 86_400_000
const days = 100
const names: Record<number, string> = { 10: 'debug', 20: 'info', 30: 'warning', 40: 'error', 50: 'critical' }

export interface History {
  rows: number
  /** Half-open interval [from, to) of its times, in ms since 1970. */
  from: number
  to: number
}

/** A history of 100 days up to now. */
export function historyOf (rows: number, now = Date.now()): History {
  const to = Math.floor(now / 1000) * 1000
  return { rows, from: to - days * day, to }
}

type HistoryRow = [
  userId: number, eventAt: string, id: bigint, level: string, pid: number, process: string, description: string,
  message: string, postTime: string, attributes: string | null
]

/** Rows of a history in the order of the key, 30 a batch; the same history gives the same rows. */
function * batchesOf ({ rows, from, to }: History): Generator<HistoryRow[]> {
  const random = seeded(5)
  for (const [index, share] of shares.entries()) {
    const count = Math.round(rows * share)
    const step = (to - from) / count
    const marked = new Set(index === 0 ? [0.1, 0.3, 0.5, 0.7, 0.9].map((share) => Math.floor(share * count)) : [])
    for (let done = 0; done < count;) {
      const { pid, processName, logs } = corpusRequest(random, Math.min(30, count - done))
      const at = Math.floor((from + done * step) / 1000) * 1000
      const time = new Date(at).toISOString().slice(0, 19).replace('T', ' ') + '.000000'
      const first = done
      const attributesOf = at < to - day ? () => null : requestAttributes
      yield logs.map(({ level, message, description }, n): HistoryRow => [
        // The id is unique within a user, and rises with the time.
        index + 1, time, (BigInt(at) << 16n) + BigInt((first + n) % 65536), typeof level === 'number' ? names[level]! : level,
        pid, processName, description, marked.has(first + n) ? `${message} ${wanted.rare}` : message, time, attributesOf(first + n)
      ])
      done += logs.length
    }
  }
}

/** Attributes of a web server's logs, which those of the last day have. */
function requestAttributes (n: number): string {
  const http = { method: n % 5 > 0 ? 'GET' : 'POST', path: `/api/orders/${n % 50}`, status: [200, 200, 200, 404, 500][n % 5] }
  return JSON.stringify({ http, host: `web-${n % 6}`, latency: n % 1000 / 10, request_id: (n * 2_654_435_761 % 2 ** 32).toString(16) })
}

/** Writes the rows tab separated, one on each line, for LOAD DATA. */
export async function writeHistory (file: string, history: History): Promise<void> {
  const out = createWriteStream(file, { highWaterMark: 1 << 20 })
  let text = ''
  for (const rows of batchesOf(history)) {
    for (const row of rows) text += `${row.map((value) => value === null ? '\\N' : String(value).replaceAll(/[\\\t\n\r]/g, escaped)).join('\t')}\n`
    if (text.length < 1 << 20) continue
    if (!out.write(text)) await once(out, 'drain')
    text = ''
  }
  out.end(text)
  await finished(out)
}

function escaped (character: string): string {
  return { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' }[character]!
}

/** Loads the file into `user_logs` of a MariaDB. */
export async function loadMysql ({ host, port, user, password }: ServerAccess, database: string, file: string): Promise<void> {
  const connection = await mysql.createConnection({ host, port, user, password, database })
  await connection.query('SET SESSION unique_checks = 0, foreign_key_checks = 0')
  await connection.query({
    sql: `LOAD DATA LOCAL INFILE 'history' INTO TABLE user_logs CHARACTER SET utf8mb4 (${logColumns.join(', ')})`,
    infileStreamFactory: () => createReadStream(file, { highWaterMark: 1 << 20 })
  })
  await connection.query('ANALYZE TABLE user_logs')
  await connection.end()
}

/** Stores the rows in `user_logs` of an SQLite file. */
export function loadSqlite (file: string, history: History): void {
  const database = new (sqliteDriver())(file)
  try {
    database.pragma('synchronous = OFF')
    const insert = database.prepare(`INSERT INTO user_logs (${logColumns.join(', ')}) VALUES (${logColumns.map(() => '?').join(', ')})`)
    database.exec('BEGIN')
    for (const rows of batchesOf(history)) for (const row of rows) insert.run(row)
    database.exec('COMMIT')
    database.pragma('wal_checkpoint(TRUNCATE)')
  } finally {
    database.close()
  }
}
