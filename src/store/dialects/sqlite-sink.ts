import { batchColumns, deadLetterColumns, logColumns } from '../columns.ts'
import type { RowBatch, RowSink, SparingBatch } from './dialect.ts'
import { SqliteThread } from './sqlite-thread.ts'

interface Answer {
  known: number[]
  dead: number
}

/**
 * Rows into an embedded database file, by a thread of its own, which begins at the first of them and
 * anew after it failed. `refused` matches the codes of data that it refuses.
 */
export function sqliteSink (file: string, refused: RegExp): RowSink {
  let thread: SqliteThread | undefined

  function ask (batches: ReadonlyArray<RowBatch | SparingBatch>, sparing: boolean): Promise<Answer> {
    if (!thread || thread.ended) thread = new SqliteThread('sqlite-writer.js', file, { batchColumns, logColumns, deadLetterColumns, refused })
    return thread.ask({ batches, sparing })
  }

  return {
    async insert (batches) {
      const { known } = await ask(batches, false)
      return new Set(known.map((index) => batches[index]!))
    },

    async insertSparing (batch) {
      const { known, dead } = await ask([batch], true)
      return known.length === 0 ? dead : undefined
    },

    async close () {
      await thread?.close()
    }
  }
}
