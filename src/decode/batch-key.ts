import { createHash } from 'node:crypto'

/** What names a batch that came with an `Idempotency-Key`, in 16 bytes: the same key and body give the same name, another body another one. */
export function batchKeyOf (idempotencyKey: string, body: Buffer): Buffer {
  return createHash('sha256').update(idempotencyKey).update('\0').update(body).digest().subarray(0, 16)
}
