import type { AddressInfo } from 'node:net'
import type { Writable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import type { Knex } from 'knex'
import type { Test } from 'tap'
import { contractToken } from '../../src/authenticate/token.ts'
import { readSettings, type Settings } from '../../src/config.ts'
import { buildServer, type Timeouts } from '../../src/server.ts'
import type { DatabaseOptions } from '../../src/store/dialects/dialect.ts'
import { environmentOf, openKnex, type TestDatabase } from './databases.ts'
import { post, type Answer } from './http.ts'

export const apiKey = 'the key of these tests'

/** Default database timeout in ms: longer than a disk stalls. */
export const patienceMs = 60_000

/** A server on a free port, with its own database. */
export interface TestService {
  app: FastifyInstance
  port: number
  options: DatabaseOptions
  /** The test's own connection to the database. */
  knex: Knex
}

export interface ServiceOptions {
  /** An existing database. Default: a new one. */
  database?: DatabaseOptions
  settings?: Partial<Record<keyof Settings, string>>
  timeouts?: Timeouts
  onSetupCode?: (code: string) => void
  /** Gets the server's own log. */
  logStream?: Writable
}

/** Starts the whole service; it closes when the test ends. */
export async function startService (t: Test, database: TestDatabase, { database: existing, settings, ...server }: ServiceOptions = {}): Promise<TestService> {
  const options = existing ?? await database.createMigrated(t)
  const knex = openKnex(t, options)
  const app = buildServer(await readSettings({ LOGGER_API_KEY: apiKey, LOGGER_LOG_LEVEL: 'silent', LOGGER_DB_TIMEOUT: String(patienceMs), LOGGER_SEARCH_TIMEOUT: String(patienceMs), ...environmentOf(options), ...settings }), { migrate: true, ...server })
  t.teardown(() => app.close())
  await app.listen({ host: '127.0.0.1', port: 0 })
  return { app, port: (app.server.address() as AddressInfo).port, options, knex }
}

/** Creates a user through the service; returns the token. */
export async function createUser (service: { port: number }, user: string, password = 'password'): Promise<string> {
  const answer = await post(service.port, '/create_user', { user, password, tel_id: '1' }, { 'x-api-key': apiKey })
  if (answer.status !== 200) throw new Error(`create_user answered ${answer.status}: ${answer.headers['x-error-detail']}`)
  return contractToken(user, password)
}

/** Creates a random token for the user; returns it. */
export async function createToken (service: { port: number }, user: string, scopes: readonly string[] = ['write'], password = 'password'): Promise<string> {
  const answer = await post(service.port, '/api/tokens', { name: 'of a test', scopes }, basic(user, password))
  if (answer.status !== 201) throw new Error(`POST /api/tokens answered ${answer.status}`)
  return JSON.parse(answer.body).token
}

/** The header `Authorization: Basic` for a user and password. */
export function basic (user: string, password = 'password'): { authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }
}

/** A valid log of the contract, with the given fields. */
export function log (differences: Record<string, unknown> = {}): Record<string, unknown> {
  return { level: 'error', msg: 'log message', event_at: '2020-05-05T12:22:22+00:00', p_description: 'description', ...differences }
}

/** A valid body of the contract, with the given fields. */
export function body (user: string, logs: unknown, differences: Record<string, unknown> = {}): { data: Record<string, unknown> } {
  return { data: { user, pid: 1, p_name: 'process name', post_time: '2020-05-05T12:22:23+00:00', logs, ...differences } }
}

/** Sends logs by the contract. */
export function send (service: { port: number }, user: string, token: string, logs: unknown, differences?: Record<string, unknown>): Promise<Answer> {
  return post(service.port, '/send_logs', body(user, logs, differences), { 'x-user-token': token })
}

/** Counts the stored logs. */
export async function count (knex: Knex): Promise<number> {
  const [row] = await knex('user_logs').count({ count: '*' })
  return Number(row!.count)
}

/** The stored rows, in the order of the contract. */
export function stored (knex: Knex, where: Record<string, unknown> = {}): Promise<Array<Record<string, any>>> {
  return knex('user_logs').where(where).orderBy(['log_event_at', 'id'])
}

/** A stored log, with the names of its sender. */
export interface Arrived {
  at: string
  level: string
  process: string
  pid: number
  description: string
  message: string
  attributes: Record<string, any> | null
}

/** The stored logs, in the order of the contract. */
export async function arrived (knex: Knex, where?: Record<string, unknown>): Promise<Arrived[]> {
  return (await stored(knex, where)).map((row) => ({
    at: row.log_event_at,
    level: row.log_level,
    process: row.p_name,
    pid: Number(row.pid),
    description: row.p_description,
    message: row.log_msg,
    // Some drivers return JSON parsed.
    attributes: typeof row.attributes === 'string' ? JSON.parse(row.attributes) : row.attributes
  }))
}
