import type { AddressInfo } from 'node:net'
import Fastify, { type FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Test } from 'tap'
import loggerbot, { type LoggerBotOptions } from '../../src/app.ts'
import type { DatabaseOptions } from '../../src/store/dialects/dialect.ts'
import { openKnex } from './databases.ts'
import { apiKey, patienceMs, type TestService } from './service.ts'

/** Starts the whole service inside a host app, on the same decorators; it closes when the test ends. */
export async function startEmbedded (t: Test, database: DatabaseOptions, options: Partial<LoggerBotOptions> = {}): Promise<TestService> {
  const app: FastifyInstance = Fastify()
  app.register(fp(loggerbot), { database, migrate: true, apiKey, patience: patienceMs, searchBudget: patienceMs, ...options })
  t.teardown(() => app.close())
  await app.listen({ host: '127.0.0.1', port: 0 })
  return { app, port: (app.server.address() as AddressInfo).port, options: database, knex: openKnex(t, database) }
}
