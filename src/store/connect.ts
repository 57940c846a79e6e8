import { join } from 'node:path'
import knexFactory, { type Knex } from 'knex'
import type { ServerLog } from '../model/server-log.ts'
import { within } from '../timeout.ts'
import type { DatabaseHosts, DatabaseOptions } from './dialects/dialect.ts'
import { dialectOf } from './dialects/index.ts'
import { listHosts, nameOf } from './dialects/mysql/host-list.ts'
import { mysqlConfig } from './dialects/mysql/index.ts'
import { sqliteConfig } from './dialects/sqlite/index.ts'
import { migrations } from './migrations.ts'

/** Configures knex, for the server and for the knex command. */
export function knexConfig (options: DatabaseOptions): Knex.Config {
  const config = 'file' in options ? sqliteConfig(options) : mysqlConfig(options)
  // knex would print connection errors with their stack before it throws them.
  return { ...config, migrations, log: { warn () {}, error () {} } }
}

/** Opens a pool, which connects at its first query. The caller disconnects it. */
export function connect (options: DatabaseOptions): Knex {
  return knexFactory(knexConfig(options))
}

/** How long the database may take to close the connections of a pool. */
const disconnectMs = 1000

/** Closes the connections of a pool. Never rejects, and gives up after a second: the database may hang. */
export async function disconnect (knex: Knex | undefined): Promise<void> {
  if (knex) await within(disconnectMs, knex.destroy()).catch(() => {})
}

/**
 * Opens a pool of one connection. A read on it sees everything that any node of a cluster committed before the read.
 * Undefined where the database has no such connection. The caller disconnects it.
 */
export function openCurrent (knex: Knex): Knex | undefined {
  return dialectOf(knex).openControl(knex)
}

/** A replica that searches are read from. */
export interface Replica {
  /** `host:port`. */
  name: string
  /** Opens a pool to it, which the caller disconnects. */
  open: () => Knex
}

/** The replica that the options name; undefined if they name none. */
export function replicaOf (options: DatabaseOptions): Replica | undefined {
  if (!('host' in options) || !options.readHost) return undefined
  const [host] = listHosts({ ...options, host: options.readHost })
  return host && { name: nameOf(host), open: () => connect({ ...options, ...host }) }
}

/** A knex for searches: the given one, or, if they would block its other users, one with threads of its own. */
export function openReader (knex: Knex): { knex: Knex, close (): Promise<void> } {
  const options = dialectOf(knex).readerOptions(knex)
  if (options === undefined) return { knex, close: async () => {} }
  const reader = connect(options)
  return { knex: reader, close: () => reader.destroy() }
}

/** The database of a host app's knex; rejects with UnfitSession instead of using a session that changes logs. */
export function guard (knex: Knex): Knex {
  return dialectOf(knex).guard(knex)
}

/** Whether a database has several servers, of which one is used at a time. */
export function hasSeveralHosts (options: DatabaseOptions | undefined): boolean {
  return options !== undefined && 'host' in options && listHosts(options).length > 1
}

export interface HostsOptions {
  /** Folder that keeps the identity of their cluster. Default: none. */
  identityFolder: string | undefined
  /** Another server is used than before, or the first one. */
  onUsed: () => void
  log: ServerLog
}

/**
 * Watches the servers of the database, if it has several of which one is used at a time, and logs each change.
 * The caller closes them.
 */
export function watchHosts (knex: Knex, { identityFolder, onUsed, log }: HostsOptions): DatabaseHosts | undefined {
  const hosts = dialectOf(knex).hostsOf(knex)
  hosts?.watch({
    identityFile: identityFolder === undefined ? undefined : join(identityFolder, 'cluster.json'),
    onChange ({ from, to, states }) {
      const servers = Object.fromEntries(states.map(({ name, state }) => [name, state]))
      const isFirst = from === undefined && states[0]?.isActive
      if (to === undefined) log.error({ from, servers }, 'no server of the database can be used')
      else if (!isFirst) log.warn({ from, to, servers }, 'another server of the database is used')
      if (to !== undefined) onUsed()
    }
  })
  return hosts
}

/** The ways in which the database, as it is set up, could lose acknowledged logs: a sentence each. */
export function findRisks (knex: Knex): Promise<string[]> {
  return dialectOf(knex).findRisks(knex)
}

/** Settings of the database that cost speed: a sentence each. */
export function findSlowSettings (knex: Knex): Promise<string[]> {
  return dialectOf(knex).findSlowSettings(knex)
}

/** Resolves when the database answers a real read; rejects if it refuses, or does not answer in time. */
export async function probe (knex: Knex, timeoutMs = 2000): Promise<void> {
  await within(timeoutMs, knex('user_logs').select('id').first().timeout(timeoutMs))
}

/** Whether a read failed because the database is unavailable for now. */
export function isAway (knex: Knex, error: unknown): boolean {
  const { isUnreachable, classify } = dialectOf(knex)
  // No connection of the pool became free in time.
  const isStarved = error instanceof Error && error.name === 'KnexTimeoutError'
  return isStarved || isUnreachable(error) || classify(error) === 'passing'
}
