import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { runInTurns } from '../../src/decode/steps.ts'
import { decodePythonRecord } from '../../src/decode/python-record.ts'
import { setReceiptHeaders } from '../../src/http/receipt.ts'
import { utcTime } from '../../src/model/instant.ts'
import { storeInParts } from './shared/store-in-parts.ts'
import { wholeBodyOf } from './shared/whole-body.ts'

const path = '/api/logs/python'

const schema = {
  tags: ['ingest'],
  summary: 'Send a record of Python\'s HTTPHandler',
  description: 'The fields of a LogRecord, form-encoded: in the body, or of a GET in the query.'
}

/** Python's logging.handlers.HTTPHandler, with method POST or GET. */
const python: FastifyPluginAsyncTypebox = async (app) => {
  app.post(path, { config: { logAccess: 'write' }, schema, onRequest: app.reserveMemory }, (request, reply) => {
    return storeRecord(request, reply, wholeBodyOf(request))
  })
  app.get(path, { config: { logAccess: 'write' }, schema, exposeHeadRoute: false }, (request, reply) => {
    return storeRecord(request, reply, Buffer.from(queryOf(request)))
  })
}

async function storeRecord (request: FastifyRequest, reply: FastifyReply, form: Buffer) {
  const records = [await runInTurns(decodePythonRecord(form, utcTime()))]
  const source = { body: form, name: request.idempotencyKey }
  setReceiptHeaders(reply, await storeInParts(request, { records, rejected: [] }, source))
  return { accepted: 1, rejected: 0, errors: [] }
}

/** The query of the URL, without the token in it. */
function queryOf ({ raw, hasUrlToken }: FastifyRequest): string {
  const query = (raw.url ?? '').split('?').slice(1).join('?')
  return hasUrlToken ? query.replaceAll(/(^|&)token=[^&]*/g, '') : query
}

export default python
