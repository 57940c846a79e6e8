import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type, type Static } from '@sinclair/typebox'
import { isoTime } from '../../src/query/api-log.ts'
import { listAudit, type AuditRow } from '../../src/store/audit.ts'

const Entry = Type.Object({
  id: Type.Integer(),
  at: Type.String({ examples: ['2026-11-24T09:30:00.000000Z'] }),
  caller: Type.String({ description: 'name of a user, API key, or command line' }),
  action: Type.String({ examples: ['user.change'] }),
  address: Type.Union([Type.String(), Type.Null()], {
    description: 'network address of the request; null for the command line'
  }),
  detail: Type.Record(Type.String(), Type.Unknown(), {
    description: 'what was changed, never a secret', examples: [{ user: 'alice', disabled: true }]
  }),
  logs: Type.Integer({ description: 'the number of logs that were deleted, or stored again' })
})
const Page = Type.Object({
  entries: Type.Array(Entry, { description: 'newest first' }),
  after: Type.Optional(Type.Integer({ description: 'the next page begins after this id; missing on the last page' }))
})
const PageQuery = Type.Object({
  after: Type.Optional(Type.Integer({ minimum: 1, description: 'the id of an entry; the page begins after it' })),
  limit: Type.Integer({ default: 100, minimum: 1, maximum: 500, description: 'a whole number, 1 to 500' })
}, { additionalProperties: false })

const audit: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/api/audit', {
    config: { logAccess: 'admin' },
    schema: {
      tags: ['administration'],
      summary: 'Changes by people',
      description: 'Users, passwords, tokens, sessions, deletions and dead letters: who changed what, and when.',
      querystring: PageQuery,
      response: { 200: Page }
    }
  }, async ({ query: { after, limit } }) => {
    const found = await app.logReaders.awaitDatabase(listAudit(app.logDb, { before: after, limit: limit + 1 }))
    const entries = found.slice(0, limit).map(entryOf)
    return { entries, ...found.length > limit && { after: entries.at(-1)?.id } }
  })
}

export default audit

function entryOf ({ id, createdAt, caller, action, detail: text, logs }: AuditRow): Static<typeof Entry> {
  const { address = null, ...detail } = JSON.parse(text)
  return { id, at: isoTime(createdAt), caller, action, address, detail, logs }
}
