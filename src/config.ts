import { availableParallelism, homedir } from 'node:os'
import { Type, type SchemaOptions, type Static, type TSchema } from '@sinclair/typebox'
import { Ajv, type ErrorObject } from 'ajv'
import { envSchema, type EnvSchemaData } from 'env-schema'
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

/** All settings. A description is the rule that an error quotes, and the text of --help and docs/settings.md. */
export const settingsSchema = Type.Object({
  LOGGER_HOST: text({
    flag: 'host', default: '127.0.0.1', description: 'address to listen on; 0.0.0.0 is every IPv4 address'
  }),
  LOGGER_PORT: integer(0, 65_535, {
    flag: 'port', default: 5000, description: 'port to listen on, 0 to 65535; 0 takes a free one'
  }),
  LOGGER_WORKERS: text({
    flag: 'workers',
    default: '1',
    pattern: '^(auto|[1-9]|[1-5]\\d|6[0-4])$',
    description: 'number of processes that serve the port together, 1 to 64; auto: one for each core'
  }),
  LOGGER_DB_HOST: text({
    flag: 'db-host',
    pattern: '^ *([^\\s,/@]+( *, *[^\\s,/@]+)*)? *$',
    description: 'MySQL or MariaDB host, or the hosts of one cluster in order, such as a:3306,b:3306, of which one ' +
      'is used at a time (docs/cluster.md); localhost when only a user is given'
  }),
  LOGGER_DB_READ_HOST: text({
    flag: 'db-read-host',
    pattern: '^[^\\s,/@]*$',
    description: 'replica of the MySQL or MariaDB, such as c:3306, that searches and counts are read from, with the ' +
      'same login (docs/cluster.md); empty: they are read where logs are stored'
  }),
  LOGGER_DB_PORT: integer(1, 65_535, {
    flag: 'db-port', default: 3306, description: 'MySQL port of hosts without one, 1 to 65535'
  }),
  LOGGER_DB_NAME: text({
    flag: 'db-name',
    default: 'loggerbot',
    pattern: '^[\\w$-]{1,64}$',
    description: 'database name, 1 to 64 of A-Z a-z 0-9 _ $ -'
  }),
  LOGGER_DB_USER: text({ flag: 'user', description: 'MySQL login' }),
  LOGGER_DB_PASSWORD: text({ flag: 'password', description: 'MySQL password' }),
  LOGGER_DB_SSL: text({
    default: 'false',
    description: 'true: TLS, verified against the system\'s authorities; a file name: a PEM file of the ' +
      'authority to trust; false: no TLS'
  }),
  LOGGER_DB_POOL: integer(1, 1000, { default: 10, description: 'maximal number of MySQL connections, 1 to 1000' }),
  LOGGER_DB_PAGE_COMPRESSION: Type.Boolean({
    default: true,
    description: 'true or false: whether new tables are page compressed where the engine does it at no cost (MariaDB)'
  }),
  LOGGER_DB_FILE: text({
    flag: 'db-file',
    default: 'data/loggerbot.sqlite',
    minLength: 1,
    description: 'SQLite file, used when neither a MySQL host nor a login is given'
  }),
  LOGGER_DB_TIMEOUT: integer(100, 600_000, {
    default: 5000, description: 'time in ms that logs wait for the database before they go to the spool, 100 to 600000'
  }),
  LOGGER_SPOOL_DIR: text({
    flag: 'spool-dir',
    default: 'data/spool',
    description: 'folder that keeps logs while MySQL is unavailable, one for each instance; empty: none'
  }),
  LOGGER_SPOOL_LIMIT: integer(1024 * 1024, Number.MAX_SAFE_INTEGER, {
    default: 4 * 1024 ** 3, description: 'maximal size of the spool in bytes, from 1048576'
  }),
  LOGGER_QUEUE_LIMIT: integer(1024, Number.MAX_SAFE_INTEGER, {
    default: 32 * 1024 * 1024,
    description: 'maximal size of all request bodies in memory in bytes, from 1024; more requests wait'
  }),
  LOGGER_USER_RATE: integer(0, 1_000_000_000, {
    default: 0, description: 'logs per second that one user may send; 0: any number'
  }),
  LOGGER_SEARCH_TIMEOUT: integer(10, 600_000, {
    default: 5000, description: 'time in ms after which a search answers with what it found so far, 10 to 600000'
  }),
  LOGGER_ALERTS: Type.Boolean({
    default: true,
    description: 'true or false: whether to group errors, and to count them (docs/alerts.md)'
  }),
  LOGGER_TELEGRAM_TOKEN: text({
    pattern: '^(\\d{1,19}:[\\w-]{20,100})?$',
    description: 'secret token of the Telegram bot that sends alerts, as @BotFather gives it; empty: no bot'
  }),
  LOGGER_TELEGRAM_API: text({
    default: 'https://api.telegram.org',
    pattern: '^https?://[^\\s?#/@]+(/[^\\s?#]*)?$',
    description: 'address of Telegram\'s Bot API, or of a server of your own that speaks it'
  }),
  LOGGER_ALERT_TARGETS: text({
    pattern: '^ *([\\w.:/-]+( *, *[\\w.:/-]+)*)? *$',
    description: 'hosts, addresses and ranges that webhooks may reach beside public addresses, such as 10.0.0.0/8 or ' +
      'chat.example, comma separated; empty: none'
  }),
  LOGGER_PUBLIC_URL: text({
    pattern: '^(https?://[^\\s?#/@]+(/[^\\s?#]*)?)?$',
    description: 'http or https address at which people reach the page, such as https://logs.example.com: alerts link ' +
      'to it; empty: they have no links'
  }),
  LOGGER_WORD_INDEX: Type.Boolean({
    default: true,
    description: 'true or false: whether to keep an index of words, which finds rare words at once among ' +
      'millions of logs'
  }),
  LOGGER_RETENTION_DAYS: integer(0, 36_500, {
    default: 0, description: 'days that logs are kept, unless their user has a number of days of their own; 0: for ever'
  }),
  LOGGER_RETENTION_ROWS: integer(0, Number.MAX_SAFE_INTEGER, {
    default: 0,
    description: 'maximal number of logs of all users; past it, the oldest logs of users with more than an ' +
      'equal share are deleted; 0: any number'
  }),
  LOGGER_SYSLOG_PORT: integer(0, 65_535, {
    default: 0, description: 'port for syslog over TCP and UDP, 0 to 65535; 0: none'
  }),
  LOGGER_SYSLOG_TLS_PORT: integer(0, 65_535, {
    default: 0, description: 'port for syslog over TLS, 0 to 65535; 0: none'
  }),
  LOGGER_SYSLOG_TLS_CERT: text({ description: 'PEM file of the certificate for syslog over TLS' }),
  LOGGER_SYSLOG_TLS_KEY: text({ description: 'PEM file of the key of that certificate' }),
  LOGGER_SYSLOG_USER: text({ description: 'owner of syslog messages without a token; empty: they are dropped' }),
  LOGGER_SERVER: text({
    description: 'for loggerbot search, tail and export: address of the server; empty: http://127.0.0.1:5000'
  }),
  LOGGER_TOKEN: text({ description: 'for loggerbot search, tail and export: a token with scope read' }),
  LOGGER_API_KEY: text({ description: 'key that opens POST /create_user; empty: it is closed' }),
  // A message fills a MEDIUMTEXT at most, and a request may be one message.
  LOGGER_BODY_LIMIT: integer(1024, 16 * 1024 * 1024 - 1, {
    default: 8 * 1024 * 1024, description: 'maximal size of a request body in bytes, 1024 to 16777215'
  }),
  LOGGER_ELASTICSEARCH: text({
    default: '8.17.0',
    pattern: '^(\\d+\\.\\d+\\.\\d+)?$',
    description: 'version reported to Elasticsearch clients, such as 8.17.0; empty: no paths for them'
  }),
  LOGGER_CORS_ORIGINS: text({
    pattern: '^ *(\\*|[a-z][a-z0-9+.-]*://[^/,* ]+( *, *[a-z][a-z0-9+.-]*://[^/,* ]+)*)? *$',
    description: 'origins of pages that may send logs, such as https://app.example.com, comma separated; *: ' +
      'every origin; empty: none'
  }),
  LOGGER_LOG_LEVEL: Type.Union(levels.map((level) => Type.Literal(level)), {
    default: 'warn', description: `level of the server's own log: ${levels.join(', ')}`
  }),
  LOGGER_TRUST_PROXY: text({
    default: 'false', description: 'trust X-Forwarded-For: false, true, or a list of proxy addresses, comma separated'
  })
})

export type Settings = Static<typeof settingsSchema>
export type SettingName = keyof Settings

/** Environment variables by name. */
export type Environment = Record<string, string | undefined>

function text ({ default: standard = '', ...options }: SchemaOptions) {
  return Type.String({ default: standard, ...options })
}

function integer (minimum: number, maximum: number, options: SchemaOptions) {
  return Type.Integer({ minimum, maximum, ...options })
}

export interface Setting {
  name: SettingName
  /** Name of its flag, without dashes. */
  flag: string | undefined
  default: string
  description: string
}

/** The settings as --help and docs/settings.md list them. */
export const settingsTable: Setting[] = Object.entries<TSchema>(settingsSchema.properties).map(([name, schema]) => ({
  name: name as SettingName,
  flag: schema.flag,
  default: String(schema.default),
  description: schema.description ?? ''
}))

/** Settings as text, from flags or a test. */
export type GivenSettings = Partial<Record<SettingName, string>>

/** As env-schema's own, but compiled once for all readers, and without the schema of schemas: both save 0.1 s. */
const ajv = new Ajv({
  allErrors: true,
  removeAdditional: true,
  useDefaults: true,
  coerceTypes: true,
  keywords: ['flag'],
  validateSchema: false,
  // In strict mode Ajv lets Infinity pass: it compares no limit with a number that is not finite.
  strictNumbers: false
})

/** Options of env-schema, and so of @fastify/env, for the settings. */
export function envOptions (...data: [EnvSchemaData, ...EnvSchemaData[]]) {
  return { schema: settingsSchema, data, env: false, ajv }
}

/**
 * Reads the settings: a flag goes before the environment, that before `.env` in the working
 * directory, that before the default. Throws UsageError, one line that names each wrong setting.
 */
export function readSettings (given: GivenSettings = {}, env: Environment = process.env): Settings {
  try {
    return envSchema<Settings>({ ...envOptions({ ...env }, { ...given }), dotenv: true })
  } catch (error) {
    throw new UsageError(explain(error))
  }
}

/** Where a setting was given; `.env` of the working directory also stands for nowhere. */
export type SettingSource = 'flag' | 'environment' | '.env'

export function sourceOf (name: SettingName, given: GivenSettings, env: Environment): SettingSource {
  if (given[name] !== undefined) return 'flag'
  return env[name] === undefined ? '.env' : 'environment'
}

/** Home folder of the user. */
export function homeOf (env: Environment): string {
  return env.HOME ?? homedir()
}

function explain (error: unknown): string {
  const broken: ErrorObject[] = error instanceof Error && 'errors' in error ? error.errors as ErrorObject[] : []
  const names = new Set(broken.map(({ instancePath }) => instancePath.slice(1)))
  const lines = settingsTable.filter(({ name }) => names.has(name)).map(({ name, flag, description }) =>
    `${name}${flag ? ` (--${flag})` : ''} is not valid: ${description}`)
  return lines.join('; ') || `settings: ${error instanceof Error ? error.message : error}`
}

/** Database of the settings: MySQL when a host or a login is given, else the embedded SQLite. */
export function databaseOptions (settings: Settings): DatabaseOptions {
  if (settings.LOGGER_DB_HOST === '' && settings.LOGGER_DB_USER === '') return { file: settings.LOGGER_DB_FILE }
  return {
    host: settings.LOGGER_DB_HOST || 'localhost',
    port: settings.LOGGER_DB_PORT,
    ...settings.LOGGER_DB_READ_HOST !== '' && { readHost: settings.LOGGER_DB_READ_HOST },
    user: settings.LOGGER_DB_USER,
    password: settings.LOGGER_DB_PASSWORD,
    database: settings.LOGGER_DB_NAME,
    ssl: booleanOr(settings.LOGGER_DB_SSL),
    pool: settings.LOGGER_DB_POOL,
    pageCompression: settings.LOGGER_DB_PAGE_COMPRESSION
  }
}

/** Number of processes that serve. */
export function workersOf ({ LOGGER_WORKERS: workers }: Settings): number {
  return workers === 'auto' ? Math.min(availableParallelism(), 64) : Number(workers)
}

/** The bot of Telegram; undefined when there is none. */
export function telegramOptions ({ LOGGER_TELEGRAM_TOKEN: token, LOGGER_TELEGRAM_API: apiRoot }: Settings) {
  return token === '' ? undefined : { token, apiRoot }
}

/** The entries of a setting that is a list. */
export function listOf (setting: string): string[] {
  return setting.split(',').map((entry) => entry.trim()).filter((entry) => entry !== '')
}

/** Spool for outages of MySQL; undefined when there is none, and for the embedded SQLite, which has no outages. */
export function spoolOptions (settings: Settings): SpoolOptions | undefined {
  if (settings.LOGGER_SPOOL_DIR === '' || 'file' in databaseOptions(settings)) return undefined
  return { folder: settings.LOGGER_SPOOL_DIR, limit: settings.LOGGER_SPOOL_LIMIT }
}

/** Ports and owner of syslog; undefined when it is off. Throws UsageError. */
export function syslogOptions (settings: Settings) {
  const { LOGGER_SYSLOG_PORT: port, LOGGER_SYSLOG_TLS_PORT: tlsPort } = settings
  const { LOGGER_SYSLOG_TLS_CERT: cert, LOGGER_SYSLOG_TLS_KEY: key } = settings
  if (port === 0 && tlsPort === 0) return undefined
  if (tlsPort > 0 && (cert === '' || key === '')) {
    throw new UsageError('LOGGER_SYSLOG_TLS_PORT needs LOGGER_SYSLOG_TLS_CERT and LOGGER_SYSLOG_TLS_KEY')
  }
  return {
    host: settings.LOGGER_HOST,
    port,
    ...tlsPort > 0 && { tls: { port: tlsPort, cert, key } },
    ...settings.LOGGER_SYSLOG_USER !== '' && { user: settings.LOGGER_SYSLOG_USER }
  }
}

/** Reads `true`, `false` (also when empty), or leaves the text as it is. */
export function booleanOr (value: string): boolean | string {
  if (value === 'true') return true
  return value === 'false' || value === '' ? false : value
}
