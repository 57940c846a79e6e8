import type { FastifyPluginAsync } from 'fastify'
import { errorAnswer } from '../../src/http/answers.ts'
import { decodeSeq } from '../../src/decode/seq.ts'
import { utcTime } from '../../src/model/instant.ts'
import { requireUsable, take } from './shared/whole-body.ts'
import { takeUrlToken } from './shared/url-token.ts'

const schema = {
  tags: ['ingest'],
  summary: 'Send events as to Seq',
  description: 'In CLEF, or the older {"Events":[…]}, whatever the content type and ?clef say.'
}

/** Seq's ingestion: a client that asks for the level it should send is told that there is none. */
const seq: FastifyPluginAsync = async (app) => {
  app.setErrorHandler(errorAnswer((status, detail, reply) => {
    // Seq's clients drop a batch at 429, and send it again at 503.
    if (status === 429) reply.code(503)
    return JSON.stringify({ Error: detail })
  }))
  takeUrlToken(app, ({ query }) => (query as Record<string, unknown>).apiKey)

  for (const path of ['/api/events/raw', '/ingest/clef']) {
    app.post(path, { config: { logAccess: 'write' }, schema, onRequest: app.reserveMemory }, async (request, reply) => {
      requireUsable(await take(app, request, reply, (body) => decodeSeq(body, utcTime())))
      reply.code(201)
      return { MinimumLevelAccepted: null }
    })
  }
}

export default seq
