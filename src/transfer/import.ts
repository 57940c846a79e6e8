// Stores the logs of another system, in order and each once:
//
//   read a page → write in the position file where it ends → store it under keys that it determines → the next page
//
// After a crash the page that was begun is read again up to the same end. It has the same keys, which the database
// stores once.
import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Knex } from 'knex'
import { Instance } from '../cluster/instances.ts'
import { groupBy } from '../model/group-by.ts'
import type { Rejected } from '../model/batch.ts'
import type { LogRecord } from '../model/record.ts'
import type { DatabaseOptions } from '../store/dialects/dialect.ts'
import { logStoreOf } from '../store/log-store.ts'
import { idsOf, sizeOf, type SizedBatch } from '../write/batch.ts'
import { CommitClock } from '../write/clock.ts'
import { Committer, outcomeOf } from '../write/commit.ts'
import { RecordIds } from '../write/ids.ts'
import { readPosition, writePosition } from './position.ts'

/** A log of a source, or the reason why it can't become one. */
export type SourceLog = { userId: number } & ({ record: LogRecord } | { rejected: Omit<Rejected, 'index'> })

/** Consecutive logs of a source. */
export interface SourcePage {
  logs: SourceLog[]
  /** Position of the last one. */
  last: string
  /** Rows that belong to nobody, and are left out. */
  skipped: number
}

/** Logs of another system in an order that does not change. */
export interface LogSource {
  /** Names the source: for a user, logs of the same name and position are the same logs. */
  identity: string
  /** Reads up to 1,000 logs after a position (empty: from the start), not beyond `until`; undefined at the end. */
  read (after: string, until?: string): Promise<SourcePage | undefined>
}

export interface Import {
  /** The database that the logs are stored in, and how it was opened. */
  knex: Knex
  database: DatabaseOptions
  source: LogSource
  /** Path of the file that keeps the position. */
  positionFile: string
  /** Logs stored in a second, at most. */
  rate: number
  onProgress: (imported: Imported) => void
}

/** Numbers of logs. */
export interface Imported {
  stored: number
  /** Stored as dead letters. */
  rejected: number
  /** Stored by an earlier run. */
  known: number
  /** Left out, because they belong to nobody. */
  skipped: number
}

/** A batch must be stored within this time. */
const timeoutMs = 60_000

/** Imports all logs after the position of an earlier run. Rejects with the error of the database or the source. */
export async function importLogs (options: Import): Promise<Imported> {
  const { knex, database, source, positionFile, rate, onProgress } = options
  const imported: Imported = { stored: 0, rejected: 0, known: 0, skipped: 0 }
  const store = logStoreOf(knex, database)
  const ids = new RecordIds()
  // As an instance, so that those who follow the batches wait for these.
  const clock: CommitClock = new CommitClock(() => instance.admission())
  const instance = new Instance(knex, clock)
  const observer = {
    deadLettered (letters: number) {
      imported.rejected += letters
      imported.stored -= letters
    }
  }
  const committer = new Committer({ store, ids, clock, timeoutMs, observer })
  instance.start()
  try {
    const startedAt = performance.now()
    let { after, until } = await readPosition(positionFile)
    for (;;) {
      const page = await source.read(after, until)
      if (page === undefined && until === undefined) break
      if (page) {
        if (until === undefined) await writePosition(positionFile, { after, until: page.last })
        await storePage(committer, batchesOf(page, `${source.identity}\n${after}`, ids), imported)
        imported.skipped += page.skipped
        onProgress(imported)
      }
      after = page?.last ?? until ?? after
      until = undefined
      const dueMs = (imported.stored + imported.rejected) / rate * 1000
      await delay(Math.max(0, startedAt + dueMs - performance.now()))
    }
    await writePosition(positionFile, { after })
    return imported
  } finally {
    await instance.end()
    await store.close()
  }
}

/** One batch for each user of the page. `name` determines their keys. */
function batchesOf ({ logs }: SourcePage, name: string, ids: RecordIds): SizedBatch[] {
  return [...groupBy(logs, ({ userId }) => userId)].map(([userId, ofUser]) => {
    const records = ofUser.flatMap((log) => 'record' in log ? [log.record] : [])
    const rejected = ofUser.flatMap((log, index) => 'rejected' in log ? [{ ...log.rejected, index }] : [])
    const key = createHash('sha256').update(`${name}\n${userId}`).digest().subarray(0, 16)
    const pieces = { records, rejected }
    return { userId, key, firstId: ids.reserve(idsOf(pieces)), bytes: sizeOf(pieces), ...pieces }
  })
}

async function storePage (committer: Committer, batches: readonly SizedBatch[], imported: Imported): Promise<void> {
  const outcomes = await committer.commit(batches)
  for (const batch of batches) {
    const outcome = outcomeOf(outcomes, batch)
    if (outcome.state === 'failed') throw outcome.error
    if (outcome.state === 'replayed') {
      imported.known += idsOf(batch)
    } else {
      imported.stored += batch.records.length
      imported.rejected += batch.rejected?.length ?? 0
    }
  }
}
