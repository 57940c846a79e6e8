import type { FastifyReply, FastifyRequest } from 'fastify'
import { collect, type Decoded, type Step } from '../../../src/decode/steps.ts'
import { bounded } from '../../../src/decode/limits.ts'
import { BadRequest } from '../../../src/errors.ts'
import { requireUser } from '../../../src/http/guard.ts'
import { setReceiptHeaders } from '../../../src/http/receipt.ts'
import type { Rejected } from '../../../src/model/batch.ts'
import { storeInParts } from './store-in-parts.ts'

/** How a protocol's body is decoded. */
export interface WholeBodyProtocol {
  decode: (body: Buffer) => Iterable<Step>
  /**
   * Names a body without Idempotency-Key that can only be the same if it is sent again; undefined for every other.
   *
   * The name contains a hash of the body.
   */
  nameOf?: (decoded: Decoded, body: Buffer) => string | undefined
}

/**
 * Decodes a body that was read as a whole, and makes its logs and rejected pieces durable.
 *
 * `X-Error-Detail` says how many pieces were rejected and why, whatever the protocol says in the answer's body.
 */
export async function storeWholeBody (
  request: FastifyRequest, reply: FastifyReply, protocol: WholeBodyProtocol
): Promise<Decoded> {
  const body = wholeBodyOf(request)
  const decoded = await collect(bounded(protocol.decode(body)))
  const { records, rejected } = decoded
  // An empty body has nothing to keep.
  if (body.length > 0 && records.length + rejected.length > 0) {
    const { idempotencyKey } = request
    const name = idempotencyKey === undefined ? protocol.nameOf?.(decoded, body) : undefined
    const source = name === undefined ? { body, name: idempotencyKey } : { body: name, name }
    setReceiptHeaders(reply, await storeInParts(request, decoded, source))
  }
  const detail = describeRejected(decoded)
  if (detail !== undefined) reply.header('x-error-detail', detail)
  return decoded
}

/** The unpacked bytes of a request's body. */
export function wholeBodyOf ({ body }: FastifyRequest): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0)
}

/** Throws BadRequest if every piece of a body was rejected: they are dead letters, and the sender should know. */
export function requireUsable (decoded: Decoded): void {
  const detail = describeRejected(decoded)
  if (decoded.records.length === 0 && detail !== undefined) throw new BadRequest(detail)
}

function describeRejected ({ records, rejected }: Decoded): string | undefined {
  const [first] = rejected
  return first && describeUnusable(records.length, rejected.length, first)
}

/** Says how many of a body's logs can't be used, and why the first can't. */
export function describeUnusable (
  accepted: number, rejected: number, { index, reason }: Pick<Rejected, 'index' | 'reason'>
): string {
  return `${rejected} of ${accepted + rejected} logs can't be used; the first is log ${index}: ${reason}`
}

/** Identifies the sender, the path and the form of a request: a request that is sent again has the same. */
export function describeRequest ({ logCaller, routeOptions, headers }: FastifyRequest): string {
  const { tokenId } = requireUser(logCaller)
  return JSON.stringify([tokenId, routeOptions.url, headers['content-type'], headers['content-encoding']])
}
