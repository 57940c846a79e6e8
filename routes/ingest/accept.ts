import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { batchKeyOf } from '../../src/decode/batch-key.ts'
import type { Decoded } from '../../src/decode/decoded.ts'
import { DatabaseAway, describeFailure } from '../../src/errors.ts'
import type { LogBatch, Receipt } from '../../src/record.ts'

/** A batch holds so many logs at most, and so many rejected pieces: what is larger is stored as several. */
const mostPieces = 1000

/**
 * Makes what a body holds durable, for whoever sent it: logs and rejected pieces alike. `body` is
 * what they were decoded from: with `name`, by default the Idempotency-Key, it tells the same again
 * from another. Throws what says that it may be sent again, where not all of it is durable.
 */
export async function accept (app: FastifyInstance, request: FastifyRequest, { records, rejected }: Decoded, body: Buffer | string, name = request.idempotencyKey): Promise<Receipt> {
  const parts: LogBatch[] = []
  // The body is hashed once, however many parts there are.
  const firstKey = name === undefined ? undefined : batchKeyOf(`${name} 0`, body)
  for (let start = 0; start === 0 || start < Math.max(records.length, rejected.length); start += mostPieces) {
    const key = start === 0 || !firstKey ? firstKey : batchKeyOf(`${name} ${start}`, firstKey)
    const end = start + mostPieces
    parts.push({ userId: request.logCaller.id!, records: records.slice(start, end), rejected: rejected.slice(start, end), key })
  }
  return together(await Promise.all(parts.map((part) => write(app, part))))
}

/** What can be said of several batches: in the spool if one of them is, replayed if all were. */
export function together (receipts: readonly Receipt[]): Receipt {
  return {
    stored: receipts.some(({ stored }) => stored === 'spool') ? 'spool' : 'database',
    replayed: receipts.length > 0 && receipts.every(({ replayed }) => replayed)
  }
}

/** Tells in the answer's head how the logs were made durable. */
export function tellReceipt (reply: FastifyReply, { stored, replayed }: Receipt): void {
  if (stored === 'spool') reply.header('x-log-stored', 'spool')
  if (replayed) reply.header('idempotency-replayed', 'true')
}

/** As app.writeLogs, but for a database that is away, which many clients must hear as 503: after 500 they don't try again. */
export async function write (app: FastifyInstance, batch: LogBatch): Promise<Receipt> {
  try {
    return await app.writeLogs(batch)
  } catch (error) {
    if (error instanceof Error && 'statusCode' in error) throw error
    app.log.error({ failure: describeFailure(error) }, 'logs could not be stored; their sender may send them again')
    throw new DatabaseAway()
  }
}
