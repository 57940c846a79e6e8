import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type, type Static } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { Conflict, NotFound, PreconditionFailed } from '../../../src/errors.ts'
import { actorOf, requireUser } from '../../../src/http/guard.ts'
import { instantOf } from '../../../src/query/instant.ts'
import { parseFilter } from '../../../src/query/parse.ts'
import type { AuditEntry } from '../../../src/store/audit.ts'
import { maxSearches, searchesOf, type NewSearch } from '../../../src/store/searches.ts'
import { preconditionOf, quoteEtag } from './conditions.ts'
import { Body, Named, presentSearch, Search } from './schemas.ts'

const tags = ['searches']
const config = { logAccess: 'account' } as const

/** Bound on the body of a search, in bytes. */
const maxSearchBytes = 8192

const saveDescription = 'Creates (201) or replaces (200) one of your searches. `If-Match: ETAG` replaces only that ' +
  'version, `If-None-Match: *` only creates; otherwise 412. The query and the times are checked. A body has up to ' +
  `${maxSearchBytes} bytes, a user up to ${maxSearches} searches (409).`

const writeSearches: FastifyPluginAsyncTypebox = async (app) => {
  const searches = searchesOf(app.logDb)

  app.put('/api/searches/:name', {
    config,
    bodyLimit: maxSearchBytes,
    schema: {
      tags,
      summary: 'Save a search',
      description: saveDescription,
      params: Named,
      body: Body,
      response: { 200: Search, 201: Search }
    }
  }, async (request, reply) => {
    const { id, name: owner } = requireUser(request.logCaller)
    const search = searchOf(request.params.name, request.body)
    const saved = await app.logReaders.awaitDatabase(searches.save(
      id, search, preconditionOf(request.headers), entryOf(request, 'search.save')))
    if (saved.outcome === 'failed') throw new PreconditionFailed('the search has another version, or exists already')
    if (saved.outcome === 'full') throw new Conflict(`a user can have ${maxSearches} searches: delete one first`)
    reply.code(saved.outcome === 'created' ? 201 : 200).header('etag', quoteEtag(saved.etag))
    return presentSearch({ ...search, owner, updatedAt: saved.updatedAt, etag: saved.etag })
  })

  app.delete('/api/searches/:name', {
    config,
    schema: {
      tags,
      summary: 'Delete a saved search',
      description: '`If-Match: ETAG` deletes only that version; otherwise 412.',
      params: Named,
      response: { 204: Type.Null() }
    }
  }, async (request, reply) => {
    const { match } = preconditionOf(request.headers)
    const { id } = requireUser(request.logCaller)
    const isDeleted = await app.logReaders.awaitDatabase(searches.delete(
      id, request.params.name, match, entryOf(request, 'search.delete')))
    if (!isDeleted && match !== undefined) throw new PreconditionFailed('the search has another version')
    if (!isDeleted) throw new NotFound()
    return reply.code(204).send(null)
  })
}

export default writeSearches

function entryOf (request: FastifyRequest<{ Params: Static<typeof Named> }>, action: string): AuditEntry {
  return { by: actorOf(request), action, detail: { name: request.params.name } }
}

/** Throws BadRequest for a query or a time that breaks its rules. */
function searchOf (name: string, body: Static<typeof Body>): NewSearch {
  const { query = '', from = null, to = null } = body
  parseFilter(query)
  if (from !== null) instantOf('from', from)
  if (to !== null) instantOf('to', to)
  const { order = 'newest', columns = [], by = null, group = null, shared = false, position = 0 } = body
  return { name, query, from, to, order, columns, by, group, shared, position }
}
