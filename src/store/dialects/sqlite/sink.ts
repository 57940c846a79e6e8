import { PieceFailed } from '../../../errors.ts'
import { batchColumns, deadLetterColumns, logColumns, probeRow } from '../../columns.ts'
import { unlessAborted } from '../../../timeout.ts'
import type { RowSink } from '../dialect.ts'
import { dataCodes, ownKey } from './errors.ts'
import { SqliteThread } from './thread.ts'

interface Stored {
  known: number[]
  /** Of each batch, how many rows were left out. */
  repeated: number[]
  dead: number
}

interface Failed {
  failed: { index: number, as: 'log' | 'letter', code: string, message: string }
}

/**
 * Rows into an embedded database file, by a thread of its own, which begins at the first of them and
 * anew after it failed.
 */
export function sqliteSink (file: string): RowSink {
  let thread: SqliteThread | undefined

  function ask<T> (question: Record<string, unknown>): Promise<T> {
    if (!thread || thread.ended) thread = new SqliteThread('writer.js', file, { batchColumns, logColumns, deadLetterColumns, dataCodes: dataCodes.source, ownKey: ownKey.source })
    return thread.ask(question)
  }

  return {
    async insert (batches) {
      const { known, repeated } = await ask<Stored>({ batches })
      for (const [index, batch] of batches.entries()) batch.repeated = repeated[index]
      return new Set(known.map((index) => batches[index]!))
    },

    async insertRowByRow (whole) {
      const { trying, ...batch } = whole
      const answer = await ask<Stored | Failed>({ rowByRow: batch })
      if ('failed' in answer) {
        const { index, as, code, message } = answer.failed
        throw new PieceFailed(index, as, Object.assign(new Error(message), { code }))
      }
      whole.repeated = answer.repeated[0]
      return answer.known.length === 0 ? answer.dead : undefined
    },

    async probe (bytes, signal) {
      await unlessAborted(signal, ask({ probe: probeRow(bytes) }))
    },

    async close () {
      await thread?.close()
    }
  }
}
