import fp from 'fastify-plugin'
import { sendDetailedError } from '../../src/answers.ts'
import { useOwnCompilers } from '../../src/schema.ts'
import session from './session.ts'
import tokens from './tokens.ts'

/** What a user does with their own account: sessions of browsers, and tokens for programs. */
export default fp(async (app) => {
  useOwnCompilers(app)
  app.setErrorHandler(sendDetailedError)
  await app.register(session)
  await app.register(tokens)
}, { name: 'loggerbot-account', fastify: '5.x', encapsulate: true, dependencies: ['loggerbot-auth'] })
