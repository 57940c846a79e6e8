// The limit: the rate of the databases without HTTP, JSON, users and batch keys. Rows are ready in memory; each
// transaction stores a thousand. No server that answers after the commit can be faster for long.
import { createConnection } from 'mariadb'
import mysql from 'mysql2/promise'
import { sqliteDriver } from '../src/sqlite.ts'
import type { ServerAccess } from '../test/helpers/servers.ts'
import { corpusRequest, seeded } from './corpus.ts'
import type { Sample } from './measure.ts'

const columns = ['user_id', 'log_event_at', 'id', 'log_level', 'pid', 'p_name', 'p_description', 'log_msg', 'post_time', 'attributes']
const insert = `INSERT INTO user_logs (${columns.join(', ')}) VALUES`
const placeholders = `(${columns.map(() => '?').join(', ')})`

const rowsEach = 1000
const connections = 2

/** Ids as the service generates them: milliseconds of the clock and a counter. */
let lastId = BigInt(Date.now()) << 16n

const names: Record<number, string> = { 10: 'debug', 20: 'info', 30: 'warning', 40: 'error', 50: 'critical' }

type Row = [userId: number, eventAt: string, id: bigint, ...rest: unknown[]]

/** Returns a function that gives the next thousand rows, for users 1 to `users` in turn. Rows are reused after twenty calls. */
function rowSource (seed: number, users: number): (now?: number) => Row[] {
  const random = seeded(seed)
  let userId = 0
  const blocks = Array.from({ length: 20 }, () => Array.from({ length: Math.ceil(rowsEach / 30) }, () => {
    const { pid, processName, logs } = corpusRequest(random, 30)
    userId = userId % users + 1
    return logs.map(({ level, message, description }): Row =>
      [userId, '', 0n, typeof level === 'number' ? names[level] : level, pid, processName, description, message, '', null])
  }).flat().slice(0, rowsEach))

  let call = 0
  return (now = Date.now()) => {
    const rows = blocks[call++ % blocks.length]!
    // The logs of a request are spread over three seconds, as in load.lua.
    const times = [0, 1, 2].map((secondsAgo) => `${new Date(now - secondsAgo * 1000).toISOString().slice(0, 19).replace('T', ' ')}`)
    rows.forEach((row, index) => {
      row[1] = times[2 - Math.floor(index % 30 / 10)]!
      row[2] = ++lastId
      row[8] = times[0]
    })
    return rows
  }
}

/** Runs the writers until the time is up; returns their rate. */
async function forSeconds (seconds: number, writers: Array<() => Promise<void>>): Promise<Sample> {
  const start = performance.now()
  let transactions = 0
  await Promise.all(writers.map(async (write) => {
    while (performance.now() - start < seconds * 1000) {
      await write()
      transactions++
    }
  }))
  return { rows: transactions * rowsEach / (performance.now() - start) * 1000 }
}

async function bulkConnection ({ host, port, user, password }: ServerAccess, database: string) {
  const connection = await createConnection({ host, port, user, password, database, timezone: 'Z' })
  return {
    async store (rows: Row[]): Promise<void> {
      await connection.beginTransaction()
      await connection.batch(`${insert} ${placeholders}`, rows)
      await connection.commit()
    },
    end: () => connection.end()
  }
}

/** MariaDB's bulk protocol: two connections. */
export async function rawBulk (server: ServerAccess, database: string, seconds: number): Promise<Sample> {
  const opened = await Promise.all(Array.from({ length: connections }, () => bulkConnection(server, database)))
  try {
    return await forSeconds(seconds, opened.map(({ store }, index) => {
      const next = rowSource(index + 1, 1)
      return () => store(next())
    }))
  } finally {
    await Promise.all(opened.map(({ end }) => end()))
  }
}

/** One INSERT of a thousand rows as text: two connections. */
export async function rawText ({ host, port, user, password }: ServerAccess, database: string, seconds: number): Promise<Sample> {
  const opened = await Promise.all(Array.from({ length: connections }, () =>
    mysql.createConnection({ host, port, user, password, database, timezone: 'Z', supportBigNumbers: true })))
  try {
    return await forSeconds(seconds, opened.map((connection, index) => {
      const next = rowSource(index + 1, 1)
      return async () => {
        await connection.beginTransaction()
        await connection.query(`${insert} ?`, [next()])
        await connection.commit()
      }
    }))
  } finally {
    await Promise.all(opened.map((connection) => connection.end()))
  }
}

/** One connection; each commit is on disk before the next begins. */
export async function rawSqlite (file: string, seconds: number): Promise<Sample> {
  const Sqlite = sqliteDriver()
  const database = new Sqlite(file)
  try {
    database.pragma('journal_mode = WAL')
    database.pragma('synchronous = FULL')
    const statement = database.prepare(`${insert} ${placeholders}`)
    const store = database.transaction((rows: Row[]) => {
      for (const row of rows) statement.run(row)
    })
    const next = rowSource(1, 1)
    return await forSeconds(seconds, [async () => { store.immediate(next()) }])
  } finally {
    database.close()
  }
}

const day = 24 * 60 * 60 * 1000

/** Fills a table with rows of users 1 to `users`, spread over a month, the oldest first, ending a day ago. */
export async function preload (server: ServerAccess, database: string, rows: number, users: number): Promise<void> {
  const opened = await Promise.all(Array.from({ length: connections }, () => bulkConnection(server, database)))
  const start = Date.now() - 30 * day
  const step = (29 * day) / (rows / rowsEach)
  let block = 0
  try {
    await Promise.all(opened.map(async ({ store }, index) => {
      const next = rowSource(index + 1, users)
      while (block < rows / rowsEach) await store(next(start + block++ * step))
    }))
  } finally {
    await Promise.all(opened.map(({ end }) => end()))
  }
}
