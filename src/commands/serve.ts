import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { databaseOptions, syslogOptions, type Settings } from '../config.ts'
import { codeOf, CommandError } from '../errors.ts'
import { buildServer } from '../server.ts'
import { version } from '../version.ts'
import { shellQuote, urlOf, type Context } from './context.ts'
import { describeDatabase, explained } from './database.ts'

export interface ServeOptions {
  migrate?: boolean
}

/** Bound on a shutdown: a database that hangs must not keep the process. */
const shutdownTimeoutMs = 9500

/** Starts the server, which runs until a signal ends it. */
export async function serve ({ settings, flags, streams, print }: Context, { migrate }: ServeOptions): Promise<void> {
  const setupCodes: string[] = []
  const app = buildServer(settings, {
    migrate, logStream: streams.log, onSetupCode: (code) => { setupCodes.push(code) }
  })
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
  for (const code of setupCodes) print(`  setup code  ${code} (creates the first user: POST ${url}/api/setup)`)
  const repeated = repeatFlags({ ...flags, ...'port' in flags && { port: String(port) } })
  print(`  next        npx loggerbot user add me${repeated}`)
}

function describeSyslog (settings: Settings): string[] {
  const { port = 0, tls } = syslogOptions(settings) ?? {}
  return [
    ...port > 0 ? [`TCP and UDP, port ${port}`] : [],
    ...tls ? [`TLS, port ${tls.port}`] : []
  ]
}

/** The flags as words of a shell, for a command on the same database. A password is not printed. */
function repeatFlags (flags: Record<string, string>): string {
  const words = Object.entries(flags).map(([name, value]) =>
    name === 'password' ? ' --password="$LOGGER_DB_PASSWORD"' : ` --${name}=${shellQuote(value)}`)
  return words.join('')
}

/**
 * Closes the server at the first SIGINT or SIGTERM, and then ends the process; npm forwards Ctrl-C a second time.
 * Returns a function that removes the handlers.
 */
function closeOnSignal (app: FastifyInstance): () => void {
  let closing: Promise<void> | undefined
  process.on('SIGINT', close).on('SIGTERM', close)
  return () => { process.off('SIGINT', close).off('SIGTERM', close) }

  function close (): void {
    closing ??= app.close().then(() => process.exit(0))
    setTimeout(() => process.exit(1), shutdownTimeoutMs).unref()
  }
}

function explainListen (error: unknown, settings: Settings): unknown {
  const { LOGGER_HOST: host, LOGGER_SYSLOG_TLS_CERT: cert, LOGGER_SYSLOG_TLS_KEY: key } = settings
  const { port, path } = error as { port?: number, path?: string }
  const code = codeOf(error) ?? ''
  if (path !== undefined && [cert, key].includes(path)) {
    const setting = path === cert ? 'LOGGER_SYSLOG_TLS_CERT' : 'LOGGER_SYSLOG_TLS_KEY'
    return new CommandError(`${setting}: the file ${path} cannot be read (${code})`)
  }
  if (code.startsWith('ERR_OSSL_')) {
    return new CommandError('LOGGER_SYSLOG_TLS_CERT, LOGGER_SYSLOG_TLS_KEY: ' +
      `${cert} and ${key} are not a PEM certificate and its key (${code})`)
  }
  const setting = settingOfPort(settings, port)
  switch (code) {
    case 'EADDRINUSE':
      return new CommandError(`${setting}: ${port} on ${host} is in use; ` +
        'stop the program that uses it, or choose another')
    case 'EACCES':
      return new CommandError(`${setting}: no permission to listen on port ${port}; use a port above 1023`)
    case 'EADDRNOTAVAIL':
      return new CommandError(`LOGGER_HOST (--host): ${host} is not an address of this machine`)
    default:
      return explained(error, databaseOptions(settings))
  }
}

function settingOfPort (settings: Settings, port: number | undefined): string {
  const syslog = (['LOGGER_SYSLOG_PORT', 'LOGGER_SYSLOG_TLS_PORT'] as const).find((name) => settings[name] === port)
  return syslog === undefined || settings.LOGGER_PORT === port ? 'LOGGER_PORT (--port)' : syslog
}
