import { STATUS_CODES, type Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Writable } from 'node:stream'
import fastifyEnv from '@fastify/env'
import Fastify, { LogController, type FastifyHttpOptions, type FastifyInstance } from 'fastify'
import loggerbot, { type LoggerBotOptions } from './app.ts'
import {
  booleanOr, databaseOptions, envOptions, listOf, spoolOptions, syslogOptions, telegramOptions, type Settings
} from './config.ts'
import { NotFound, Unavailable } from './errors.ts'
import { answerOf, privateHeaders, sendError } from './http/answers.ts'
import type { WorkerLink } from './workers/worker.ts'

/** Timeouts of clients and of closing, in ms. */
export interface Timeouts {
  /** For the headers of a request. */
  headers: number
  /** For a whole request; for a streamed one, between two parts of its body. */
  request: number
  /** Between two requests of a connection. */
  keepAlive: number
  /** For open requests once the server closes; past it, their connections are cut. */
  close: number
}

const defaultTimeouts: Timeouts = { headers: 10_000, request: 60_000, keepAlive: 72_000, close: 8_000 }

export interface ServerOptions {
  /** Bring the tables up to date first. Default: only those of SQLite. */
  migrate?: boolean
  timeouts?: Timeouts
  /** Called at start, while there is no user, with the code that opens POST /api/setup. Default: it is closed. */
  onSetupCode?: (code: string) => void
  /** Destination of the server's own log. Default: file descriptor 1. */
  logStream?: Writable | undefined
  /** The channel to the other workers. Default: this process serves alone. */
  workers?: WorkerLink | undefined
}

/**
 * The service on a server of its own, with timeouts, trusted proxies, and the 404 handler.
 * In a host app, the host decides these. Does not listen by itself.
 */
export function buildServer (
  settings: Settings, { migrate, timeouts = defaultTimeouts, onSetupCode, logStream, workers }: ServerOptions = {}
): FastifyInstance {
  const streams = new WeakSet<Socket>()
  const answered = new WeakSet<Socket>()
  const options: FastifyHttpOptions<Server> = {
    logger: { level: settings.LOGGER_LOG_LEVEL, stream: logStream },
    // Refusals and failures are logged where they are answered; successes are not logged.
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: booleanOr(settings.LOGGER_TRUST_PROXY),
    // A migration may take longer than any limit; everything else at startup has its own.
    pluginTimeout: 0,
    requestTimeout: timeouts.request,
    // Logs are accepted until the server is closed; see closeConnections.
    return503OnClosing: false,
    keepAliveTimeout: timeouts.keepAlive,
    http: { headersTimeout: timeouts.headers, connectionsCheckingInterval: Math.min(1000, timeouts.headers) },
    clientErrorHandler: (error, socket) => {
      // The request was refused before the end of its body, which does not come: it has its answer.
      if (answered.has(socket)) socket.destroy()
      // Node emits a late request once, also for a stream, which then continues.
      else if (error.code !== lateRequest || !streams.has(socket)) answerClientError(error, socket)
    },
    frameworkErrors: (error, request, reply) => { sendError(error, request, reply) }
  }
  const app = Fastify(options)
  closeConnections(app, timeouts.close)
  allowLongStreams(app, streams, timeouts.request)
  rememberEarlyAnswers(app, answered)
  app.setErrorHandler(sendError)
  refuseUnknownPaths(app)

  app.register(fastifyEnv, envOptions({ ...settings }))
  app.register(loggerbot, (parent) => {
    const options = { ...serviceOptions(parent.getEnvs<Settings>()), migrate, onSetupCode }
    return workers === undefined ? options : shared(options, workers)
  })
  return app
}

function serviceOptions (settings: Settings): LoggerBotOptions {
  const { LOGGER_ELASTICSEARCH: version } = settings
  return {
    database: databaseOptions(settings),
    spool: spoolOptions(settings),
    patience: settings.LOGGER_DB_TIMEOUT,
    queueLimit: settings.LOGGER_QUEUE_LIMIT,
    userRate: settings.LOGGER_USER_RATE,
    searchBudget: settings.LOGGER_SEARCH_TIMEOUT,
    syslog: syslogOptions(settings),
    wordIndex: settings.LOGGER_WORD_INDEX,
    alerts: settings.LOGGER_ALERTS,
    telegram: telegramOptions(settings),
    alertTargets: listOf(settings.LOGGER_ALERT_TARGETS),
    publicUrl: settings.LOGGER_PUBLIC_URL || undefined,
    retention: { days: settings.LOGGER_RETENTION_DAYS, rows: settings.LOGGER_RETENTION_ROWS },
    apiKey: settings.LOGGER_API_KEY,
    bodyLimit: settings.LOGGER_BODY_LIMIT,
    corsOrigins: listOf(settings.LOGGER_CORS_ORIGINS),
    elasticsearch: version !== '' && { version, root: true }
  }
}

/** The options of one of several workers. */
function shared (options: LoggerBotOptions, workers: WorkerLink): LoggerBotOptions {
  const { database, spool, syslog } = options
  const { count, readsDatagrams, setupCode } = workers.role
  return {
    ...options,
    setupCode,
    database: database && 'file' in database ? { ...database, isShared: true } : database,
    joinMetrics: (own) => workers.joinMetrics(own),
    spool: spool && { ...spool, limit: spool.limit && Math.floor(spool.limit / count), isShared: true, peers: workers },
    syslog: syslog && { ...syslog, datagrams: readsDatagrams }
  }
}

/** Remembers the sockets of requests that were answered before the end of their body. */
function rememberEarlyAnswers (app: FastifyInstance, answered: WeakSet<Socket>): void {
  app.addHook('onResponse', async ({ raw }) => {
    if (raw.complete) return
    answered.add(raw.socket)
    raw.once('end', () => answered.delete(raw.socket))
  })
}

/** Answers 404 to a path without a route before its body is read. */
function refuseUnknownPaths (app: FastifyInstance): void {
  app.addHook('onRequest', async ({ is404 }, reply) => {
    if (!is404) return
    reply.headers(privateHeaders)
    throw new NotFound()
  })
}

/**
 * Closes the connections of a closing server, which would hold it open.
 *
 * Each goes as soon as its request is answered, and at once if no request was begun, which Node does not count as idle.
 * A request with logs that comes before is accepted, as the writer ends last; others are refused.
 */
function closeConnections (app: FastifyInstance, timeoutMs: number): void {
  const sockets = new Set<Socket>()
  let isClosing = false
  app.server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  app.addHook('onRequest', ({ routeOptions: { config: { logAccess } } }, _reply, done) => {
    const sendsLogs = logAccess === 'contract' || logAccess === 'write'
    done(isClosing && !sendsLogs ? new Unavailable('the server closes') : undefined)
  })
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (isClosing) reply.header('connection', 'close')
    done()
  })

  app.addHook('preClose', (done) => {
    isClosing = true
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy()
    const sweep = setInterval(() => app.server.closeIdleConnections(), 50)
    const cut = setTimeout(() => app.server.closeAllConnections(), timeoutMs)
    app.server.once('close', () => {
      clearInterval(sweep)
      clearTimeout(cut)
    })
    done()
  })
}

/** Lets a streamed request take any time, as long as parts of its body arrive within the timeout. */
function allowLongStreams (app: FastifyInstance, streams: WeakSet<Socket>, timeoutMs: number): void {
  app.addHook('onRequest', (request, reply, done) => {
    if (request.routeOptions.config.logStream) {
      const { socket } = request.raw
      streams.add(socket)
      request.raw.setTimeout(timeoutMs, () => answerClientError({ code: lateRequest }, socket))
      request.raw.once('end', () => socket.setTimeout(0))
      reply.raw.once('close', () => streams.delete(socket))
    }
    done()
  })
}

const lateRequest = 'ERR_HTTP_REQUEST_TIMEOUT'

const clientErrors: Record<string, number> = { HPE_HEADER_OVERFLOW: 431, [lateRequest]: 408 }

/** Answers bytes that are not HTTP, which never become a request, on the bare socket. */
function answerClientError ({ code = '' }: { code?: string }, socket: Socket): void {
  if (code === 'ECONNRESET' || !socket.writable) return
  const status = clientErrors[code] ?? 400
  const body = JSON.stringify(answerOf(status))
  socket.end([
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${body.length}`,
    'Connection: close',
    '',
    body
  ].join('\r\n'))
}
