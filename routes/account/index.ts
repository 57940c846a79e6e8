import fp from 'fastify-plugin'
import { parseJson } from '../../src/decode/json/parse.ts'
import { readWhole } from '../../src/decode/unpack/index.ts'
import { refuseParameters, takeJsonBodies, useApiRules } from '../../src/http/scope.ts'
import password from './password.ts'
import readSearches from './searches/read.ts'
import writeSearches from './searches/write.ts'
import session from './session.ts'
import sessions from './sessions.ts'
import settings from './settings.ts'
import tokens from './tokens.ts'

/** Enough for names and passwords of 100 characters, however they are escaped. */
const bodyLimit = 16 * 1024

/** Routes of a user's own account: sessions of browsers, tokens of programs, saved searches and settings. */
export default fp(async (app) => {
  useApiRules(app, bodyLimit)
  refuseParameters(app)
  takeJsonBodies(app, async (body, maxBytes) => parseJson(await readWhole(body, maxBytes)))
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
