import type { FastifyReply, FastifyRequest } from 'fastify'
import { documentKeyOf } from '../../../src/decode/batch-key.ts'
import { inTurns, runInTurns, type Decoded } from '../../../src/decode/steps.ts'
import { decodeBulk, decodeDocument, type BulkItem } from '../../../src/decode/elasticsearch.ts'
import { BadRequest } from '../../../src/errors.ts'
import { requireUser } from '../../../src/http/guard.ts'
import { setReceiptHeaders } from '../../../src/http/receipt.ts'
import type { LogBatch, Receipt } from '../../../src/model/batch.ts'
import { utcTime } from '../../../src/model/instant.ts'
import { mergeReceipts, storeInParts, writeOrUnavailable } from '../shared/store-in-parts.ts'
import { wholeBodyOf } from '../shared/whole-body.ts'
import { itemTexts } from './items.ts'

/** Batches of one request that are stored concurrently: each takes memory. */
const maxConcurrentBatches = 2000

const bulkRule = 'body must be lines of JSON: an action (create, index, update or delete), then its document'

/** Stores the documents of a `_bulk` request; resolves to the text of the answer. */
export async function storeBulk (request: FastifyRequest, reply: FastifyReply, defaultIndex?: string): Promise<string> {
  const start = performance.now()
  const body = wholeBodyOf(request)
  const items = await inTurns(decodeBulk(body, defaultIndex, utcTime()))
  const repeated = await storeItems(request, reply, items, body)
  if (items.every(({ isMalformed }) => isMalformed)) throw new BadRequest(bulkRule)

  const texts = await inTurns(itemTexts(items, repeated))
  const hasErrors = items.some(({ piece }) => piece && 'reason' in piece)
  reply.type(mediaTypeOf(request.headers.accept))
  return `{"took":${Math.round(performance.now() - start)},"errors":${hasErrors},"items":[${texts.join(',')}]}`
}

/** Stores one document, answered as an item of `_bulk` is; a document that can't be a log is 400. */
export async function storeDocument (
  request: FastifyRequest, reply: FastifyReply, { index, id }: { index: string, id?: string }
): Promise<string> {
  const body = wholeBodyOf(request)
  const item = await runInTurns(decodeDocument(body, index, id, utcTime()))
  const repeated = await storeItems(request, reply, [item], body)
  if (item.piece && 'reason' in item.piece) throw new BadRequest(item.piece.reason)

  const [text = '{}'] = itemTexts([item], repeated)
  const answer = JSON.parse(text)[item.action]
  reply.code(answer.status).type(mediaTypeOf(request.headers.accept))
  return JSON.stringify({ ...answer, status: undefined })
}

/**
 * Makes all items durable; resolves to the documents that were stored before.
 *
 * A document with an `_id` is a batch of its own. Those without go last: if one fails, the client sends the whole
 * request again, and only they would be stored twice.
 */
async function storeItems (
  request: FastifyRequest, reply: FastifyReply, items: readonly BulkItem[], body: Buffer
): Promise<ReadonlySet<BulkItem>> {
  const userId = requireUser(request.logCaller).id
  const withoutId: Decoded = { records: [], rejected: [] }
  const withId: Array<{ item: BulkItem, batch: LogBatch }> = []
  for (const item of items) {
    const { piece, index, id, source } = item
    if (!piece) continue
    if ('reason' in piece) withoutId.rejected.push(piece)
    else if (id === undefined || source === undefined) withoutId.records.push(piece)
    else withId.push({ item, batch: { userId, records: [piece], key: documentKeyOf(index, id, source) } })
  }

  const repeated = new Set<BulkItem>()
  const receipts: Receipt[] = []
  for (let start = 0; start < withId.length; start += maxConcurrentBatches) {
    await Promise.all(withId.slice(start, start + maxConcurrentBatches).map(async ({ item, batch }) => {
      const receipt = await writeOrUnavailable(request.server, batch)
      receipts.push(receipt)
      if (receipt.replayed) repeated.add(item)
    }))
  }
  if (withoutId.records.length + withoutId.rejected.length > 0) {
    receipts.push(await storeInParts(request, withoutId, { body, name: request.idempotencyKey }))
  }
  setReceiptHeaders(reply, mergeReceipts(receipts))
  return repeated
}

/** The media type of an answer: clients that ask for a version of the format expect its name. */
function mediaTypeOf (accept = ''): string {
  const format = /application\/vnd\.elasticsearch\+json; *compatible-with=\d+/.exec(accept)?.[0] ?? 'application/json'
  return `${format}; charset=utf-8`
}
