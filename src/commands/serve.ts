import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { databaseOptions, type Settings } from '../config.ts'
import { codeOf, CommandError } from '../errors.ts'
import { buildServer } from '../server.ts'
import { version } from '../version.ts'
import { print, shellQuote, type Command } from './command.ts'
import { describeDatabase, explained } from './database.ts'

/** Serves until it is told to stop. */
export const serve: Command = {
  summary: 'take logs in over HTTP until SIGINT or SIGTERM (what npm start runs)',
  options: {
    migrate: { type: 'boolean', description: 'bring the tables of a MySQL database up to date first' }
  },

  async run (settings, { options, flags }) {
    const app = buildServer(settings, { migrate: options.migrate === true || undefined })
    closeOnSignal(app)
    try {
      await app.listen({ host: settings.LOGGER_HOST, port: settings.LOGGER_PORT })
    } catch (error) {
      await app.close()
      throw explainListen(error, settings)
    }
    const { address, port } = app.server.address() as AddressInfo
    const url = urlOf(address, port)
    print(`LoggerBot Server ${version}`)
    print(`  listens on  ${url} (described at ${url}/docs)`)
    print(`  database    ${describeDatabase(databaseOptions(settings))}`)
    print(`  next        npx loggerbot user add me${repeat({ ...flags, ...'port' in flags && { port: String(port) } })}`)
  }
}

/** The flags once more, for a command on the same database. A password is not printed. */
function repeat (flags: Record<string, string>): string {
  return Object.entries(flags)
    .map(([name, value]) => name === 'password' ? ' --password="$LOGGER_DB_PASSWORD"' : ` --${name}=${shellQuote(value)}`)
    .join('')
}

/** Where a client on this machine reaches the server. */
export function urlOf (host: string, port: number): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`
}

/** Finishes what is under way, once, however many signals come: npm forwards the terminal's Ctrl-C a second time. */
function closeOnSignal (app: FastifyInstance): void {
  let closing: Promise<void> | undefined
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      closing ??= app.close().then(() => process.exit(0))
      // A database that hangs must not keep us.
      setTimeout(() => process.exit(1), 9500).unref()
    })
  }
}

function explainListen (error: unknown, settings: Settings): unknown {
  const { LOGGER_HOST: host, LOGGER_PORT: port } = settings
  switch (codeOf(error)) {
    case 'EADDRINUSE': return new CommandError(`LOGGER_PORT (--port): ${port} on ${host} is in use; stop what uses it, or choose another`)
    case 'EACCES': return new CommandError(`LOGGER_PORT (--port): ${port} is not for this user to listen on; choose one above 1023`)
    case 'EADDRNOTAVAIL': return new CommandError(`LOGGER_HOST (--host): ${host} is no address of this machine`)
    default: return explained(error, databaseOptions(settings))
  }
}
