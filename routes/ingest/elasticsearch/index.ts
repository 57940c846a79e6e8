import { randomBytes } from 'node:crypto'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { errorAnswer } from '../../../src/http/answers.ts'
import { requireUser } from '../../../src/http/guard.ts'
import { documentKeyOf } from '../../../src/decode/batch-key.ts'
import { inTurns, runInTurns, type Decoded } from '../../../src/decode/steps.ts'
import { decodeBulk, decodeDocument, type BulkItem } from '../../../src/decode/elasticsearch.ts'
import { BadRequest, NotFound } from '../../../src/errors.ts'
import type { LogBatch, Receipt } from '../../../src/model/batch.ts'
import { utcTime } from '../../../src/model/instant.ts'
import { accept, tellReceipt, together, write } from '../shared/accept.ts'
import handshake from './handshake.ts'

export interface ElasticsearchOptions {
  /** What clients are told to be talking to, such as `8.17.0`. */
  version: string
  /** Whether the paths are there without the prefix `/elasticsearch`, too: `/` and `/:index` among them. Default false. */
  root?: boolean
}

const schema = {
  tags: ['ingest'],
  summary: 'Send logs as to Elasticsearch',
  description: 'Lines of JSON: an action (create, index, update or delete), then its document. 200: every item with a status below 400 is durable; an _id that is repeated with the same document is stored once within seven days, and answered noop.'
}

/** Elasticsearch's `_bulk`, and what its clients ask before they send. */
const elasticsearch: FastifyPluginAsync<ElasticsearchOptions> = async (app, { version, root }) => {
  app.addHook('onSend', async (_request, reply) => { reply.header('x-elastic-product', 'Elasticsearch') })
  app.setErrorHandler(sendElasticError)
  const routes: FastifyPluginAsync<{ hide: boolean }> = async (app, { hide }) => {
    for (const url of ['/_bulk', '/:index/_bulk']) {
      app.route<{ Params: { index?: string } }>({
        method: ['POST', 'PUT'],
        url,
        config: { logAccess: 'write' },
        schema: { ...schema, hide },
        onRequest: app.reserveMemory,
        handler: bulk
      })
    }
    for (const [method, url] of documentPaths) {
      app.route<{ Params: { index: string, id?: string } }>({
        method,
        url,
        config: { logAccess: 'write' },
        schema: { tags: ['ingest'], summary: 'Send one log as to Elasticsearch', description: 'The body is a document, which is stored as one of `_bulk` is.', hide },
        onRequest: app.reserveMemory,
        handler: document
      })
    }
    await app.register(handshake, { version })
  }
  // A client's base URL may end with a slash, to which it adds the prefix.
  for (const prefix of ['/elasticsearch', '//elasticsearch']) {
    await app.register(async (app) => {
      app.setNotFoundHandler((request, reply) => sendElasticError(new NotFound(), request, reply))
      // Before a body is read that nothing is there for.
      app.addHook('onRequest', async ({ is404 }) => { if (is404) throw new NotFound() })
      await app.register(routes, { hide: prefix.startsWith('//') })
    }, { prefix })
  }
  if (root) await app.register(routes, { hide: true })

  async function bulk (request: FastifyRequest<{ Params: { index?: string } }>, reply: FastifyReply): Promise<string> {
    const start = performance.now()
    const body = request.body as Buffer | undefined ?? Buffer.alloc(0)
    const items = await inTurns(decodeBulk(body, request.params.index || undefined, utcTime()))
    const repeated = await store(request, reply, items, body)
    if (items.every(({ isMalformed }) => isMalformed)) throw new BadRequest('body must be lines of JSON: an action (create, index, update or delete), then its document')

    const texts = await inTurns(itemTexts(items, repeated))
    const errors = items.some(({ piece }) => piece && 'reason' in piece)
    reply.type(mediaTypeOf(request.headers.accept))
    return `{"took":${Math.round(performance.now() - start)},"errors":${errors},"items":[${texts.join(',')}]}`
  }

  /** One document, answered as an item of `_bulk` is; a document that can't be a log is 400. */
  async function document (request: FastifyRequest<{ Params: { index: string, id?: string } }>, reply: FastifyReply): Promise<string> {
    const body = request.body as Buffer | undefined ?? Buffer.alloc(0)
    const item = await runInTurns(decodeDocument(body, request.params.index, request.params.id, utcTime()))
    const repeated = await store(request, reply, [item], body)
    if (item.piece && 'reason' in item.piece) throw new BadRequest(item.piece.reason)

    const [text] = itemTexts([item], repeated)
    const answer = JSON.parse(text!)[item.action]
    reply.code(answer.status).type(mediaTypeOf(request.headers.accept))
    return JSON.stringify({ ...answer, status: undefined })
  }

  /**
   * Makes all of it durable; resolves to the documents that were stored before. One with an `_id` is a
   * batch of its own. Those without go last: should any fail, the whole comes again, and only those would be stored twice.
   */
  async function store (request: FastifyRequest, reply: FastifyReply, items: readonly BulkItem[], body: Buffer): Promise<ReadonlySet<BulkItem>> {
    const nameless: Decoded = { records: [], rejected: [] }
    const named: Array<{ item: BulkItem, batch: LogBatch }> = []
    for (const item of items) {
      const { piece, index, id, source } = item
      if (!piece) continue
      if ('reason' in piece) nameless.rejected.push(piece)
      else if (id === undefined || source === undefined) nameless.records.push(piece)
      else named.push({ item, batch: { userId: requireUser(request.logCaller).id, records: [piece], key: documentKeyOf(index, id, source) } })
    }

    const repeated = new Set<BulkItem>()
    const receipts: Receipt[] = []
    for (let start = 0; start < named.length; start += mostAtOnce) {
      await Promise.all(named.slice(start, start + mostAtOnce).map(async ({ item, batch }) => {
        const receipt = await write(app, batch)
        receipts.push(receipt)
        if (receipt.replayed) repeated.add(item)
      }))
    }
    if (nameless.records.length + nameless.rejected.length > 0) receipts.push(await accept(app, request, nameless, body))
    tellReceipt(reply, together(receipts))
    return repeated
  }
}

export default elasticsearch

const documentPaths = [
  ['POST', '/:index/_doc'],
  [['POST', 'PUT'], '/:index/_doc/:id'],
  [['POST', 'PUT'], '/:index/_create/:id']
] as const satisfies ReadonlyArray<readonly [method: string | string[], url: string]>

/** So many batches of one request are under way at once: each takes memory. */
const mostAtOnce = 2000

/** Each item as Elasticsearch tells it. A document without an `_id` gets one, by which it can't be found. */
function * itemTexts (items: readonly BulkItem[], repeated: ReadonlySet<BulkItem>): Generator<string, void, void> {
  const unique = randomBytes(9).toString('base64url')
  let lastAction = ''
  let lastIndex = ''
  let head = ''
  for (const [place, item] of items.entries()) {
    const { action, index, id, piece, isMalformed } = item
    // Of many senders every action is the same.
    if (action !== lastAction || index !== lastIndex) {
      head = `{"${action}":{"_index":${JSON.stringify(index)},"_id":`
      lastAction = action
      lastIndex = index
    }
    if (piece && 'reason' in piece) {
      const error = { type: isMalformed ? 'illegal_argument_exception' : 'document_parsing_exception', reason: piece.reason }
      yield `${head}${JSON.stringify(id ?? null)},"status":400,"error":${JSON.stringify(error)}}}`
    } else {
      const idText = id === undefined ? `"${unique}${place.toString(36).padStart(8, '0')}"` : JSON.stringify(id)
      const { result, status } = !piece ? notFound : repeated.has(item) ? noop : created
      yield `${head}${idText}${result},"_seq_no":${place}${status}`
    }
  }
}

/** What an item says between its `_id` and its number, and behind that. */
function outcome (result: string, shards: number, status: number): { result: string, status: string } {
  return {
    result: `,"_version":1,"result":"${result}","_shards":{"total":${shards},"successful":${shards},"failed":0}`,
    status: `,"_primary_term":1,"status":${status}}}`
  }
}

const notFound = outcome('not_found', 1, 404)
const noop = outcome('noop', 0, 200)
const created = outcome('created', 1, 201)

/** Clients that ask for a version of the format want to hear its name. */
function mediaTypeOf (accept = ''): string {
  const format = /application\/vnd\.elasticsearch\+json; *compatible-with=\d+/.exec(accept)?.[0] ?? 'application/json'
  return `${format}; charset=utf-8`
}

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
