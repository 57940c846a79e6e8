import type { FastifyPluginAsync } from 'fastify'
import auth, { type AuthOptions } from '../plugins/auth.ts'
import db, { type DbOptions } from '../plugins/db.ts'
import openapi from '../plugins/openapi.ts'
import writer from '../plugins/writer.ts'
import contract, { type ContractOptions } from '../routes/contract/index.ts'
import ops from '../routes/ops/index.ts'

export interface LoggerBotOptions extends DbOptions, AuthOptions, ContractOptions {}

/**
 * The whole service as one plugin, in the order in which a log meets its parts. It keeps to its own
 * scope: register it under any prefix, more than once, in an app that is somebody else's.
 */
const loggerbot: FastifyPluginAsync<LoggerBotOptions> = async (app, { database, knex, migrate, apiKey, bodyLimit, authenticate }) => {
  await app.register(db, { database, knex, migrate })
  await app.register(auth, { apiKey })
  await app.register(writer)

  await app.register(openapi)
  await app.register(contract, { bodyLimit, authenticate })
  await app.register(ops)
}

export default loggerbot
