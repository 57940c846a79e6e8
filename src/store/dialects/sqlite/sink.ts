import { PieceFailed } from '../../../errors.ts'
import { unlessAborted } from '../../../timeout.ts'
import { batchColumns, deadLetterColumns, logColumns, probeRow } from '../../columns.ts'
import type { RowBatch, RowByRowBatch, RowSink } from '../row-sink.ts'
import { dataCodes, ownKey } from './errors.ts'
import type { WriterProtocol, WriterSetup } from './messages.ts'
import { SqliteThread } from './thread.ts'

const setup: WriterSetup = {
  columns: { logs: logColumns, batches: batchColumns, deadLetters: deadLetterColumns },
  dataCodes,
  ownKey
}

/**
 * Stores rows in an embedded database file, by a thread of its own.
 * The thread starts at the first row, and again after it has failed.
 */
export function sqliteSink (file: string): RowSink {
  let thread: SqliteThread<WriterProtocol> | undefined

  function writer (): SqliteThread<WriterProtocol> {
    if (!thread || thread.hasEnded) thread = new SqliteThread('writer.js', file, setup)
    return thread
  }

  return {
    async insert (batches) {
      const { known, repeated } = await writer().ask('insert', batches)
      for (const [index, batch] of batches.entries()) batch.repeated = repeated[index]
      const isKnown = new Set(known)
      return new Set<RowBatch>(batches.filter((_, index) => isKnown.has(index)))
    },

    async insertRowByRow (batch) {
      const inserted = await writer().ask('insertRowByRow', withoutCallback(batch))
      switch (inserted.kind) {
        case 'known':
          batch.repeated = 0
          return undefined
        case 'stored':
          batch.repeated = inserted.repeated
          return inserted.deadLetters
        case 'failed': {
          const { code, message } = inserted.error
          throw new PieceFailed(inserted.index, inserted.as, Object.assign(new Error(message), { code }))
        }
      }
    },

    async probe (bytes, signal) {
      await unlessAborted(signal, writer().ask('probe', probeRow(bytes)))
    },

    async close () {
      await thread?.close()
    }
  }
}

/** A function cannot be sent to a thread. */
function withoutCallback ({ trying, ...batch }: RowByRowBatch): Omit<RowByRowBatch, 'trying'> {
  return batch
}
