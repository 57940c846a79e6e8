import { createHash } from 'node:crypto'
import { BadRequest } from '../errors.ts'

/** The header `Idempotency-Key`, where there is one. Throws BadRequest where it breaks its rule. */
export function readIdempotencyKey (header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined
  if (typeof header !== 'string' || !/^[\x20-\x7e]{1,255}$/.test(header)) throw new BadRequest('header Idempotency-Key must be 1 to 255 printable ASCII characters')
  return header
}

/** What names a batch that came with an `Idempotency-Key`, in 16 bytes: the same key and body give the same name, another body another one. */
export function batchKeyOf (idempotencyKey: string, body: Buffer | string): Buffer {
  return createHash('sha256').update(idempotencyKey).update('\0').update(body).digest().subarray(0, 16)
}

/** What names a dead letter, by what it is made of: a client that sends the same again and again makes one. No Idempotency-Key holds a line break. */
export function deadLetterKeyOf (source: string, raw: string): Buffer {
  return batchKeyOf(`dead letter\n${source}`, raw)
}

/**
 * What names the batch of one document of Elasticsearch's: its index, its `_id` and its bytes. The same again gives the same name; the `_id` with
 * another content is another document, which must not be lost. No Idempotency-Key holds a line break.
 */
export function documentKeyOf (index: string, id: string, source: Buffer): Buffer {
  return batchKeyOf(`elasticsearch\n${JSON.stringify([index, id])}`, source)
}
