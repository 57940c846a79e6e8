// The connections that write to MySQL or MariaDB.
//
// On MariaDB rows travel by the bulk protocol of the mariadb connector, 1.4 to 1.7 times as fast as text, and without
// waiting for the answer about the keys. So its connections never commit by themselves (autocommit is off): a deadlock
// over the keys ends the transaction, and the rows that are already on their way must not be stored without them.
// Everywhere else, and on a host app's knex, rows travel by mysql2, which waits for each answer: many rows by LOAD DATA
// where the server allows it, few as multi-row text.
import type { Knex } from 'knex'
import type { Connection as MariadbConnection } from 'mariadb'
import type { Connection as Mysql2Connection, QueryResult, ResultSetHeader, RowDataPacket } from 'mysql2'
import { logColumns } from '../../columns.ts'
import type { Value } from '../row-sink.ts'
import { loadRows, minLoadedRows, refusesLoads } from './load-data.ts'
import { insertRows, into, placeholders, type RowWriter } from './multi-row.ts'
import type { Claim } from './once.ts'

/** One connection that writes, for one transaction at a time. */
export interface WriteSession extends RowWriter {
  /**
   * Begins a transaction and inserts the claims and the rows of `user_logs`.
   * Resolves to whether every claim was new; if not, the transaction must be rolled back.
   */
  insert (claims: readonly Claim[], rows: ReadonlyArray<readonly Value[]>): Promise<boolean>
  select (sql: string): Promise<Array<Record<string, unknown>>>
  /** Gives the connection back for the next transaction. */
  release (): void
  /** Closes the connection at once, even inside a statement. */
  destroy (): void
}

/** Whether a server loads data of clients; it may turn out that it does not. */
export interface Loading {
  isAllowed: boolean
}

/** Opens a session on a connection of this knex. */
export async function openTextSession (
  knex: Knex, packetBytes: number, loading: Loading = { isAllowed: false }
): Promise<WriteSession> {
  const connection: Mysql2Connection = await knex.client.acquireConnection()
  const send = <T extends QueryResult>(sql: string): Promise<T> => new Promise((resolve, reject) => {
    connection.query<T>(sql, (error, result) => error ? reject(error) : resolve(result))
  })
  /** Begins a transaction; resolves to whether every claim was new. */
  const begin = async (claims: readonly Claim[]): Promise<boolean> => {
    await send('START TRANSACTION')
    for (const claim of claims) {
      const { affectedRows } = await send<ResultSetHeader>(claim.sql)
      if (affectedRows !== claim.rows) return false
    }
    return true
  }
  const load = async (rows: ReadonlyArray<readonly Value[]>): Promise<boolean> => {
    try {
      return await loadRows(connection, rows)
    } catch (error) {
      if (!refusesLoads(error)) throw error
      loading.isAllowed = false
      return false
    }
  }
  const session: WriteSession = {
    packetBytes,
    async insert (claims, rows) {
      if (!await begin(claims)) return false
      if (loading.isAllowed && rows.length >= minLoadedRows) {
        if (await load(rows)) return true
        // INSERT says what is wrong.
        await send('ROLLBACK')
        if (!await begin(claims)) return false
      }
      await insertRows(session, into.logs, rows)
      return true
    },
    execute: (sql) => send<ResultSetHeader>(sql),
    insertRow: (insert, row) => new Promise((resolve, reject) => {
      connection.execute(insert + placeholders(row), [...row],
        (error, result) => error ? reject(error) : resolve(result))
    }),
    select: (sql) => send<RowDataPacket[]>(sql),
    release: () => { knex.client.releaseConnection(connection) },
    destroy: () => connection.destroy()
  }
  return session
}

/** Idle connections that are kept: the writer has two transactions at once, the drain one. */
const maxIdle = 3

/** A connection on which autocommit is off. */
export interface BulkConnection {
  connection: MariadbConnection
  /** Whether it is to the server that is used now. */
  isCurrent: () => boolean
}

/** Sessions by MariaDB's bulk protocol. */
export class BulkSessions {
  readonly #connect: () => Promise<BulkConnection>
  readonly #packetBytes: number
  readonly #idle: BulkConnection[] = []

  constructor (connect: () => Promise<BulkConnection>, packetBytes: number) {
    this.#connect = connect
    this.#packetBytes = packetBytes
  }

  async open (): Promise<WriteSession> {
    let idle = this.#idle.pop()
    while (idle && !isUsable(idle)) {
      idle.connection.destroy()
      idle = this.#idle.pop()
    }
    return this.#sessionOn(idle ?? await this.#connect())
  }

  close (): void {
    for (const { connection } of this.#idle.splice(0)) connection.destroy()
  }

  #sessionOn (opened: BulkConnection): WriteSession {
    const { connection } = opened
    return {
      packetBytes: this.#packetBytes,
      insert: (claims, rows) => insertInBulk(connection, claims, rows),
      execute: (sql) => connection.query(sql),
      insertRow: (insert, row) => connection.execute(insert + placeholders(row), [...row]),
      select: (sql) => connection.query(sql),
      release: () => {
        if (isUsable(opened) && this.#idle.length < maxIdle) this.#idle.push(opened)
        else connection.destroy()
      },
      destroy: () => connection.destroy()
    }
  }
}

function isUsable ({ connection, isCurrent }: BulkConnection): boolean {
  return connection.isValid() && isCurrent()
}

/** Sends the claims and the rows together, without waiting between them. */
async function insertInBulk (
  connection: MariadbConnection, claims: readonly Claim[], rows: ReadonlyArray<readonly Value[]>
): Promise<boolean> {
  const claiming: Array<Promise<{ affectedRows: number }>> = claims.map(({ sql }) => connection.query(sql))
  const [claimed, inserted] = await Promise.allSettled([
    Promise.all(claiming),
    rows.length > 0 && connection.batch(into.logs + placeholders(logColumns), rows as Value[][])
  ])
  if (claimed.status === 'rejected') throw claimed.reason
  const areNew = claimed.value.every(({ affectedRows }, index) => affectedRows === claims[index]?.rows)
  // If a claim was not new, that may have caused the error of the rows.
  if (areNew && inserted.status === 'rejected') throw inserted.reason
  return areNew
}
