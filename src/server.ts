import type { Socket } from 'node:net'
import { STATUS_CODES, type Server } from 'node:http'
import type { Writable } from 'node:stream'
import Fastify, { LogController, type FastifyHttpOptions, type FastifyInstance } from 'fastify'
import { answerOf, privateHeaders, sendError } from './http/answers.ts'
import loggerbot from './app.ts'
import { booleanOr, corsOrigins, databaseOptions, spoolOptions, syslogOptions, type Settings } from './config.ts'
import { NotFound } from './errors.ts'

/** In milliseconds, how long a client may take, and how long closing may. */
export interface Timeouts {
  /** For the headers of a request. */
  headers: number
  /** For a whole request; of one that is taken in as it comes, for its next part. */
  request: number
  /** Between two requests of a connection. */
  keepAlive: number
  /** For the requests under way once the server is told to close; then they are cut. */
  close: number
}

const patience: Timeouts = { headers: 10_000, request: 60_000, keepAlive: 72_000, close: 8_000 }

/**
 * The service on a server of its own: what a host app would otherwise decide, namely timeouts,
 * proxies, and the answers to what no route is there for. Listens when told to.
 * Its own log goes to `logStream`, by default to file descriptor 1.
 */
export function buildServer (settings: Settings, { migrate, timeouts = patience, logStream }: { migrate?: boolean, timeouts?: Timeouts, logStream?: Writable } = {}): FastifyInstance {
  const streams = new WeakSet<Socket>()
  const answered = new WeakSet<Socket>()
  const options: FastifyHttpOptions<Server> = {
    logger: { level: settings.LOGGER_LOG_LEVEL, stream: logStream },
    // What is refused or fails is logged where it is answered; what went well is not.
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: booleanOr(settings.LOGGER_TRUST_PROXY),
    // A migration may take longer than any limit; whatever else waits at start has one of its own.
    pluginTimeout: 0,
    requestTimeout: timeouts.request,
    keepAliveTimeout: timeouts.keepAlive,
    http: { headersTimeout: timeouts.headers, connectionsCheckingInterval: Math.min(1000, timeouts.headers) },
    clientErrorHandler: (error, socket) => {
      // The rest of a body that was refused already does not come: there is nothing more to answer.
      if (answered.has(socket)) return socket.destroy()
      // Node tells it once of a request, which then goes on.
      if (error.code !== lateRequest || !streams.has(socket)) answerClientError(error, socket)
    },
    frameworkErrors: sendError
  }
  const app = Fastify(options)
  closeConnections(app, timeouts.close)
  letStreamsLast(app, streams, timeouts.request)
  app.addHook('onResponse', async ({ raw }) => {
    if (raw.complete) return
    answered.add(raw.socket)
    raw.once('end', () => answered.delete(raw.socket))
  })
  app.setErrorHandler(sendError)
  // Before a body is read that nothing is there for.
  app.addHook('onRequest', async ({ is404 }, reply) => {
    if (!is404) return
    reply.headers(privateHeaders)
    throw new NotFound()
  })

  app.register(loggerbot, {
    database: databaseOptions(settings),
    spool: spoolOptions(settings),
    patience: settings.LOGGER_DB_TIMEOUT,
    queueLimit: settings.LOGGER_QUEUE_LIMIT,
    userRate: settings.LOGGER_USER_RATE,
    searchBudget: settings.LOGGER_SEARCH_TIMEOUT,
    syslog: syslogOptions(settings),
    wordIndex: settings.LOGGER_WORD_INDEX,
    retention: { days: settings.LOGGER_RETENTION_DAYS, rows: settings.LOGGER_RETENTION_ROWS },
    migrate,
    apiKey: settings.LOGGER_API_KEY,
    bodyLimit: settings.LOGGER_BODY_LIMIT,
    corsOrigins: corsOrigins(settings),
    elasticsearch: settings.LOGGER_ELASTICSEARCH !== '' && { version: settings.LOGGER_ELASTICSEARCH, root: true }
  })
  return app
}

/**
 * Connections would hold a closing server open: each goes as soon as its request is answered, and
 * at once where none was begun, which Node does not count as idle.
 */
function closeConnections (app: FastifyInstance, patience: number): void {
  const sockets = new Set<Socket>()
  app.server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })

  app.addHook('preClose', (done) => {
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy()
    const sweep = setInterval(() => app.server.closeIdleConnections(), 50)
    const cut = setTimeout(() => app.server.closeAllConnections(), patience)
    app.server.once('close', () => {
      clearInterval(sweep)
      clearTimeout(cut)
    })
    done()
  })
}

/** A request that is taken in as it comes may take as long as it likes, while its parts come. */
function letStreamsLast (app: FastifyInstance, streams: WeakSet<Socket>, patience: number): void {
  app.addHook('onRequest', (request, reply, done) => {
    if (request.routeOptions.config.logStream) {
      const { socket } = request.raw
      streams.add(socket)
      request.raw.setTimeout(patience, () => answerClientError({ code: lateRequest }, socket))
      request.raw.once('end', () => socket.setTimeout(0))
      reply.raw.once('close', () => streams.delete(socket))
    }
    done()
  })
}

const lateRequest = 'ERR_HTTP_REQUEST_TIMEOUT'

const clientErrors: Record<string, number> = { HPE_HEADER_OVERFLOW: 431, [lateRequest]: 408 }

/** What is no HTTP never becomes a request: it is answered on the bare socket. */
function answerClientError ({ code = '' }: { code?: string }, socket: Socket): void {
  if (code === 'ECONNRESET' || !socket.writable) return
  const status = clientErrors[code] ?? 400
  const body = JSON.stringify(answerOf(status))
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`)
}
