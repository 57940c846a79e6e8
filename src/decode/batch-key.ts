import { createHash } from 'node:crypto'
import { BadRequest } from '../errors.ts'

/** Reads the header `Idempotency-Key`; undefined for none. Throws BadRequest if it breaks its rule. */
export function readIdempotencyKey (header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined
  if (typeof header !== 'string' || !/^[\x20-\x7e]{1,255}$/.test(header)) {
    throw new BadRequest('header Idempotency-Key must be 1 to 255 printable ASCII characters')
  }
  return header
}

/** Batch key of a request with an `Idempotency-Key`: 16 bytes, which depend on the key and on the body. */
export function batchKeyOf (idempotencyKey: string, body: Buffer | string): Buffer {
  return createHash('sha256').update(idempotencyKey).update('\0').update(body).digest().subarray(0, 16)
}

/**
 * Batch key of a dead letter, by its content: a client that repeats it makes only one.
 * It differs from all other keys, because no Idempotency-Key has a line break.
 */
export function deadLetterKeyOf (source: string, raw: string): Buffer {
  return batchKeyOf(`dead letter\n${source}`, raw)
}

/**
 * Batch key of one document of Elasticsearch, by its index, its `_id` and its bytes. The same `_id` with another
 * content is another document, which must not be lost. No Idempotency-Key has a line break.
 */
export function documentKeyOf (index: string, id: string, source: Buffer): Buffer {
  return batchKeyOf(`elasticsearch\n${JSON.stringify([index, id])}`, source)
}
