import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { NotFound } from '../../../src/errors.ts'
import { requireUser } from '../../../src/http/guard.ts'
import { searchesOf } from '../../../src/store/searches.ts'
import { isKnown, quoteEtag } from './conditions.ts'
import { List, Named, presentSearch, Search } from './schemas.ts'

const tags = ['searches']
const config = { logAccess: 'read' } as const

const Owned = Type.Object({
  owner: Type.Optional(Type.String({ description: 'name of a user who shares the search; default: you' }))
}, { additionalProperties: false })

const readSearches: FastifyPluginAsyncTypebox = async (app) => {
  const searches = searchesOf(app.logDb)

  app.get('/api/searches', {
    config,
    schema: {
      tags,
      summary: 'List saved searches',
      description: 'Everybody runs a shared search on the logs that they may see.',
      response: { 200: List }
    }
  }, async ({ logCaller }) => {
    const found = await app.logReaders.awaitDatabase(searches.list(requireUser(logCaller).id))
    return { searches: found.searches.map(presentSearch), complete: found.isComplete }
  })

  app.get('/api/searches/:name', {
    config,
    schema: {
      tags,
      summary: 'One saved search',
      description: 'The header ETag has its version: `If-None-Match: ETAG` gives 304 while that is the newest.',
      params: Named,
      querystring: Owned,
      response: { 200: Search, 304: Type.Null() }
    }
  }, async ({ logCaller, headers, params: { name }, query: { owner } }, reply) => {
    const search = await app.logReaders.awaitDatabase(searches.find(requireUser(logCaller).id, name, owner))
    if (!search) throw new NotFound()
    reply.header('etag', quoteEtag(search.etag))
    return isKnown(headers, search.etag) ? reply.code(304).send(null) : presentSearch(search)
  })
}

export default readSearches
