import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { collect, type Decoded, type Step } from '../../src/decode/decoded.ts'
import { bounded } from '../../src/decode/growth.ts'
import { BadRequest } from '../../src/errors.ts'
import { accept, tellReceipt } from './accept.ts'

/**
 * Decodes a body that was read as a whole, and makes durable what it holds. How much was rejected, and
 * why, is told in the answer's head, whatever the protocol tells in its body.
 */
export async function take (app: FastifyInstance, request: FastifyRequest, reply: FastifyReply, decode: (body: Buffer) => Iterable<Step>): Promise<Decoded> {
  const body = request.body as Buffer | undefined ?? Buffer.alloc(0)
  const decoded = await collect(bounded(decode(body)))
  const { records, rejected } = decoded
  // Of an empty body there is nothing to keep.
  if (body.length > 0 && records.length + rejected.length > 0) tellReceipt(reply, await accept(app, request, decoded, body))
  if (rejected.length > 0) reply.header('x-error-detail', describe(decoded))
  return decoded
}

/** Throws BadRequest where all of a body was rejected: it is kept as dead letters, and its sender should know. */
export function requireUsable (decoded: Decoded): void {
  if (decoded.records.length === 0 && decoded.rejected.length > 0) throw new BadRequest(describe(decoded))
}

function describe ({ records, rejected }: Decoded): string {
  return `${rejected.length} of ${records.length + rejected.length} logs can't be used; the first is log ${rejected[0]!.index}: ${rejected[0]!.reason}`
}
