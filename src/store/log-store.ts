import type { Knex } from 'knex'
import type { AdmittedBatch } from '../model/batch.ts'
import type { BatchStore } from '../model/batch-store.ts'
import type { UtcTime } from '../model/instant.ts'
import { unlessAborted } from '../timeout.ts'
import type { DatabaseOptions } from './dialects/dialect.ts'
import type { RowBatch, RowSink } from './dialects/row-sink.ts'
import { dialectOf } from './dialects/index.ts'
import { refusedLetter, toRows } from './rows.ts'

/**
 * Stores batches in the database. Opens at its first use, because the database may be unavailable at start.
 * `database` has the options that the knex was opened with, unless it is a host app's own.
 */
export function logStoreOf (knex: Knex, database?: DatabaseOptions): BatchStore & { close (): Promise<void> } {
  const dialect = dialectOf(knex)
  let opening: Promise<RowSink> | undefined

  function openSink (): Promise<RowSink> {
    opening ??= dialect.openSink(knex, database).catch((error) => {
      opening = undefined
      throw error
    })
    return opening
  }

  return {
    async store (batches, createdAt, signal) {
      const pairs = batches.map((batch) => ({ batch, rows: toRows(batch, createdAt) }))
      const sink = await unlessAborted(signal, openSink())
      try {
        const known = await sink.insert(pairs.map(({ rows }) => rows), signal)
        return new Set(pairs.filter(({ rows }) => known.has(rows)).map(({ batch }) => batch))
      } finally {
        // Also if the answer to a COMMIT is lost: a retry finds only the key.
        for (const { batch, rows } of pairs) noteRepeated(batch, rows)
      }
    },
    async storeRowByRow (batch, createdAt, signal, pieces) {
      const letters = batch.records.map((record, index) => refusedLetter(batch, index, record))
      const sink = await unlessAborted(signal, openSink())
      const rows = { ...toRows(batch, createdAt), letters, ...pieces }
      return sink.insertRowByRow(rows, signal).finally(() => noteRepeated(batch, rows))
    },
    async probe (bytes, signal) {
      const sink = await unlessAborted(signal, openSink())
      await sink.probe(bytes, signal)
    },
    classify: (error) => dialect.classify(error),
    reason: (error) => dialect.reason(error),
    async close () {
      const sink = await opening?.catch(() => undefined)
      await sink?.close()
    }
  }
}

/** Folder beside the database for files of records that no table can hold; undefined on a remote database. */
export function keptFolderOf (knex: Knex): string | undefined {
  return dialectOf(knex).keptFolder(knex)
}

/** Deletes the keys of batches that were stored before a time, in small steps. */
export async function purgeBatchKeys (knex: Knex, before: UtcTime): Promise<void> {
  const batches = { table: 'ingest_batches', key: ['user_id', 'batch_key'], time: 'created_at' }
  while (await dialectOf(knex).deleteOld(knex, batches, before) > 0);
}

function noteRepeated (batch: AdmittedBatch, { repeated }: RowBatch): void {
  if (repeated !== undefined) batch.repeated = repeated
}
