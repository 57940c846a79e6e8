import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { databaseOptions, syslogOptions, type Settings } from '../config.ts'
import { codeOf, CommandError } from '../errors.ts'
import { buildServer } from '../server.ts'
import { version } from '../version.ts'
import { shellQuote, urlOf, type Command } from './command.ts'
import { describeDatabase, explained } from './database.ts'

/** Serves until it is told to stop. */
export const serve: Command = {
  summary: 'take logs in over HTTP until SIGINT or SIGTERM (what npm start runs)',
  options: {
    migrate: { type: 'boolean', description: 'bring the tables of a MySQL database up to date first' }
  },

  async run (settings, { options, flags, streams, print }) {
    const app = buildServer(settings, { migrate: options.migrate === true || undefined, logStream: streams.log })
    const ignoreSignals = closeOnSignal(app)
    try {
      await app.listen({ host: settings.LOGGER_HOST, port: settings.LOGGER_PORT })
    } catch (error) {
      await app.close()
      ignoreSignals()
      throw explainListen(error, settings)
    }
    const { address, port } = app.server.address() as AddressInfo
    const url = urlOf(address, port)
    print(`LoggerBot Server ${version}`)
    print(`  listens on  ${url} (described at ${url}/docs)`)
    print(`  database    ${describeDatabase(databaseOptions(settings))}`)
    for (const line of describeSyslog(settings)) print(`  syslog      ${line}`)
    print(`  next        npx loggerbot user add me${repeat({ ...flags, ...'port' in flags && { port: String(port) } })}`)
  }
}

function describeSyslog (settings: Settings): string[] {
  const { port = 0, tls } = syslogOptions(settings) ?? {}
  return [
    ...port > 0 ? [`TCP and UDP, port ${port}`] : [],
    ...tls ? [`TLS, port ${tls.port}`] : []
  ]
}

/** The flags once more, for a command on the same database. A password is not printed. */
function repeat (flags: Record<string, string>): string {
  return Object.entries(flags)
    .map(([name, value]) => name === 'password' ? ' --password="$LOGGER_DB_PASSWORD"' : ` --${name}=${shellQuote(value)}`)
    .join('')
}

/**
 * Finishes what is under way, once, however many signals come: npm forwards the terminal's Ctrl-C a second time.
 * Returns the function that takes the handlers off.
 */
function closeOnSignal (app: FastifyInstance): () => void {
  let closing: Promise<void> | undefined
  process.on('SIGINT', close).on('SIGTERM', close)
  return () => { process.off('SIGINT', close).off('SIGTERM', close) }

  function close (): void {
    closing ??= app.close().then(() => process.exit(0))
    // A database that hangs must not keep us.
    setTimeout(() => process.exit(1), 9500).unref()
  }
}

function explainListen (error: unknown, settings: Settings): unknown {
  const { LOGGER_HOST: host, LOGGER_SYSLOG_TLS_CERT: cert, LOGGER_SYSLOG_TLS_KEY: key } = settings
  const { port, path } = error as { port?: number, path?: string }
  const setting = port === undefined ? undefined : portSettings.find((name) => settings[name] === port)
  const name = setting === undefined || setting === 'LOGGER_PORT' ? 'LOGGER_PORT (--port)' : setting
  const code = codeOf(error)
  if (path !== undefined && [cert, key].includes(path)) return new CommandError(`${path === cert ? 'LOGGER_SYSLOG_TLS_CERT' : 'LOGGER_SYSLOG_TLS_KEY'}: the file ${path} can't be read (${code})`)
  if (/^ERR_OSSL_/.test(code ?? '')) return new CommandError(`LOGGER_SYSLOG_TLS_CERT, LOGGER_SYSLOG_TLS_KEY: ${cert} and ${key} are no certificate in PEM and its key (${code})`)
  switch (code) {
    case 'EADDRINUSE': return new CommandError(`${name}: ${port} on ${host} is in use; stop what uses it, or choose another`)
    case 'EACCES': return new CommandError(`${name}: ${port} is not for this user to listen on; choose one above 1023`)
    case 'EADDRNOTAVAIL': return new CommandError(`LOGGER_HOST (--host): ${host} is no address of this machine`)
    default: return explained(error, databaseOptions(settings))
  }
}

const portSettings = ['LOGGER_PORT', 'LOGGER_SYSLOG_PORT', 'LOGGER_SYSLOG_TLS_PORT'] as const
