import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { batchKeyOf, deadLetterKeyOf } from '../../../src/decode/batch-key.ts'
import { Turns, type Decoded } from '../../../src/decode/steps.ts'
import { SentLogs } from '../../../src/decode/sent-logs.ts'
import { DatabaseAway, describeFailure } from '../../../src/errors.ts'
import { requireUser } from '../../../src/http/guard.ts'
import type { LogBatch, Once, Receipt, Rejected } from '../../../src/model/batch.ts'
import type { LogRecord } from '../../../src/model/record.ts'

/** Logs of a batch: a larger request is stored as several. */
const maxBatchLogs = 1000
/** Dead letters of one request that are on their way at once: each is a batch of its own. */
const maxLettersAtOnce = 1000

/**
 * Makes what a body holds durable, for whoever sent it: logs and rejected pieces alike. `body` is
 * what they were decoded from: with `name`, by default the Idempotency-Key, it tells the same again
 * from another. A rejected piece is kept once within seven days. Throws what says that it may be sent again, where not
 * all of it is durable.
 */
export async function accept (app: FastifyInstance, request: FastifyRequest, { records, rejected }: Decoded, body: Buffer | string, name = request.idempotencyKey): Promise<Receipt> {
  const userId = requireUser(request.logCaller).id
  const parts: LogBatch[] = []
  // The body is hashed once, however many parts there are.
  const firstKey = name === undefined ? undefined : batchKeyOf(`${name} 0`, body)
  const turns = new Turns()
  for (let start = 0; start < records.length; start += maxBatchLogs) {
    const key = start === 0 || !firstKey ? firstKey : batchKeyOf(`${name} ${start}`, firstKey)
    const part = records.slice(start, start + maxBatchLogs)
    parts.push({ userId, records: part, key, once: onceOf(request, part) })
    if (turns.isDue) await turns.give()
  }
  const letters = rejected.length === 0 ? [] : await acceptRejected(app, userId, rejected)
  const stored = await Promise.all(parts.map((part) => write(app, part)))
  const { replayed } = together(stored.length > 0 || !firstKey ? stored : letters)
  return { stored: together([...stored, ...letters]).stored, replayed }
}

const sentLogs = new WeakMap<FastifyRequest, SentLogs>()

/** What the request's next logs are known by, where its token asks for that. */
function onceOf (request: FastifyRequest, records: readonly LogRecord[]): Once | undefined {
  const { onceMs, tokenId } = requireUser(request.logCaller)
  if (onceMs === undefined) return undefined
  const sent = sentLogs.get(request) ?? new SentLogs(tokenId)
  sentLogs.set(request, sent)
  return { hashes: sent.hashesOf(records), windowMs: onceMs }
}

/** Each piece is a batch of its own, named by its bytes. */
async function acceptRejected (app: FastifyInstance, userId: number, rejected: readonly Rejected[]): Promise<Receipt[]> {
  const batches = new Map<string, LogBatch>()
  for (const piece of rejected) {
    const key = deadLetterKeyOf(piece.source, piece.raw)
    batches.set(key.toString('latin1'), { userId, records: [], rejected: [piece], key })
  }
  const receipts: Receipt[] = []
  const all = [...batches.values()]
  for (let start = 0; start < all.length; start += maxLettersAtOnce) {
    receipts.push(...await Promise.all(all.slice(start, start + maxLettersAtOnce).map((batch) => write(app, batch))))
  }
  return receipts
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
