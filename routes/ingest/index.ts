import fp from 'fastify-plugin'
import { keepPrivate, refuseLongBodies, sendDetailedError } from '../../src/http/answers.ts'
import { readIdempotencyKey } from '../../src/decode/batch-key.ts'
import { useOwnCompilers } from '../../src/http/compilers.ts'
import { takeBodies } from './shared/body.ts'
import { allowOrigins } from './shared/cors.ts'
import datadog from './datadog.ts'
import elasticsearch from './elasticsearch/index.ts'
import type { IngestOptions } from './options.ts'
import gelf from './gelf.ts'
import hec from './hec.ts'
import journal from './journal.ts'
import jsonLogs from './json-logs.ts'
import loki from './loki.ts'
import otlp from './otlp.ts'
import python from './python.ts'
import seq from './seq.ts'
import { allowExtraSlashes } from './shared/slashes.ts'
import { takeUrlTokens } from './shared/url-token.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** What its sender named it by, so that it may come again: header Idempotency-Key. */
    idempotencyKey?: string
  }
}

/**
 * Taking logs in by the protocols that loggers speak. Whoever sends them is known before the body is
 * read. A body is what its bytes are, whatever its content type says: each protocol gets it unpacked, as
 * a Buffer.
 */
export default fp<IngestOptions>(async (app, { bodyLimit = 8 * 1024 * 1024, corsOrigins = [], elasticsearch: elasticsearchOptions = { version: '8.17.0' } }) => {
  useOwnCompilers(app)
  app.setErrorHandler(sendDetailedError)
  keepPrivate(app)
  allowOrigins(app, corsOrigins)
  refuseLongBodies(app, bodyLimit)
  allowExtraSlashes(app)
  takeUrlTokens(app)
  takeBodies(app, bodyLimit)
  app.decorateRequest('idempotencyKey')
  app.addHook('onRequest', async (request) => { request.idempotencyKey = readIdempotencyKey(request.headers['idempotency-key']) })
  app.addHook('preParsing', async (request, reply) => {
    if (!request.routeOptions.config.logStream) return
    const right = app.untilRightEnds(request, reply)
    right.addEventListener('abort', () => app.memoryOf(request).release(right.reason))
  })

  await app.register(jsonLogs, { bodyLimit })
  await app.register(otlp)
  await app.register(loki, { bodyLimit })
  if (elasticsearchOptions) await app.register(elasticsearch, elasticsearchOptions)
  await app.register(journal, { bodyLimit })
  await app.register(python)
  await app.register(hec)
  await app.register(gelf, { bodyLimit })
  await app.register(datadog)
  await app.register(seq)
}, { name: 'loggerbot-ingest', fastify: '5.x', encapsulate: true, dependencies: ['loggerbot-auth', 'loggerbot-writer'] })
