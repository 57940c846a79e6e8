import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { collect, type Decoded, type Step } from '../../../src/decode/steps.ts'
import { bounded } from '../../../src/decode/limits.ts'
import { BadRequest } from '../../../src/errors.ts'
import { requireUser } from '../../../src/http/guard.ts'
import type { Rejected } from '../../../src/model/batch.ts'
import { accept, tellReceipt } from './accept.ts'

/**
 * Decodes a body that was read as a whole, and makes durable what it holds. How much was rejected, and
 * why, is told in the answer's head, whatever the protocol tells in its body. `nameOf` gives a name that holds its hash to a
 * body without Idempotency-Key that can come again only because it is sent again.
 */
export async function take (app: FastifyInstance, request: FastifyRequest, reply: FastifyReply, decode: (body: Buffer) => Iterable<Step>, nameOf?: (decoded: Decoded, body: Buffer) => string | undefined): Promise<Decoded> {
  const body = request.body as Buffer | undefined ?? Buffer.alloc(0)
  const decoded = await collect(bounded(decode(body)))
  const { records, rejected } = decoded
  // Of an empty body there is nothing to keep.
  if (body.length > 0 && records.length + rejected.length > 0) {
    const name = request.idempotencyKey === undefined ? nameOf?.(decoded, body) : undefined
    tellReceipt(reply, await accept(app, request, decoded, name ?? body, name ?? request.idempotencyKey))
  }
  if (rejected.length > 0) reply.header('x-error-detail', describeDecoded(decoded))
  return decoded
}

/** Throws BadRequest where all of a body was rejected: it is kept as dead letters, and its sender should know. */
export function requireUsable (decoded: Decoded): void {
  if (decoded.records.length === 0 && decoded.rejected.length > 0) throw new BadRequest(describeDecoded(decoded))
}

function describeDecoded ({ records, rejected }: Decoded): string {
  return describe({ accepted: records.length, rejected: rejected.length }, rejected[0]!)
}

/** How many of a body's logs can't be used, and why the first can't. */
export function describe ({ accepted, rejected }: { accepted: number, rejected: number }, { index, reason }: Pick<Rejected, 'index' | 'reason'>): string {
  return `${rejected} of ${accepted + rejected} logs can't be used; the first is log ${index}: ${reason}`
}

/** Who sends a request, where to, and in which form: the same for one that is sent again. */
export function describeRequest ({ logCaller, routeOptions, headers }: FastifyRequest): string {
  return JSON.stringify([requireUser(logCaller).tokenId, routeOptions.url, headers['content-type'], headers['content-encoding']])
}
