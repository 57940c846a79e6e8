import fp from 'fastify-plugin'
import { parseJson } from '../../src/decode/json/parse.ts'
import { readWhole } from '../../src/decode/unpack/index.ts'
import { refuseParameters, takeJsonBodies, useApiRules } from '../../src/http/scope.ts'
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

/** Routes that administer the server, and those that show users what they use and what was refused. */
export default fp<AdminOptions>(async (app, options) => {
  useApiRules(app, maxBodyBytes)
  refuseParameters(app)
  takeJsonBodies(app, async (body, maxBytes) => parseJson(await readWhole(body, maxBytes)))
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
