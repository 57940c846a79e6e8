import type { IncomingMessage } from 'node:http'
import fp from 'fastify-plugin'
import type { FastifyRequest } from 'fastify'
import { refuseLongBodies, sendError } from '../../src/http/answers.ts'
import { readWhole } from '../../src/decode/unpack/index.ts'
import { runInTurns } from '../../src/decode/steps.ts'
import { maxValues } from '../../src/decode/limits.ts'
import { parseSteps } from '../../src/decode/json/steps.ts'
import { MethodNotAllowed } from '../../src/errors.ts'
import { batchKeyOf, readIdempotencyKey } from '../../src/decode/batch-key.ts'
import { useOwnCompilers } from '../../src/http/compilers.ts'
import createUser from './create-user.ts'
import sendLogs, { type SendLogsOptions } from './send-logs.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Key of the request's batch, if the request has an Idempotency-Key. */
    batchKey?: Buffer
  }
}

export interface ContractOptions extends SendLogsOptions {
  /** Maximum size of a request body in bytes. Default 8 MiB; a message holds 16 MiB at most. */
  bodyLimit?: number
}

/** The published contract: POST /send_logs and /create_user, JSON only, every answer in the contract's form. */
export default fp<ContractOptions>(async (app, { bodyLimit = 8 * 1024 * 1024, authenticate }) => {
  useOwnCompilers(app)
  app.setErrorHandler(sendError)
  refuseLongBodies(app, bodyLimit)
  app.removeAllContentTypeParsers()
  app.decorateRequest('batchKey')
  app.addContentTypeParser('application/json', async (request: FastifyRequest, payload: IncomingMessage) => {
    const body = await readWhole(app.memoryOf(request).read(payload), request.routeOptions.bodyLimit)
    const key = readIdempotencyKey(request.headers['idempotency-key'])
    if (key !== undefined) request.batchKey = batchKeyOf(key, body)
    return runInTurns(parseSteps(body, maxValues))
  })

  await app.register(sendLogs, { authenticate })
  await app.register(createUser)

  for (const url of ['/send_logs', '//send_logs', '/create_user']) {
    app.route({
      method: ['GET', 'PUT', 'PATCH', 'DELETE'],
      url,
      config: { logAccess: 'public' },
      schema: { hide: true },
      onRequest: async (_request, reply) => {
        reply.header('allow', 'POST')
        throw new MethodNotAllowed()
      },
      handler: async () => {}
    })
  }
}, {
  name: 'loggerbot-contract',
  fastify: '5.x',
  encapsulate: true,
  dependencies: ['loggerbot-auth', 'loggerbot-writer']
})
