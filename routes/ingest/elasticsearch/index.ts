import type { FastifyPluginAsync } from 'fastify'
import { NotFound } from '../../../src/errors.ts'
import { errorAnswer } from '../../../src/http/answers.ts'
import { storeBulk, storeDocument } from './documents.ts'
import handshake from './handshake.ts'

export interface ElasticsearchOptions {
  /** The version that clients are told, such as `8.17.0`. */
  version: string
  /** Whether the paths also exist without the prefix `/elasticsearch`, `/` and `/:index` included. Default false. */
  root?: boolean
}

const bulkSchema = {
  tags: ['ingest'],
  summary: 'Send logs as to Elasticsearch',
  description: 'Lines of JSON: an action (create, index, update or delete), then its document. ' +
    '200: every item with a status below 400 is durable; an _id that is repeated with the same document is stored ' +
    'once within seven days, and answered noop.'
}

const documentSchema = {
  tags: ['ingest'],
  summary: 'Send one log as to Elasticsearch',
  description: 'The body is a document, which is stored as one of `_bulk` is.'
}

const documentPaths = [
  ['POST', '/:index/_doc'],
  [['POST', 'PUT'], '/:index/_doc/:id'],
  [['POST', 'PUT'], '/:index/_create/:id']
] as const satisfies ReadonlyArray<readonly [method: string | string[], url: string]>

/** Elasticsearch's `_bulk` and single documents, and the requests with which its clients begin. */
const elasticsearch: FastifyPluginAsync<ElasticsearchOptions> = async (app, { version, root }) => {
  app.addHook('onSend', async (_request, reply) => {
    // The page is at the root, too.
    const isPage = String(reply.getHeader('content-type')).startsWith('text/html')
    if (!isPage) reply.header('x-elastic-product', 'Elasticsearch')
  })
  app.setErrorHandler(sendElasticError)
  // A client's base URL may end with a slash, to which it adds the prefix.
  for (const prefix of ['/elasticsearch', '//elasticsearch']) {
    await app.register(async (app) => {
      app.setNotFoundHandler((request, reply) => sendElasticError(new NotFound(), request, reply))
      // Before the body of a request without a route is read.
      app.addHook('onRequest', async ({ is404 }) => { if (is404) throw new NotFound() })
      await app.register(routes, { version, hide: prefix.startsWith('//') })
    }, { prefix })
  }
  if (root) await app.register(routes, { version, hide: true })
}

const routes: FastifyPluginAsync<{ version: string, hide: boolean }> = async (app, { version, hide }) => {
  for (const url of ['/_bulk', '/:index/_bulk']) {
    app.route<{ Params: { index?: string } }>({
      method: ['POST', 'PUT'],
      url,
      config: { logAccess: 'write' },
      schema: { ...bulkSchema, hide },
      onRequest: app.reserveMemory,
      handler: (request, reply) => storeBulk(request, reply, request.params.index || undefined)
    })
  }
  for (const [method, url] of documentPaths) {
    app.route<{ Params: { index: string, id?: string } }>({
      method,
      url,
      config: { logAccess: 'write' },
      schema: { ...documentSchema, hide },
      onRequest: app.reserveMemory,
      handler: (request, reply) => storeDocument(request, reply, request.params)
    })
  }
  await app.register(handshake, { version })
}

export default elasticsearch

const errorTypes: Record<number, string> = {
  400: 'illegal_argument_exception',
  401: 'security_exception',
  403: 'security_exception',
  404: 'resource_not_found_exception',
  413: 'content_too_long_exception',
  429: 'es_rejected_execution_exception',
  503: 'unavailable_shards_exception'
}

const sendElasticError = errorAnswer((status, reason) => {
  const cause = { type: errorTypes[status] ?? 'exception', reason }
  return JSON.stringify({ error: { root_cause: [cause], ...cause }, status })
})
