import type { FastifyInstance, FastifyRequest } from 'fastify'
import { batchKeyOf, deadLetterKeyOf } from '../../../src/decode/batch-key.ts'
import { Turns, type Decoded } from '../../../src/decode/steps.ts'
import { SentLogs } from '../../../src/decode/sent-logs.ts'
import { DatabaseAway, describeFailure } from '../../../src/errors.ts'
import { requireUser } from '../../../src/http/guard.ts'
import type { LogBatch, Once, Receipt, Rejected } from '../../../src/model/batch.ts'
import type { LogRecord } from '../../../src/model/record.ts'

/** Logs of a batch: a larger request is stored as several. */
const maxBatchLogs = 1000
/** Dead letters of a request that are stored concurrently: each is a batch of its own. */
const maxConcurrentLetters = 1000

/** What a request's batch keys are made of: the same source sent again is stored once. */
export interface Source {
  /** What the logs were decoded from. */
  body: Buffer | string
  /** Name of the source; undefined stores it again each time. */
  name: string | undefined
}

/**
 * Makes logs and rejected pieces durable, for the user who sent the request.
 *
 * A rejected piece is kept once within seven days. Throws an error that tells the client to retry, unless everything is
 * durable.
 */
export async function storeInParts (request: FastifyRequest, decoded: Decoded, source: Source): Promise<Receipt> {
  const { records, rejected } = decoded
  const { body, name } = source
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
  const letters = rejected.length === 0 ? [] : await storeRejected(request.server, userId, rejected)
  const stored = await Promise.all(parts.map((part) => writeOrUnavailable(request.server, part)))
  const { replayed } = mergeReceipts(stored.length > 0 || !firstKey ? stored : letters)
  return { stored: mergeReceipts([...stored, ...letters]).stored, replayed }
}

const sentLogs = new WeakMap<FastifyRequest, SentLogs>()

/** Hashes of the request's next logs; undefined unless its token stores each log once. */
function onceOf (request: FastifyRequest, records: readonly LogRecord[]): Once | undefined {
  const { onceMs, tokenId } = requireUser(request.logCaller)
  if (onceMs === undefined) return undefined
  const sent = sentLogs.get(request) ?? new SentLogs(tokenId)
  sentLogs.set(request, sent)
  return { hashes: sent.hashesOf(records), windowMs: onceMs }
}

/** Stores each rejected piece as a batch of its own, under a key made of its bytes. */
async function storeRejected (app: FastifyInstance, userId: number, rejected: readonly Rejected[]): Promise<Receipt[]> {
  const batches = new Map<string, LogBatch>()
  for (const piece of rejected) {
    const key = deadLetterKeyOf(piece.source, piece.raw)
    batches.set(key.toString('latin1'), { userId, records: [], rejected: [piece], key })
  }
  const receipts: Receipt[] = []
  const all = [...batches.values()]
  for (let start = 0; start < all.length; start += maxConcurrentLetters) {
    const group = all.slice(start, start + maxConcurrentLetters)
    receipts.push(...await Promise.all(group.map((batch) => writeOrUnavailable(app, batch))))
  }
  return receipts
}

/** Summarizes the receipts of several batches: in the spool if any is, replayed if all are. */
export function mergeReceipts (receipts: readonly Receipt[]): Receipt {
  return {
    stored: receipts.some(({ stored }) => stored === 'spool') ? 'spool' : 'database',
    replayed: receipts.length > 0 && receipts.every(({ replayed }) => replayed)
  }
}

/** Writes a batch; answers 503 if the database is unavailable, because many clients do not retry after 500. */
export async function writeOrUnavailable (app: FastifyInstance, batch: LogBatch): Promise<Receipt> {
  try {
    return await app.writeLogs(batch)
  } catch (error) {
    if (error instanceof Error && 'statusCode' in error) throw error
    app.log.error({ failure: describeFailure(error) }, 'logs could not be stored; the sender may retry')
    throw new DatabaseAway()
  }
}
