// Few batches of many requests: each batch costs a row of the ledger.
//
//   requests of a user, as they arrived:   plain  plain  keyed  plain  plain
//   batches:                               └────1─────┘  └─2─┘  └────3─────┘
//
// A plain request has records alone: no key, no rejected pieces, no `once`. Ids are assigned here, in the order of
// arrival, and those of a batch are consecutive.
import type { LogBatch } from '../model/batch.ts'
import { freshKey, idsOf, type SizedBatch } from './batch.ts'
import type { RecordIds } from './ids.ts'

/** A request whose records wait for a transaction. */
export interface Arrived {
  batch: LogBatch
  /** Approximate size in memory. */
  bytes: number
}

/** A batch to store, with the requests that its records came with. */
export interface GroupBatch<Request> {
  batch: SizedBatch
  requests: Request[]
}

/** Makes the batches of a group of requests. */
export function batchesOf<Request extends Arrived> (
  group: readonly Request[], ids: RecordIds
): Array<GroupBatch<Request>> {
  const merged: Array<{ first: Request, further: Request[] }> = []
  const open = new Map<number, Request[]>()
  for (const request of group) {
    const { userId } = request.batch
    const isMergeable = isPlain(request.batch)
    const further = isMergeable ? open.get(userId) : undefined
    if (further) {
      further.push(request)
      continue
    }
    const begun = { first: request, further: [] }
    merged.push(begun)
    if (isMergeable) open.set(userId, begun.further)
    else open.delete(userId)
  }
  return merged.map(({ first, further }) => ({ batch: batchOf(first, further, ids), requests: [first, ...further] }))
}

function isPlain ({ key, once, rejected = [] }: LogBatch): boolean {
  return key === undefined && once === undefined && rejected.length === 0
}

function batchOf ({ batch, bytes }: Arrived, further: readonly Arrived[], ids: RecordIds): SizedBatch {
  const { userId, rejected, once, key = freshKey() } = batch
  const records = further.length === 0
    ? batch.records
    : [...batch.records, ...further.flatMap((other) => other.batch.records)]
  return {
    userId,
    records,
    rejected,
    ...once && { once },
    key,
    firstId: ids.reserve(idsOf({ records, rejected })),
    bytes: further.reduce((sum, other) => sum + other.bytes, bytes)
  }
}
