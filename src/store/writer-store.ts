import type { Knex } from 'knex'
import { databaseIdOf } from './database-id.ts'
import { deadLettersOf } from './dead-letters.ts'
import type { DatabaseOptions } from './dialects/dialect.ts'
import { dialectOf } from './dialects/index.ts'
import { insertInside, isStored, requireTransaction, untilEnded } from './host-transaction.ts'
import { keptFolderOf, logStoreOf } from './log-store.ts'
import type { AdmittedBatch } from '../model/batch.ts'

/**
 * What the writer needs of the database. See `src/write/log-writer.ts`.
 *
 * `database` says how the knex was opened, unless it is a host app's own.
 */
export function writerStoreOf (knex: Knex, database?: DatabaseOptions) {
  const dialect = dialectOf(knex)
  const { insert } = deadLettersOf(knex)
  return {
    batches: logStoreOf(knex, database),
    host: {
      requireTransaction,
      insert: insertInside,
      ended: untilEnded,
      isStored: (batch: AdmittedBatch) => isStored(knex, batch),
      classify: (error: unknown) => dialect.classify(error)
    },
    id: () => databaseIdOf(knex),
    insertDeadLetter: insert,
    keptFolder: keptFolderOf(knex)
  }
}
