import type { IncomingMessage } from 'node:http'
import { Type } from '@sinclair/typebox'
import fp from 'fastify-plugin'
import type { FastifyError, FastifyRequest } from 'fastify'
import { parseJson } from '../../src/decode/json/parse.ts'
import { readWhole } from '../../src/decode/unpack/index.ts'
import { describeRefusals, keepPrivate, refuseLongBodies, sendDetailedError } from '../../src/http/answers.ts'
import { useOwnCompilers } from '../../src/http/compilers.ts'
import { compressAnswers } from '../../src/http/gzip.ts'
import audit from './audit.ts'
import deadLetters from './dead-letters.ts'
import server, { type AdminOptions } from './server.ts'
import setup from './setup.ts'
import storage from './storage.ts'
import usage from './usage.ts'
import users from './users.ts'

export type { AdminOptions } from './server.ts'

/** Enough for names and passwords of 100 characters, however they are escaped. */
const maxBodyBytes = 16 * 1024

const noParameters = Type.Object({}, { additionalProperties: false })

/** Routes that administer the server, and those that show users what they use and what was refused. */
export default fp<AdminOptions>(async (app, options) => {
  useOwnCompilers(app)
  app.setErrorHandler((error, request, reply) =>
    sendDetailedError(app.logReaders.failureOf(error) as FastifyError, request, reply))
  refuseLongBodies(app, maxBodyBytes)
  keepPrivate(app)
  describeRefusals(app)
  compressAnswers(app)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', async (request: FastifyRequest, payload: IncomingMessage) =>
    parseJson(await readWhole(app.memoryOf(request).read(payload), maxBodyBytes)))
  // After the hook that finds the caller, on routes that have it.
  app.addHook('onRoute', (route) => { route.onRequest = [...[route.onRequest ?? []].flat(), app.reserveMemory] })
  // No route ignores a parameter that it does not know.
  app.addHook('onRoute', ({ schema }) => { if (schema) schema.querystring ??= noParameters })
  await app.register(server, options)
  await app.register(setup)
  await app.register(users)
  await app.register(usage)
  await app.register(storage)
  await app.register(deadLetters)
  await app.register(audit)
}, {
  name: 'loggerbot-admin',
  fastify: '5.x',
  encapsulate: true,
  dependencies: [
    'loggerbot-auth', 'loggerbot-setup', 'loggerbot-search', 'loggerbot-writer', 'loggerbot-word-index',
    'loggerbot-retention'
  ]
})
