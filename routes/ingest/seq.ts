import type { FastifyPluginAsync } from 'fastify'
import { errorAnswer } from '../../src/http/answers.ts'
import { decodeSeq } from '../../src/decode/seq.ts'
import { utcTime } from '../../src/model/instant.ts'
import { acceptUrlTokenAt } from './shared/url-token.ts'
import { requireUsable, storeWholeBody } from './shared/whole-body.ts'

const schema = {
  tags: ['ingest'],
  summary: 'Send events as to Seq',
  description: 'In CLEF, or the older {"Events":[…]}, whatever the content type and ?clef say.'
}

/** Seq's ingestion: the answer says that events of every level are accepted. */
const seq: FastifyPluginAsync = async (app) => {
  app.setErrorHandler(errorAnswer((status, detail, reply) => {
    // Seq's clients drop a batch after 429, and retry it after 503.
    if (status === 429) reply.code(503)
    return JSON.stringify({ Error: detail })
  }))
  acceptUrlTokenAt(app, ({ query }) => (query as Record<string, unknown>).apiKey)

  for (const path of ['/api/events/raw', '/ingest/clef']) {
    app.post(path, { config: { logAccess: 'write' }, schema, onRequest: app.reserveMemory }, async (request, reply) => {
      requireUsable(await storeWholeBody(request, reply, { decode: (body) => decodeSeq(body, utcTime()) }))
      reply.code(201)
      return { MinimumLevelAccepted: null }
    })
  }
}

export default seq
