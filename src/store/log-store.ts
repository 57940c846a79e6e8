import type { Knex } from 'knex'
import type { AdmittedBatch } from '../model/batch.ts'
import type { BatchStore } from '../model/batch-store.ts'
import type { DatabaseOptions, RowBatch, RowSink } from './dialects/dialect.ts'
import { dialectOf } from './dialects/index.ts'
import { refusedLetter, toRows } from './rows.ts'
import { unlessAborted } from '../timeout.ts'

/**
 * The way, which opens at its first use: the database may be away. `database` says how the knex was
 * opened, where it is not a host app's own.
 */
export function logStoreOf (knex: Knex, database?: DatabaseOptions): BatchStore & { close (): Promise<void> } {
  const dialect = dialectOf(knex)
  let opening: Promise<RowSink> | undefined

  function sink (): Promise<RowSink> {
    opening ??= dialect.openSink(knex, database).catch((error) => {
      opening = undefined
      throw error
    })
    return opening
  }

  return {
    async store (batches, createdAt, signal) {
      const rows = batches.map((batch) => toRows(batch, createdAt))
      const { insert } = await unlessAborted(signal, sink())
      // Also where the answer to a COMMIT is lost: the next try finds the key, and no more than that.
      const known = await insert(rows, signal).finally(() => batches.forEach((batch, index) => noteRepeated(batch, rows[index]!)))
      return new Set(batches.filter((_, index) => known.has(rows[index]!)))
    },
    async storeRowByRow (batch, createdAt, signal, pieces) {
      const letters = batch.records.map((record, index) => refusedLetter(batch, index, record))
      const { insertRowByRow } = await unlessAborted(signal, sink())
      const rows = { ...toRows(batch, createdAt), letters, ...pieces }
      return insertRowByRow(rows, signal).finally(() => noteRepeated(batch, rows))
    },
    async probe (bytes, signal) {
      const { probe } = await unlessAborted(signal, sink())
      await probe(bytes, signal)
    },
    classify: (error) => dialect.classify(error),
    reason: (error) => dialect.reason(error),
    async close () {
      await (await opening?.catch(() => undefined))?.close()
    }
  }
}

/** Where files are kept of what no table takes, beside the database; undefined where that is another machine's. */
export function keptFolderOf (knex: Knex): string | undefined {
  return dialectOf(knex).keptFolder(knex)
}

/** Forgets the keys of batches stored before then, in small steps. */
export async function purgeBatchKeys (knex: Knex, before: string): Promise<void> {
  while (await dialectOf(knex).deleteOld(knex, { table: 'ingest_batches', key: ['user_id', 'batch_key'], time: 'created_at' }, before) > 0);
}

function noteRepeated (batch: AdmittedBatch, { repeated }: RowBatch): void {
  if (repeated !== undefined) batch.repeated = repeated
}
