// Rows into MySQL or MariaDB, by one transaction:
//
//   INSERT IGNORE of the keys, INSERT of the rows → COMMIT
//                                                 → ROLLBACK after any error
//
// A key that is there already shows as a row less that was inserted. Then all is rolled back, the
// stored keys are looked up, and the other batches go again. INSERT IGNORE stands on the table of
// keys alone: it would turn broken data into other data.
//
// A session is how statements travel. On MariaDB rows travel by the bulk protocol of the mariadb
// connector, 1.4 to 1.7 times as fast as text, and without waiting for the answer about the keys.
// So its connections never commit on their own (autocommit is off): a deadlock over the keys ends
// the transaction, and the rows that are on their way already must not be stored without them.
// Anywhere else, and on a host app's knex, rows travel as multi-row text by mysql2, which waits for
// every answer.
import type { Knex } from 'knex'
import type { Connection as MariadbConnection } from 'mariadb'
import type { Connection as Mysql2Connection, ResultSetHeader } from 'mysql2'
import { batchColumns, deadLetterColumns, logColumns } from '../columns.ts'
import { unlessAborted } from '../patience.ts'
import type { RowBatch, RowSink, Value } from './dialect.ts'

/** One connection, for one transaction at a time. */
interface Session {
  /** Begins a transaction with the keys and the rows; resolves to how many keys are new. The rows count only if all are. */
  insert (keys: string, newKeys: number, rows: ReadonlyArray<readonly Value[]>): Promise<number>
  execute (sql: string): Promise<unknown>
  select (sql: string): Promise<Array<Record<string, unknown>>>
  /** To be used again. */
  release (): void
  /** At once, whatever is under way. */
  destroy (): void
}

type InsertWay = Pick<RowSink, 'insert' | 'close'>

/** Stores by multi-row statements on connections of this knex. */
export function textSink (knex: Knex): InsertWay {
  return { insert: inserter(() => openText(knex)), close: async () => {} }
}

/** Stores by MariaDB's bulk protocol, on connections of its own, on which autocommit is off. */
export function bulkSink (connect: () => Promise<MariadbConnection>): InsertWay {
  const idle: MariadbConnection[] = []

  async function open (): Promise<Session> {
    let connection = idle.pop()
    while (connection?.isValid() === false) connection = idle.pop()
    return bulkSession(connection ?? await connect(), idle)
  }
  return {
    insert: inserter(open),
    async close () {
      for (const connection of idle.splice(0)) connection.destroy()
    }
  }
}

function inserter (open: () => Promise<Session>): RowSink['insert'] {
  return (batches, signal) => unlessAborted(signal, insert(batches, signal))

  async function insert (batches: readonly RowBatch[], signal: AbortSignal): Promise<ReadonlySet<RowBatch>> {
    const known = new Set<RowBatch>()
    for (let left = batches; left.length > 0; left = left.filter((batch) => !known.has(batch))) {
      const names = await withSession(open, signal, (session) => insertOrFind(session, left))
      if (names === undefined) break
      for (const batch of left) {
        const name = nameOf(batch)
        if (names.has(name)) known.add(batch)
        // Of two batches with one key the first is the one that is stored.
        else names.add(name)
      }
    }
    return known
  }
}

async function withSession<T> (open: () => Promise<Session>, signal: AbortSignal, work: (session: Session) => Promise<T>): Promise<T> {
  const session = await open()
  const cut = (): void => session.destroy()
  try {
    signal.throwIfAborted()
    signal.addEventListener('abort', cut)
    return await work(session)
  } finally {
    signal.removeEventListener('abort', cut)
    session.release()
  }
}

/** Stores all the batches; or none, and then resolves to the names of those that are stored already. */
async function insertOrFind (session: Session, batches: readonly RowBatch[]): Promise<Set<string> | undefined> {
  try {
    if (await session.insert(insertKeys(batches), batches.length, batches.flatMap(({ rows }) => rows)) === batches.length) {
      for (const statement of statements(insertIntoDeadLetters, batches.flatMap(({ rejected }) => rejected))) await session.execute(statement)
      await session.execute('COMMIT')
      return undefined
    }
    await session.execute('ROLLBACK')
    const names = await findNames(session, batches)
    await session.execute('ROLLBACK')
    return names
  } catch (error) {
    await session.execute('ROLLBACK').catch(() => session.destroy())
    throw error
  }
}

async function findNames (session: Session, batches: readonly RowBatch[]): Promise<Set<string>> {
  const pairs = batches.map(({ userId, key }) => `(${userId}, x'${key.toString('hex')}')`)
  const rows = await session.select(`SELECT CONCAT(user_id, ' ', HEX(batch_key)) AS name FROM ingest_batches WHERE (user_id, batch_key) IN (${pairs.join(', ')})`)
  return new Set(rows.map(({ name }) => String(name)))
}

/** As the database names it, too. */
function nameOf ({ userId, key }: RowBatch): string {
  return `${userId} ${key.toString('hex').toUpperCase()}`
}

/** The statement that stores the keys; those which are there already count as none. */
export function insertKeys (batches: readonly RowBatch[]): string {
  const values = batches.map(({ userId, key, createdAt, firstId, firstAt, lastAt, rows }) =>
    `(${userId},x'${key.toString('hex')}','${createdAt}',${firstId},${rows.length},${literalOf(firstAt)},${literalOf(lastAt)})`)
  return `INSERT IGNORE INTO ingest_batches (${batchColumns.join(', ')}) VALUES ${values.join(',')}`
}

async function openText (knex: Knex): Promise<Session> {
  const connection: Mysql2Connection = await knex.client.acquireConnection()
  const send = <T>(sql: string): Promise<T> => new Promise((resolve, reject) => {
    connection.query(sql, (error: unknown, result: unknown) => error ? reject(error) : resolve(result as T))
  })
  return {
    async insert (keys, newKeys, rows) {
      await send('START TRANSACTION')
      const { affectedRows } = await send<ResultSetHeader>(keys)
      if (affectedRows === newKeys) for (const statement of statements(insertIntoLogs, rows)) await send(statement)
      return affectedRows
    },
    execute: send,
    select: send,
    release: () => { knex.client.releaseConnection(connection) },
    destroy: () => connection.destroy()
  }
}

export const insertIntoLogs = `INSERT INTO user_logs (${logColumns.join(', ')}) VALUES `

export const insertIntoDeadLetters = `INSERT INTO dead_letters (${deadLetterColumns.join(', ')}) VALUES `

/** A statement has so many characters at most, or one row: far below any `max_allowed_packet`. */
const statementLength = 1024 * 1024

function * statements (insert: string, rows: ReadonlyArray<readonly Value[]>): Generator<string> {
  let statement = ''
  for (const row of rows) {
    const literal = `(${row.map(literalOf).join(',')})`
    if (statement !== '' && statement.length + literal.length > statementLength) {
      yield insert + statement
      statement = ''
    }
    statement += statement === '' ? literal : `,${literal}`
  }
  if (statement !== '') yield insert + statement
}

const special = /['\\]/g

/** Doubled, a quote and a backslash stand for themselves. */
function literalOf (value: Value): string {
  if (typeof value !== 'string') return String(value)
  return `'${value.search(special) === -1 ? value : value.replace(special, '$&$&')}'`
}

/** Transactions at once: two of the writer, one of the drain. */
const mostIdle = 3

function bulkSession (connection: MariadbConnection, idle: MariadbConnection[]): Session {
  return {
    async insert (keys, newKeys, rows) {
      if (rows.length === 0) return (await connection.query(keys)).affectedRows
      const [first, second] = await Promise.allSettled([
        connection.query(keys),
        connection.batch(`${insertIntoLogs}(${logColumns.map(() => '?').join(',')})`, rows as Value[][])
      ])
      if (first.status === 'rejected') throw first.reason
      // Where a key was known, an error of the rows may come of that.
      if (first.value.affectedRows === newKeys && second.status === 'rejected') throw second.reason
      return first.value.affectedRows
    },
    execute: (sql) => connection.query(sql),
    select: (sql) => connection.query(sql),
    release () {
      if (connection.isValid() && idle.length < mostIdle) idle.push(connection)
      else connection.destroy()
    },
    destroy: () => connection.destroy()
  }
}
