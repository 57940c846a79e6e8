import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { contractBody, decodeContractLogs, type ContractBody } from '../../src/decode/contract.ts'
import { inTurns } from '../../src/decode/steps.ts'
import type { LogUser } from '../../src/model/caller.ts'
import { setReceiptHeaders } from '../../src/http/receipt.ts'
import { answers, done } from './answers.ts'

const schema = {
  tags: ['contract'],
  summary: 'Send logs',
  description: '200 means that every log of the request is durable; on any other answer none of them is stored.',
  headers: Type.Object({
    'x-user-token': Type.Optional(Type.String({
      description: 'required: the md5 hex digest of user + password, 32 characters',
      examples: ['d51c9a7e9353746a6020f9602d452929']
    })),
    'idempotency-key': Type.Optional(Type.String({
      description: '1 to 255 printable ASCII characters: the same key with the same body is stored once in seven days'
    }))
  }),
  body: contractBody,
  response: answers(400, 403, 413, 429, 500, 503)
}

export interface SendLogsOptions {
  /**
   * Resolves to the owner of the logs, a user of table `users`; rejects with an error that has a statusCode.
   *
   * Runs after the body was validated. Default: the user named in the body, if the X-User-Token is that user's.
   */
  authenticate?: (request: FastifyRequest<{ Body: ContractBody }>) => Promise<LogUser>
}

const sendLogs: FastifyPluginAsyncTypebox<SendLogsOptions> = async (app, options) => {
  const { authenticate = (request) => app.authenticateToken(request, request.body.data.user) } = options
  // A host app may authenticate without X-User-Token.
  const onRequest = options.authenticate ? app.reserveMemory : [app.requireTokenForm, app.reserveMemory]

  // The Python client posts to `{host}//send_logs`; others end their URL with a slash.
  for (const url of ['/send_logs', '//send_logs', '/send_logs/']) {
    app.post(url, {
      config: { logAccess: 'contract' },
      schema: { ...schema, hide: url !== '/send_logs' },
      onRequest
    }, async (request, reply) => {
      const records = await inTurns(decodeContractLogs(request.body))
      const { id } = await authenticate(request)
      app.memoryOf(request).chargeTo(`user ${id}`)
      setReceiptHeaders(reply, await app.writeLogs({ userId: id, records, key: request.batchKey }))
      return done
    })
  }
}

export default sendLogs
