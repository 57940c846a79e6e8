// Rows into MySQL or MariaDB, by one transaction:
//
//   INSERT IGNORE of the keys, INSERT of the rows → COMMIT
//                                                 → ROLLBACK after any error
//
// A key that is there already shows as a row less that was inserted. Then all is rolled back, the
// stored keys are looked up, and the other batches go again. INSERT IGNORE stands on the table of
// keys alone: it would turn broken data into other data. Rows that are stored once have keys of their own, see mysql-once.ts.
//
// A session is how statements travel. On MariaDB rows travel by the bulk protocol of the mariadb
// connector, 1.4 to 1.7 times as fast as text, and without waiting for the answer about the keys.
// So its connections never commit on their own (autocommit is off): a deadlock over the keys ends
// the transaction, and the rows that are on their way already must not be stored without them.
// Anywhere else, and on a host app's knex, rows travel as multi-row text by mysql2, which waits for
// every answer.
//
// No statement is larger than `max_allowed_packet`: the server would close the connection. Text is measured in bytes, with its
// quotes and backslashes doubled; a row that is too large as text travels alone, by a prepared statement, which doubles
// nothing. A row that is larger than a packet even so is refused here, as data.
import type { Knex } from 'knex'
import type { Connection as MariadbConnection } from 'mariadb'
import type { Connection as Mysql2Connection, ResultSetHeader } from 'mysql2'
import { PieceFailed, RowTooLarge } from '../../../errors.ts'
import { batchColumns, deadLetterColumns, logColumns, probeRow } from '../../columns.ts'
import { unlessAborted } from '../../../timeout.ts'
import type { RowBatch, RowSink, RowByRowBatch, Value } from '../dialect.ts'
import { mysqlReason, classifyMysqlError } from './errors.ts'
import { claimRows, judge, rowClaim, selectRecent, type Claim } from './once.ts'

/** One connection, for one transaction at a time. */
interface Session {
  /** Begins a transaction with the keys and the rows; resolves to whether all keys are new. The rows count only if they are. */
  insert (keys: readonly Claim[], rows: ReadonlyArray<readonly Value[]>): Promise<boolean>
  execute (sql: string): Promise<unknown>
  /** One row by a prepared statement. */
  insertRow (insert: string, row: readonly Value[]): Promise<unknown>
  select (sql: string): Promise<Array<Record<string, unknown>>>
  /** To be used again. */
  release (): void
  /** At once, whatever is under way. */
  destroy (): void
}

type InsertWay = Pick<RowSink, 'insert' | 'close'>

/** Stores by multi-row statements on connections of this knex. `packet`: `max_allowed_packet`, in bytes. */
export function textSink (knex: Knex, packet: number): InsertWay {
  return { insert: inserter(() => openText(knex, packet), packet), close: async () => {} }
}

/** Stores one batch row by row, and finds out whether anything can be stored, on connections of this knex. */
export function rowByRowSink (knex: Knex, packet: number): Pick<RowSink, 'insertRowByRow' | 'probe'> {
  const open = () => openText(knex, packet)
  return {
    insertRowByRow: (batch, signal) => unlessAborted(signal, withSession(open, signal, (session) => insertRowByRow(session, batch, packet))),
    probe: (bytes, signal) => unlessAborted(signal, withSession(open, signal, (session) => probe(session, Math.min(bytes, packet - packetReserve))))
  }
}

/** Stores by MariaDB's bulk protocol, on connections of its own, on which autocommit is off. */
export function bulkSink (connect: () => Promise<MariadbConnection>, packet: number): InsertWay {
  const idle: MariadbConnection[] = []

  async function open (): Promise<Session> {
    let connection = idle.pop()
    while (connection?.isValid() === false) connection = idle.pop()
    return bulkSession(connection ?? await connect(), idle)
  }
  return {
    insert: inserter(open, packet),
    async close () {
      for (const connection of idle.splice(0)) connection.destroy()
    }
  }
}

function inserter (open: () => Promise<Session>, packet: number): RowSink['insert'] {
  return (batches, signal) => unlessAborted(signal, insert(batches, signal))

  async function insert (batches: readonly RowBatch[], signal: AbortSignal): Promise<ReadonlySet<RowBatch>> {
    for (const { rows } of batches) for (const row of rows) requireFit(row, packet)
    const known = new Set<RowBatch>()
    let recent: ReadonlyMap<string, string> = new Map()
    for (let left = batches; left.length > 0; left = left.filter((batch) => !known.has(batch))) {
      const found = await withSession(open, signal, (session) => insertOrFind(session, left, recent, packet))
      if (found === undefined) break
      const { names } = found
      recent = found.recent
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

/** What was stored before: the names of batches, and when rows expire that are stored once, by their names. */
interface Found {
  names: Set<string>
  recent: ReadonlyMap<string, string>
}

/** Stores all the batches, without the rows that are known; or none, and then resolves to what is known. */
async function insertOrFind (session: Session, batches: readonly RowBatch[], recent: ReadonlyMap<string, string>, packet: number): Promise<Found | undefined> {
  const { claims, repeated } = claimRows(batches, recent)
  const rows = batches.flatMap((batch) => repeated.get(batch)?.size ? batch.rows.filter((_, index) => !repeated.get(batch)!.has(index)) : batch.rows)
  try {
    if (await session.insert([insertKeys(batches), ...claims], rows)) {
      await insertRows(session, insertIntoDeadLetters, batches.flatMap(({ rejected }) => rejected), packet)
      await session.execute('COMMIT')
      return undefined
    }
    await session.execute('ROLLBACK')
    const found = { names: await findNames(session, batches), recent: await findRecent(session, batches) }
    await session.execute('ROLLBACK')
    return found
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

async function findRecent (session: Session, batches: readonly RowBatch[]): Promise<ReadonlyMap<string, string>> {
  const select = selectRecent(batches)
  const rows = select === undefined ? [] : await session.select(select)
  return new Map(rows.map(({ name, expires_at: expiresAt }) => [String(name), String(expiresAt)]))
}

/** As the database names it, too. */
function nameOf ({ userId, key }: RowBatch): string {
  return `${userId} ${key.toString('hex').toUpperCase()}`
}

/** The statement that stores the keys; those which are there already count as none. */
function insertKeys (batches: readonly RowBatch[]): Claim {
  const values = batches.map(({ userId, key, createdAt, firstId, firstAt, lastAt, rows }) =>
    `(${userId},x'${key.toString('hex')}','${createdAt}',${firstId},${rows.length},${literalOf(firstAt)},${literalOf(lastAt)})`)
  return { sql: `INSERT IGNORE INTO ingest_batches (${batchColumns.join(', ')}) VALUES ${values.join(',')}`, rows: batches.length }
}

async function openText (knex: Knex, packet: number): Promise<Session> {
  const connection: Mysql2Connection = await knex.client.acquireConnection()
  const send = <T>(sql: string): Promise<T> => new Promise((resolve, reject) => {
    connection.query(sql, (error: unknown, result: unknown) => error ? reject(error) : resolve(result as T))
  })
  const session: Session = {
    async insert (keys, rows) {
      await send('START TRANSACTION')
      for (const { sql, rows } of keys) if ((await send<ResultSetHeader>(sql)).affectedRows !== rows) return false
      await insertRows(session, insertIntoLogs, rows, packet)
      return true
    },
    execute: send,
    insertRow: (insert, row) => new Promise((resolve, reject) => {
      connection.execute(preparedInsert(insert, row), [...row], (error: unknown, result: unknown) => error ? reject(error) : resolve(result))
    }),
    select: send,
    release: () => { knex.client.releaseConnection(connection) },
    destroy: () => connection.destroy()
  }
  return session
}

const insertIntoLogs = `INSERT INTO user_logs (${logColumns.join(', ')}) VALUES `

const insertIntoDeadLetters = `INSERT INTO dead_letters (${deadLetterColumns.join(', ')}) VALUES `

function preparedInsert (insert: string, row: readonly Value[]): string {
  return `${insert}(${row.map(() => '?').join(',')})`
}

/** Bytes of a packet that the rows of a statement leave to the rest of it. */
const packetReserve = 1024
/** A statement of several rows has so many bytes at most, and fits a packet. */
const statementBytes = 1024 * 1024

/** Stores rows by as few statements as may be: by text, and those that are too large for that by themselves. */
async function insertRows (session: Session, insert: string, rows: ReadonlyArray<readonly Value[]>, packet: number): Promise<void> {
  const maxBytes = Math.min(statementBytes, packet - packetReserve)
  let literals: string[] = []
  let bytes = 0
  const flush = async () => {
    if (literals.length > 0) await session.execute(insert + literals.join(','))
    literals = []
    bytes = 0
  }
  for (const row of rows) {
    const literal = `(${row.map(literalOf).join(',')})`
    const length = Buffer.byteLength(literal) + 1
    if (bytes + length > maxBytes) await flush()
    if (length > maxBytes) {
      await session.insertRow(insert, row)
    } else {
      literals.push(literal)
      bytes += length
    }
  }
  await flush()
}

/** Throws RowTooLarge where no packet holds the row. */
function requireFit (row: readonly Value[], packet: number): void {
  let characters = 0
  for (const value of row) if (typeof value === 'string') characters += value.length
  // A UTF-16 unit takes three bytes at most: most rows need not be measured.
  if (characters * 3 + packetReserve <= packet) return
  let bytes = packetReserve
  for (const value of row) if (typeof value === 'string') bytes += Buffer.byteLength(value)
  if (bytes > packet) throw new RowTooLarge(bytes - packetReserve, packet)
}

async function insertRowByRow (session: Session, batch: RowByRowBatch, packet: number): Promise<number | undefined> {
  try {
    await session.execute('START TRANSACTION')
    if ((await session.execute(insertKeys([batch]).sql) as ResultSetHeader).affectedRows === 0) {
      await session.execute('ROLLBACK')
      return undefined
    }
    let dead = 0
    batch.repeated = 0
    for (const [index, row] of batch.rows.entries()) {
      if (await isRepeated(session, batch, index)) {
        batch.repeated++
        continue
      }
      if (batch.kept.has(index)) continue
      const reason = batch.condemned.get(index) ?? await refusalOf(index, row)
      if (reason === undefined) continue
      dead++
      await bury(index, [...batch.letters[index]!, reason])
    }
    for (const [index, letter] of batch.rejected.entries()) {
      if (!batch.kept.has(batch.rows.length + index)) await bury(batch.rows.length + index, letter)
    }
    await session.execute('COMMIT')
    return dead
  } catch (error) {
    await session.execute('ROLLBACK').catch(() => session.destroy())
    throw error
  }

  /** Stores the row, or resolves to why the database refuses it. */
  async function refusalOf (index: number, row: readonly Value[]): Promise<string | undefined> {
    batch.trying(index, 'log')
    try {
      requireFit(row, packet)
      await session.insertRow(insertIntoLogs, row)
    } catch (error) {
      if (classifyMysqlError(error) !== 'refused') throw new PieceFailed(index, 'log', error)
      return mysqlReason(error).slice(0, 255)
    }
  }

  async function bury (index: number, letter: readonly Value[]): Promise<void> {
    batch.trying(index, 'letter')
    await session.insertRow(insertIntoDeadLetters, letter).catch((error) => { throw new PieceFailed(index, 'letter', error) })
  }
}

/** Whether the row was sent before; remembers it where it was not. */
async function isRepeated (session: Session, batch: RowBatch, index: number): Promise<boolean> {
  const claim = rowClaim(batch, index)
  if (claim === undefined || (await session.execute(claim.insert) as ResultSetHeader).affectedRows > 0) return false
  const [row] = await session.select(claim.select)
  const verdict = judge(batch.once!, row && String(row.expires_at))
  if (verdict === 'fresh') await session.execute(claim.renew)
  return verdict === 'repeated'
}

/** Stores a row of about so many bytes, and takes it back. */
async function probe (session: Session, bytes: number): Promise<void> {
  try {
    await session.execute('START TRANSACTION')
    await session.insertRow(insertIntoLogs, probeRow(bytes))
  } catch (error) {
    // A rule that refuses it was looked at: the database stores what keeps to it.
    if (classifyMysqlError(error) !== 'refused') throw error
  } finally {
    await session.execute('ROLLBACK').catch(() => session.destroy())
  }
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
    async insert (keys, rows) {
      const storing = keys.map(({ sql }) => connection.query(sql))
      const [first, second] = await Promise.allSettled([
        Promise.all(storing),
        rows.length > 0 && connection.batch(`${insertIntoLogs}(${logColumns.map(() => '?').join(',')})`, rows as Value[][])
      ])
      if (first.status === 'rejected') throw first.reason
      const areNew = first.value.every(({ affectedRows }, index) => affectedRows === keys[index]!.rows)
      // Where a key was known, an error of the rows may come of that.
      if (areNew && second.status === 'rejected') throw second.reason
      return areNew
    },
    execute: (sql) => connection.query(sql),
    insertRow: (insert, row) => connection.execute(preparedInsert(insert, row), [...row]),
    select: (sql) => connection.query(sql),
    release () {
      if (connection.isValid() && idle.length < mostIdle) idle.push(connection)
      else connection.destroy()
    },
    destroy: () => connection.destroy()
  }
}
