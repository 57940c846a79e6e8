// How each yardstick stores: see yardsticks.ts.
import knexFactory from 'knex'
import * as mariadb from 'mariadb'
import mysql from 'mysql2/promise'
import { sqliteDriver } from '../src/sqlite.ts'

const columns = [
  'user_id', 'log_event_at', 'log_level', 'pid', 'p_name', 'p_description', 'log_msg', 'post_time'
] as const

/** The values of a log, in the order of `columns`. */
export type NewLog = [
  userId: number, eventAt: string, level: string, pid: number, process: string, description: string, message: string,
  postTime: string
]

export interface YardstickStore {
  /** Undefined if the user or the token is unknown. */
  findUser (name: string, token: string): Promise<number | undefined>
  /** Resolves when the logs are stored. */
  insert (logs: NewLog[]): Promise<void>
}

const { YARDSTICK_HOST, YARDSTICK_PORT, YARDSTICK_USER, YARDSTICK_PASSWORD, YARDSTICK_DATABASE } = process.env
const { YARDSTICK_FILE } = process.env
const server = {
  host: YARDSTICK_HOST,
  port: Number(YARDSTICK_PORT),
  user: YARDSTICK_USER,
  password: YARDSTICK_PASSWORD,
  database: YARDSTICK_DATABASE
}

const tables = YARDSTICK_FILE === undefined
  ? knexFactory({ client: 'mysql2', connection: { ...server, timezone: 'Z' }, pool: { min: 0, max: 10 } })
  : undefined

/** Rows of a transaction, at most. */
const maxRows = 1000

export async function openStore (yardstick: string): Promise<YardstickStore> {
  if (yardstick === 'nothing') return { findUser: async () => 1, insert: async () => {} }
  if (tables === undefined) return groupOnSqlite(YARDSTICK_FILE ?? '')
  await createTables(tables)
  const findUser = async (username: string, token: string): Promise<number | undefined> => (
    (await tables('users').where({ username, token }).first('id'))?.id
  )
  if (yardstick === 'naive') {
    return {
      findUser,
      insert: async (logs) => {
        await tables('user_logs').insert(logs.map((log) => (
          Object.fromEntries(columns.map((column, index) => [column, log[index]]))
        )))
      }
    }
  }
  const { version } = await tables.select(tables.raw('VERSION() AS version')).first()
  const write = /MariaDB/.test(version) ? await bulkWriter() : await textWriter()
  return { findUser, insert: grouped(write) }
}

async function createTables (knex: NonNullable<typeof tables>): Promise<void> {
  if (await knex.schema.hasTable('user_logs')) return
  await knex.schema.createTable('users', (table) => {
    table.increments('id')
    table.string('username', 100).notNullable()
    table.string('token', 32).notNullable().index()
  })
  await knex.schema.createTable('user_logs', (table) => {
    table.bigIncrements('id')
    table.integer('user_id').unsigned().notNullable()
    table.datetime('log_event_at', { precision: 6 }).notNullable()
    table.enum('log_level', ['debug', 'info', 'warning', 'error', 'critical']).notNullable()
    table.bigInteger('pid').unsigned().notNullable()
    table.string('p_name', 255).notNullable()
    table.string('p_description', 255).notNullable()
    table.text('log_msg', 'mediumtext').notNullable()
    table.datetime('post_time', { precision: 6 }).notNullable()
    table.json('attributes')
    table.index(['user_id', 'log_event_at'])
  })
}

const insertInto = `INSERT INTO user_logs (${columns.join()}) VALUES `
const placeholders = `(${columns.map(() => '?').join()})`

/** MariaDB's bulk protocol. */
async function bulkWriter (): Promise<(logs: NewLog[]) => Promise<void>> {
  const connection = await mariadb.createConnection({ ...server, bulk: true })
  return async (logs) => { await connection.batch(insertInto + placeholders, logs) }
}

/** One statement as text, the fastest way that every MySQL allows. */
async function textWriter (): Promise<(logs: NewLog[]) => Promise<void>> {
  const connection = await mysql.createConnection(server)
  const special = /[\p{Cc}"'\\]/u
  const text = (value: string) => special.test(value) ? connection.escape(value) : `'${value}'`
  const row = ([userId, eventAt, level, pid, process, description, message, postTime]: NewLog) => (
    `(${userId},'${eventAt}',${text(level)},${pid},${text(process)},${text(description)},${text(message)},'${postTime}')`
  )
  return async (logs) => { await connection.query(insertInto + logs.map(row).join()) }
}

/** The embedded database, in this process, as durable as the service's. */
function groupOnSqlite (file: string): YardstickStore {
  const database = new (sqliteDriver())(file)
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = FULL')
  database.exec(`CREATE TABLE IF NOT EXISTS user_logs (id INTEGER PRIMARY KEY, ${columns.join()});
    CREATE INDEX IF NOT EXISTS user_time ON user_logs (user_id, log_event_at)`)
  const statement = database.prepare(insertInto + placeholders)
  const insertAll = database.transaction((logs: NewLog[]) => { for (const log of logs) statement.run(log) })
  return { findUser: async () => 1, insert: grouped(async (logs) => { insertAll(logs) }) }
}

interface Waiting {
  logs: NewLog[]
  resolve: () => void
  reject: (error: unknown) => void
}

/** Group commit: what arrives while a transaction is under way goes into the next one. */
function grouped (write: (logs: NewLog[]) => Promise<void>): (logs: NewLog[]) => Promise<void> {
  const queue: Waiting[] = []
  let isWriting = false

  async function writeAll (): Promise<void> {
    isWriting = true
    // All requests of this turn of the event loop.
    await new Promise(setImmediate)
    while (queue.length > 0) {
      let rows = 0
      let length = 0
      while (length < queue.length && rows < maxRows) rows += queue[length++]?.logs.length ?? 0
      const group = queue.splice(0, length)
      try {
        await write(group.length === 1 ? group[0]?.logs ?? [] : group.flatMap(({ logs }) => logs))
        for (const { resolve } of group) resolve()
      } catch (error) {
        for (const { reject } of group) reject(error)
      }
      await new Promise(setImmediate)
    }
    isWriting = false
  }

  return (logs) => new Promise((resolve, reject) => {
    queue.push({ logs, resolve, reject })
    if (!isWriting) writeAll().catch(reject)
  })
}
