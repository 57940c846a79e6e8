import { homedir } from 'node:os'
import fastifyEnv from '@fastify/env'
import { Type, type SchemaOptions, type Static, type TSchema } from '@sinclair/typebox'
import type { Ajv, ErrorObject } from 'ajv'
import Fastify from 'fastify'
import { UsageError } from './errors.ts'
import type { DatabaseOptions } from './store/dialects/dialect.ts'
import type { SpoolOptions } from './write/spool.ts'

declare module '@sinclair/typebox' {
  interface SchemaOptions {
    /** The command line's name for a setting. */
    flag?: string
  }
}

const levels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

/** All settings. Each description is the rule that an error quotes, and the text of --help and of the README. */
export const settingsSchema = Type.Object({
  LOGGER_HOST: text({ flag: 'host', default: '127.0.0.1', description: 'address to listen on; 0.0.0.0 is every IPv4 one' }),
  LOGGER_PORT: Type.Integer({ flag: 'port', default: 5000, minimum: 0, maximum: 65535, description: 'port to listen on, 0 to 65535; 0 takes a free one' }),
  LOGGER_DB_HOST: text({ flag: 'db-host', default: '', description: 'MySQL or MariaDB host; localhost when only a user is given' }),
  LOGGER_DB_PORT: Type.Integer({ flag: 'db-port', default: 3306, minimum: 1, maximum: 65535, description: 'MySQL port, 1 to 65535' }),
  LOGGER_DB_NAME: text({ flag: 'db-name', default: 'loggerbot', pattern: '^[\\w$-]{1,64}$', description: 'database name, 1 to 64 of A-Z a-z 0-9 _ $ -' }),
  LOGGER_DB_USER: text({ flag: 'user', default: '', description: 'MySQL login' }),
  LOGGER_DB_PASSWORD: text({ flag: 'password', default: '', description: 'MySQL password' }),
  LOGGER_DB_SSL: text({ default: 'false', description: 'true: TLS, verified against the system\'s authorities; a file name: a PEM file of the authority to trust; false: no TLS' }),
  LOGGER_DB_POOL: Type.Integer({ default: 10, minimum: 1, maximum: 1000, description: 'MySQL connections at most, 1 to 1000' }),
  LOGGER_DB_PAGE_COMPRESSION: Type.Boolean({ default: true, description: 'true or false: whether new tables are page compressed where the engine does it at no cost (MariaDB)' }),
  LOGGER_DB_FILE: text({ flag: 'db-file', default: 'data/loggerbot.sqlite', minLength: 1, description: 'SQLite file, used when neither a MySQL host nor a login is given' }),
  LOGGER_DB_TIMEOUT: Type.Integer({ default: 5000, minimum: 100, maximum: 600_000, description: 'milliseconds that logs wait for the database before they go to the spool, 100 to 600000' }),
  LOGGER_SPOOL_DIR: text({ flag: 'spool-dir', default: 'data/spool', description: 'folder that keeps logs while MySQL is away, one for each instance; empty: none' }),
  LOGGER_SPOOL_LIMIT: Type.Integer({ default: 4 * 1024 ** 3, minimum: 1024 * 1024, maximum: Number.MAX_SAFE_INTEGER, description: 'bytes that the spool may hold, from 1048576' }),
  LOGGER_QUEUE_LIMIT: Type.Integer({ default: 32 * 1024 * 1024, minimum: 1024, maximum: Number.MAX_SAFE_INTEGER, description: 'bytes of request bodies under way at most, from 1024; more requests wait' }),
  LOGGER_USER_RATE: Type.Integer({ default: 0, minimum: 0, maximum: 1_000_000_000, description: 'logs a second that one user may send; 0: any number' }),
  LOGGER_SEARCH_TIMEOUT: Type.Integer({ default: 5000, minimum: 10, maximum: 600_000, description: 'milliseconds that a search may take before it answers with what it found so far, 10 to 600000' }),
  LOGGER_WORD_INDEX: Type.Boolean({ default: true, description: 'true or false: whether an index of words is kept, by which rare words are found at once among millions of logs' }),
  LOGGER_RETENTION_DAYS: Type.Integer({ default: 0, minimum: 0, maximum: 36_500, description: 'days that logs are kept, unless their user has a number of their own; 0: for ever' }),
  LOGGER_RETENTION_ROWS: Type.Integer({ default: 0, minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'logs that are kept at most, of all users: past that those go that arrived first, of users who have more than an equal share; 0: any number' }),
  LOGGER_SYSLOG_PORT: Type.Integer({ default: 0, minimum: 0, maximum: 65535, description: 'port that takes syslog, by TCP and UDP, 0 to 65535; 0: none' }),
  LOGGER_SYSLOG_TLS_PORT: Type.Integer({ default: 0, minimum: 0, maximum: 65535, description: 'port that takes syslog by TLS, 0 to 65535; 0: none' }),
  LOGGER_SYSLOG_TLS_CERT: text({ default: '', description: 'PEM file of the certificate for syslog by TLS' }),
  LOGGER_SYSLOG_TLS_KEY: text({ default: '', description: 'PEM file of its key' }),
  LOGGER_SYSLOG_USER: text({ default: '', description: 'user whose the messages of syslog without a token are; empty: they are dropped' }),
  LOGGER_SERVER: text({ default: '', description: 'for loggerbot search, tail and export: the server\'s address; http://127.0.0.1:5000 while empty' }),
  LOGGER_TOKEN: text({ default: '', description: 'for loggerbot search, tail and export: a token with scope read' }),
  LOGGER_API_KEY: text({ default: '', description: 'key that opens POST /create_user; closed while empty' }),
  // A message fills a MEDIUMTEXT at most, and a request may be one message.
  LOGGER_BODY_LIMIT: Type.Integer({ default: 8 * 1024 * 1024, minimum: 1024, maximum: 16 * 1024 * 1024 - 1, description: 'largest request body in bytes, 1024 to 16777215' }),
  LOGGER_ELASTICSEARCH: text({ default: '8.17.0', pattern: '^(\\d+\\.\\d+\\.\\d+)?$', description: 'version that clients of Elasticsearch are told, as 8.17.0; empty: there are no paths for them' }),
  LOGGER_CORS_ORIGINS: text({ default: '', pattern: '^ *(\\*|[a-z][a-z0-9+.-]*://[^/,* ]+( *, *[a-z][a-z0-9+.-]*://[^/,* ]+)*)? *$', description: 'origins whose pages may send logs, as https://app.example.com, comma separated; * allows every origin; empty: none' }),
  LOGGER_LOG_LEVEL: Type.Union(levels.map((level) => Type.Literal(level)), { default: 'warn', description: `the server's own log: ${levels.join(', ')}` }),
  LOGGER_TRUST_PROXY: text({ default: 'false', description: 'whose X-Forwarded-For is believed: false: nobody\'s; true: everybody\'s; or the proxies\' addresses, comma separated' })
})

export type Settings = Static<typeof settingsSchema>
export type SettingName = keyof Settings

/** Environment variables by name. */
export type Environment = Record<string, string | undefined>

function text (options: SchemaOptions) {
  return Type.String(options)
}

/** The settings as a table: what --help prints and the README must say. */
export const settingsTable = Object.entries<TSchema>(settingsSchema.properties).map(([name, schema]) => ({
  name: name as SettingName,
  flag: schema.flag as string | undefined,
  default: String(schema.default),
  description: schema.description!
}))

/**
 * Reads the settings: a flag goes before the environment, that before `.env` in the working
 * directory, that before the default. Throws UsageError, one line that names the setting.
 */
export async function readSettings (flags: Partial<Record<SettingName, string>> = {}, env: Environment = process.env): Promise<Settings> {
  // @fastify/env comes as a plugin, but a server can't be made before its settings are known.
  const reader = Fastify()
  try {
    await reader.register(fastifyEnv, { schema: structuredClone(settingsSchema), data: [{ ...env }, { ...flags }], env: false, dotenv: true, ajv: { customOptions: prepareAjv } })
    return reader.getEnvs<Settings>()
  } catch (error) {
    throw new UsageError(explain(error))
  }
}

/** Where a setting was given: on the command line, in the environment, or, if at all, in `.env` of the working directory. */
export type SettingSource = 'flag' | 'environment' | '.env'

export function sourceOf (name: SettingName, flags: Partial<Record<SettingName, string>>, env: Environment): SettingSource {
  if (flags[name] !== undefined) return 'flag'
  return env[name] === undefined ? '.env' : 'environment'
}

/** The user's home folder. */
export function homeOf (env: Environment): string {
  return env.HOME ?? homedir()
}

function prepareAjv (ajv: Ajv): Ajv {
  // Strict, it would let Infinity pass: no limit is held against what is not finite.
  ajv.opts.strictNumbers = false
  return ajv.addKeyword('flag')
}

function explain (error: unknown): string {
  const broken: ErrorObject[] = error instanceof Error && 'errors' in error ? error.errors as ErrorObject[] : []
  const names = new Set(broken.map(({ instancePath }) => instancePath.slice(1)))
  const lines = settingsTable.filter(({ name }) => names.has(name)).map(({ name, flag, description }) =>
    `${name}${flag ? ` (--${flag})` : ''} is not valid: ${description}`)
  return lines.join('; ') || `settings: ${error instanceof Error ? error.message : error}`
}

/** Which database the settings mean: MySQL as soon as a host or a login is given, else the embedded SQLite. */
export function databaseOptions (settings: Settings): DatabaseOptions {
  if (settings.LOGGER_DB_HOST === '' && settings.LOGGER_DB_USER === '') return { file: settings.LOGGER_DB_FILE }
  return {
    host: settings.LOGGER_DB_HOST || 'localhost',
    port: settings.LOGGER_DB_PORT,
    user: settings.LOGGER_DB_USER,
    password: settings.LOGGER_DB_PASSWORD,
    database: settings.LOGGER_DB_NAME,
    ssl: booleanOr(settings.LOGGER_DB_SSL),
    pool: settings.LOGGER_DB_POOL,
    pageCompression: settings.LOGGER_DB_PAGE_COMPRESSION
  }
}

/** The origins whose pages may send logs. */
export function corsOrigins ({ LOGGER_CORS_ORIGINS: origins }: Settings): string[] {
  return origins.split(',').map((origin) => origin.trim()).filter((origin) => origin !== '')
}

/** Where logs are kept while MySQL is away; the embedded SQLite is never away. */
export function spoolOptions (settings: Settings): SpoolOptions | undefined {
  if (settings.LOGGER_SPOOL_DIR === '' || 'file' in databaseOptions(settings)) return undefined
  return { folder: settings.LOGGER_SPOOL_DIR, limit: settings.LOGGER_SPOOL_LIMIT }
}

/** Where syslog is taken in; undefined where it is not. Throws UsageError. */
export function syslogOptions (settings: Settings) {
  const { LOGGER_SYSLOG_PORT: port, LOGGER_SYSLOG_TLS_PORT: tlsPort, LOGGER_SYSLOG_TLS_CERT: cert, LOGGER_SYSLOG_TLS_KEY: key } = settings
  if (port === 0 && tlsPort === 0) return undefined
  if (tlsPort > 0 && (cert === '' || key === '')) throw new UsageError('LOGGER_SYSLOG_TLS_PORT needs LOGGER_SYSLOG_TLS_CERT and LOGGER_SYSLOG_TLS_KEY')
  return {
    host: settings.LOGGER_HOST,
    port,
    ...tlsPort > 0 && { tls: { port: tlsPort, cert, key } },
    ...settings.LOGGER_SYSLOG_USER !== '' && { user: settings.LOGGER_SYSLOG_USER }
  }
}

/** `true`, `false` (also when empty), or the text as it is. */
export function booleanOr (value: string): boolean | string {
  if (value === 'true') return true
  return value === 'false' || value === '' ? false : value
}
