import { randomBytes } from 'node:crypto'
import type { BulkItem } from '../../../src/decode/elasticsearch.ts'

/** Yields each item as Elasticsearch answers it; a document without an `_id` gets one, which finds nothing. */
export function * itemTexts (
  items: readonly BulkItem[], repeated: ReadonlySet<BulkItem>
): Generator<string, void, void> {
  const unique = randomBytes(9).toString('base64url')
  let lastAction = ''
  let lastIndex = ''
  let head = ''
  for (const [position, item] of items.entries()) {
    const { action, index, id, piece, isMalformed } = item
    // Many senders use the same action and index for every item.
    if (action !== lastAction || index !== lastIndex) {
      head = `{"${action}":{"_index":${JSON.stringify(index)},"_id":`
      lastAction = action
      lastIndex = index
    }
    if (piece && 'reason' in piece) {
      const type = isMalformed ? 'illegal_argument_exception' : 'document_parsing_exception'
      const error = { type, reason: piece.reason }
      yield `${head}${JSON.stringify(id ?? null)},"status":400,"error":${JSON.stringify(error)}}}`
    } else {
      const idText = id === undefined ? `"${unique}${position.toString(36).padStart(8, '0')}"` : JSON.stringify(id)
      const { result, status } = !piece ? notFound : repeated.has(item) ? noop : created
      yield `${head}${idText}${result},"_seq_no":${position}${status}`
    }
  }
}

/** The text of an item between its `_id` and its `_seq_no`, and the text after that. */
function outcome (result: string, shards: number, status: number): { result: string, status: string } {
  const shardCounts = `{"total":${shards},"successful":${shards},"failed":0}`
  return {
    result: `,"_version":1,"result":"${result}","_shards":${shardCounts}`,
    status: `,"_primary_term":1,"status":${status}}}`
  }
}

const notFound = outcome('not_found', 1, 404)
const noop = outcome('noop', 0, 200)
const created = outcome('created', 1, 201)
