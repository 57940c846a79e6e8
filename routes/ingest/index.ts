import fp from 'fastify-plugin'
import { keepPrivate, refuseLongBodies, sendDetailedError } from '../../src/http/answers.ts'
import { readIdempotencyKey } from '../../src/decode/batch-key.ts'
import { useOwnCompilers } from '../../src/http/compilers.ts'
import { parseAsBuffer } from './shared/body.ts'
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
import { acceptUrlTokens } from './shared/url-token.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The header Idempotency-Key, which makes a retry of the request safe. */
    idempotencyKey?: string
  }
}

/**
 * Receives logs by the protocols that loggers speak.
 *
 * The sender is authenticated before the body is read. A protocol gets the body unpacked, as a Buffer, and decodes it
 * by its bytes, whatever its content type says.
 */
export default fp<IngestOptions>(async (app, options) => {
  const { bodyLimit = 8 * 1024 * 1024, corsOrigins = [] } = options
  const { elasticsearch: elasticsearchOptions = { version: '8.17.0' } } = options
  useOwnCompilers(app)
  app.setErrorHandler(sendDetailedError)
  keepPrivate(app)
  allowOrigins(app, corsOrigins)
  refuseLongBodies(app, bodyLimit)
  allowExtraSlashes(app)
  acceptUrlTokens(app)
  parseAsBuffer(app, bodyLimit)
  app.decorateRequest('idempotencyKey')
  app.addHook('onRequest', async (request) => {
    request.idempotencyKey = readIdempotencyKey(request.headers['idempotency-key'])
  })
  app.addHook('preParsing', async (request, reply) => {
    if (!request.routeOptions.config.logStream) return
    const right = app.untilRightEnds(request, reply)
    right.addEventListener('abort', () => app.memoryOf(request).release(() => right.reason))
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
}, {
  name: 'loggerbot-ingest',
  fastify: '5.x',
  encapsulate: true,
  dependencies: ['loggerbot-auth', 'loggerbot-writer']
})
