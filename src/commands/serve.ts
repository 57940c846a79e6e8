import type { AddressInfo } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import type { FastifyInstance } from 'fastify'
import { databaseOptions, syslogOptions, workersOf, type Settings } from '../config.ts'
import { codeOf, CommandError } from '../errors.ts'
import { buildServer } from '../server.ts'
import { version } from '../version.ts'
import { retirable } from '../workers/retire.ts'
import type { WorkerLink } from '../workers/worker.ts'
import { shellQuote, urlOf, type Context } from './context.ts'
import { describeDatabase, explained } from './database.ts'

export interface ServeOptions {
  migrate?: boolean
  /** Set by the primary of several workers, for each of them. */
  worker?: boolean
}

/** Bound on a shutdown: a database that hangs must not keep the process. */
const shutdownTimeoutMs = 9500

/** Starts the server, or several workers, which run until a signal ends them. */
export async function serve (context: Context, options: ServeOptions): Promise<void> {
  const { settings, print, warn } = context
  if (options.worker) return serveAsWorker(context, options)
  const count = workersOf(settings)
  if (count > 1) {
    const { Primary } = await import('../workers/primary.ts')
    process.exit(await new Primary({ count, args: process.argv.slice(2), print, warn }).run())
  }
  for (const line of await start(context, options)) print(line)
}

async function serveAsWorker (context: Context, options: ServeOptions): Promise<void> {
  const { WorkerLink } = await import('../workers/worker.ts')
  const workers = await WorkerLink.open()
  try {
    workers.ready(await start(context, options, workers))
  } catch (error) {
    workers.release()
    throw error
  }
}

/** Starts the server; resolves to lines about it for the operator. */
async function start (
  { settings, flags, streams }: Context, { migrate }: ServeOptions, workers?: WorkerLink
): Promise<string[]> {
  allocateYoung()
  const setupCodes: string[] = []
  const app = buildServer(settings, {
    migrate, logStream: streams.log, workers, onSetupCode: (code) => { setupCodes.push(code) }
  })
  const ignoreSignals = closeOnSignal(app, workers)
  try {
    await app.listen({ host: settings.LOGGER_HOST, port: settings.LOGGER_PORT })
  } catch (error) {
    await app.close()
    ignoreSignals()
    throw explainListen(error, settings)
  }
  const { address, port } = app.server.address() as AddressInfo
  const url = urlOf(address, port)
  const repeated = repeatFlags({ ...flags, ...'port' in flags && { port: String(port) } })
  return [
    `LoggerBot Server ${version}`,
    `  listens on  ${url} (described at ${url}/docs)`,
    `  database    ${describeDatabase(databaseOptions(settings))}`,
    ...workers ? [`  workers     ${workers.role.count}`] : [],
    ...describeSyslog(settings).map((line) => `  syslog      ${line}`),
    ...setupCodes.map((code) => `  setup code  ${code} (creates the first user: POST ${url}/api/setup)`),
    `  next        npx loggerbot user add me${repeated}`
  ]
}

/**
 * Lets no code allocate in the old generation, as V8 does where many objects survive a collection: those of a request
 * survive while it waits for its transaction. A dead object of the old generation keeps alive the young ones that it
 * refers to, until the old generation is collected, which rarely happens.
 */
function allocateYoung (): void {
  setFlagsFromString('--no-allocation-site-pretenuring')
}

function describeSyslog (settings: Settings): string[] {
  const { port = 0, tls } = syslogOptions(settings) ?? {}
  return [
    ...port > 0 ? [`TCP and UDP, port ${port}`] : [],
    ...tls ? [`TLS, port ${tls.port}`] : []
  ]
}

/** The flags that other commands need, as words of a shell. A password is not printed. */
function repeatFlags (flags: Record<string, string>): string {
  const words = Object.entries(flags).filter(([name]) => name !== 'workers').map(([name, value]) =>
    name === 'password' ? ' --password="$LOGGER_DB_PASSWORD"' : ` --${name}=${shellQuote(value)}`)
  return words.join('')
}

/**
 * Closes the server at the first SIGINT or SIGTERM, and then ends the process; npm forwards Ctrl-C a second time.
 * A worker does so, too, when it is retired. Returns a function that removes the handlers.
 */
function closeOnSignal (app: FastifyInstance, workers?: WorkerLink): () => void {
  let closing: Promise<void> | undefined
  process.on('SIGINT', close).on('SIGTERM', close)
  if (workers) {
    const retire = retirable(app)
    workers.onRetire = () => { retire().then(close, close) }
  }
  return () => { process.off('SIGINT', close).off('SIGTERM', close) }

  function close (): void {
    closing ??= app.close().then(() => workers?.leave()).then(() => process.exit(0))
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
