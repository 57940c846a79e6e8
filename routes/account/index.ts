import type { IncomingMessage } from 'node:http'
import { Type } from '@sinclair/typebox'
import fp from 'fastify-plugin'
import type { FastifyError, FastifyRequest } from 'fastify'
import { parseJson } from '../../src/decode/json/parse.ts'
import { readWhole } from '../../src/decode/unpack/index.ts'
import { describeRefusals, keepPrivate, refuseLongBodies, sendDetailedError } from '../../src/http/answers.ts'
import { useOwnCompilers } from '../../src/http/compilers.ts'
import { compressAnswers } from '../../src/http/gzip.ts'
import password from './password.ts'
import readSearches from './searches/read.ts'
import writeSearches from './searches/write.ts'
import session from './session.ts'
import sessions from './sessions.ts'
import settings from './settings.ts'
import tokens from './tokens.ts'

/** Enough for names and passwords of 100 characters, however they are escaped. */
const bodyLimit = 16 * 1024

/** Of routes that take none: unknown ones are refused everywhere. */
const noParameters = Type.Object({}, { additionalProperties: false })

/** Routes of a user's own account: sessions of browsers, tokens of programs, saved searches and settings. */
export default fp(async (app) => {
  useOwnCompilers(app)
  app.setErrorHandler((error, request, reply) =>
    sendDetailedError(app.logReaders.failureOf(error) as FastifyError, request, reply))
  refuseLongBodies(app, bodyLimit)
  keepPrivate(app)
  describeRefusals(app)
  compressAnswers(app)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', async (request: FastifyRequest, payload: IncomingMessage) =>
    parseJson(await readWhole(app.memoryOf(request).read(payload), request.routeOptions.bodyLimit)))
  // After the hook that finds the caller, on routes that have it.
  app.addHook('onRoute', (route) => { route.onRequest = [...[route.onRequest ?? []].flat(), app.reserveMemory] })
  app.addHook('onRoute', ({ schema }) => { if (schema) schema.querystring ??= noParameters })
  await app.register(session)
  await app.register(sessions)
  await app.register(password)
  await app.register(readSearches)
  await app.register(writeSearches)
  await app.register(settings)
  await app.register(tokens)
}, {
  name: 'loggerbot-account',
  fastify: '5.x',
  encapsulate: true,
  dependencies: ['loggerbot-auth', 'loggerbot-search', 'loggerbot-writer']
})
