import type { IncomingMessage } from 'node:http'
import fp from 'fastify-plugin'
import type { FastifyError, FastifyRequest } from 'fastify'
import { keepPrivate, refuseLongBodies, sendDetailedError } from '../../src/http/answers.ts'
import { readWhole } from '../../src/decode/unpack/index.ts'
import { parseJson } from '../../src/decode/json/parse.ts'
import { useOwnCompilers } from '../../src/http/compilers.ts'
import session from './session.ts'
import tokens from './tokens.ts'

/** Names and passwords of 100 characters, however they are escaped. */
const bodyLimit = 16 * 1024

/** What a user does with their own account: sessions of browsers, and tokens for programs. */
export default fp(async (app) => {
  useOwnCompilers(app)
  app.setErrorHandler((error, request, reply) => sendDetailedError(app.readFailure(error) as FastifyError, request, reply))
  refuseLongBodies(app, bodyLimit)
  keepPrivate(app)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', async (request: FastifyRequest, payload: IncomingMessage) =>
    parseJson(await readWhole(app.roomOf(request).read(payload), bodyLimit)))
  // After the hook that finds out who the caller is, where there is one.
  app.addHook('onRoute', (route) => { route.onRequest = [...[route.onRequest ?? []].flat(), app.awaitRoom] })
  await app.register(session)
  await app.register(tokens)
}, { name: 'loggerbot-account', fastify: '5.x', encapsulate: true, dependencies: ['loggerbot-auth', 'loggerbot-search', 'loggerbot-writer'] })
