import type { FastifyPluginAsync } from 'fastify'
import { errorAnswer } from '../../src/answers.ts'
import { decodeSeq } from '../../src/decode/seq.ts'
import { utcTime } from '../../src/record.ts'
import { requireUsable, take } from './take.ts'
import { takeUrlKey } from './url-key.ts'

const schema = {
  tags: ['ingest'],
  summary: 'Send events as to Seq',
  description: 'In CLEF, or the older {"Events":[…]}, whatever the content type and ?clef say.'
}

/** Seq's ingestion: a client that asks for the level it should send is told that there is none. */
const seq: FastifyPluginAsync = async (app) => {
  app.setErrorHandler(errorAnswer((_status, detail) => JSON.stringify({ Error: detail })))
  takeUrlKey(app, 'x-seq-apikey', ({ query }) => (query as Record<string, unknown>).apiKey)

  for (const path of ['/api/events/raw', '/ingest/clef']) {
    app.post(path, { config: { logAccess: 'write' }, schema, onRequest: app.awaitRoom }, async (request, reply) => {
      requireUsable(await take(app, request, reply, (body) => decodeSeq(body, utcTime())))
      reply.code(201)
      return { MinimumLevelAccepted: null }
    })
  }
}

export default seq
