import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { runInTurns } from '../../src/decode/steps.ts'
import { decodePythonRecord } from '../../src/decode/python-record.ts'
import { utcTime } from '../../src/model/instant.ts'
import { accept, tellReceipt } from './shared/accept.ts'

const path = '/api/logs/python'

const schema = {
  tags: ['ingest'],
  summary: 'Send a record of Python\'s HTTPHandler',
  description: 'The fields of a LogRecord, form-encoded: in the body, or of a GET in the query.'
}

/** Python's logging.handlers.HTTPHandler, with method POST or GET. */
const python: FastifyPluginAsyncTypebox = async (app) => {
  app.post<{ Body?: Buffer }>(path, { config: { logAccess: 'write' }, schema, onRequest: app.reserveMemory }, (request, reply) => take(request, reply, request.body ?? Buffer.alloc(0)))
  app.get(path, { config: { logAccess: 'write' }, schema, exposeHeadRoute: false }, (request, reply) => take(request, reply, Buffer.from(queryOf(request))))

  async function take (request: FastifyRequest, reply: FastifyReply, form: Buffer) {
    const records = [await runInTurns(decodePythonRecord(form, utcTime()))]
    tellReceipt(reply, await accept(app, request, { records, rejected: [] }, form))
    return { accepted: 1, rejected: 0, errors: [] }
  }
}

/** The query of the URL, without the token that it showed. */
function queryOf ({ raw, hasUrlToken }: FastifyRequest): string {
  const query = raw.url!.split('?').slice(1).join('?')
  return hasUrlToken ? query.replaceAll(/(^|&)token=[^&]*/g, '') : query
}

export default python
