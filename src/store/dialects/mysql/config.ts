import { readFileSync } from 'node:fs'
import type { Knex } from 'knex'
import type { Connection as MariadbConnection } from 'mariadb'
import type { Connection, ConnectionOptions, RowDataPacket } from 'mysql2'
import { NoDatabaseHost } from '../../../errors.ts'
import type { MysqlOptions } from '../dialect.ts'
import { listHosts, nameOf, type Host } from './host-list.ts'
import { Hosts } from './hosts.ts'
import { judge, type Ask } from './role.ts'
import { sessionSettings } from './session.ts'

const connectTimeoutMs = 5000
const acquireTimeoutMs = 10_000

/** Settings that a knex of ours carries. */
interface MysqlParams {
  pageCompression: boolean
  /** Undefined where there is one server. */
  hosts: Hosts | undefined
}

/** Configures knex: UTC, times and 64-bit numbers as strings, strict mode, READ COMMITTED. */
export function mysqlConfig (options: MysqlOptions): Knex.Config & { userParams: MysqlParams } {
  const { pool = 10, pageCompression = true } = options
  const list = listHosts(options)
  const [first = { host: options.host, port: options.port ?? 3306 }] = list
  const optionsOf = (host: Host) => connectionConfig({ ...options, ...host })
  const hosts = list.length > 1 ? new Hosts(list, optionsOf) : undefined
  const connection = hosts ? () => hosts.connection() : optionsOf(first)
  return {
    client: 'mysql2',
    connection: connection as Knex.MySql2ConnectionConfig,
    pool: {
      min: 0,
      max: pool,
      afterCreate: (connection: Connection, done: Done) => {
        prepareSession(connection, hosts).then(() => done(undefined, connection), (error) => {
          connection.destroy()
          done(error, connection)
        })
      },
      validate: (connection: Connection) => hosts === undefined || hosts.isActive(hostOf(connection))
    },
    acquireConnectionTimeout: acquireTimeoutMs,
    // An error must not quote the statement, which contains logs.
    compileSqlOnError: false,
    userParams: { pageCompression, hosts }
  }
}

/** The options that both drivers name alike. */
function loginOf ({ host, port = 3306, user, password, database = 'loggerbot' }: MysqlOptions) {
  return { host, port, user, password, database, connectTimeout: connectTimeoutMs }
}

function connectionConfig ({ ssl = false, ...options }: MysqlOptions): ConnectionOptions {
  return {
    ...loginOf(options),
    ...ssl !== false && { ssl: { ca: ssl === true ? undefined : readFileSync(ssl), verifyIdentity: true } },
    timezone: 'Z',
    dateStrings: true,
    supportBigNumbers: true,
    bigNumberStrings: true
  }
}

type Done = (error: unknown, connection: Connection) => void

/** The server that a connection was opened to. */
export function hostOf ({ config: { host = '', port = 3306 } }: Connection): Host {
  return { host, port }
}

async function prepareSession (connection: Connection, hosts: Hosts | undefined): Promise<void> {
  const ask = async (sql: string) => (await connection.promise().query<RowDataPacket[]>(sql))[0]
  for (const sql of sessionSettings) await ask(sql)
  await (hosts ? hosts.admit(hostOf(connection), ask) : refuseOutside(hostOf(connection), ask))
}

/** Refuses a server that is up, but left its group. Other states of a single server are told by its answers. */
async function refuseOutside (host: Host, ask: Ask): Promise<void> {
  const verdict = await judge(ask)
  if (!verdict.isFit && verdict.isOutside) throw new NoDatabaseHost(`${nameOf(host)}: ${verdict.reason}`)
}

/**
 * Opens a connection of the mariadb connector, which has the bulk protocol, to the active one of several servers.
 * It is set up as knex's connections are, but without autocommit.
 */
export async function connectMariadb (
  options: MysqlOptions, maxAllowedPacket: number, hosts: Hosts | undefined
): Promise<{ connection: MariadbConnection, isCurrent: () => boolean }> {
  const { createConnection } = await import('mariadb')
  const { ssl = false } = options
  const active = await hosts?.active()
  const connection = await createConnection({
    ...loginOf({ ...options, ...active?.host ?? listHosts(options)[0] }),
    ...ssl !== false && { ssl: { ca: ssl === true ? undefined : readFileSync(ssl, 'utf8') } },
    // The connector opens another socket to end a statement, when a connection is destroyed.
    ...active && { stream: (done) => done(undefined, active.openSocket()) },
    bulk: true,
    maxAllowedPacket
  })
  // The statement under way rejects as well.
  connection.on('error', () => {})
  try {
    await Promise.all([...sessionSettings, 'SET autocommit = 0'].map((sql) => connection.query(sql)))
    if (active) await hosts?.admit(active.host, (sql) => connection.query(sql))
  } catch (error) {
    connection.destroy()
    throw error
  }
  return { connection, isCurrent: () => !active || hosts?.isActive(active.host) === true }
}
