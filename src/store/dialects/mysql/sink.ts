// Stores rows in MySQL or MariaDB, by one transaction:
//
//   INSERT IGNORE of the keys, INSERT of the rows → COMMIT
//                                                 → ROLLBACK after any error
//
// If a key is already stored, fewer keys are inserted than were sent. Then everything is rolled back, the stored keys
// are looked up, and the other batches are tried again. Only keys are inserted with IGNORE: it would change data that
// breaks a rule. Rows that are stored once have keys of their own, see once.ts.
import type { Knex } from 'knex'
import { unlessAborted } from '../../../timeout.ts'
import type { RowBatch, RowSink } from '../row-sink.ts'
import { insertKeys, insertRows, into, requirePacketHolds } from './multi-row.ts'
import { claimRows, selectRecent } from './once.ts'
import { insertRowByRow, probeBySession } from './row-by-row.ts'
import { BulkSessions, openTextSession, type BulkConnection, type Loading, type WriteSession } from './write-session.ts'

type OpenSession = () => Promise<WriteSession>

/** Stores by LOAD DATA and multi-row statements on connections of this knex. */
export function textSink (knex: Knex, packetBytes: number, loading: Loading): RowSink {
  const open = () => openTextSession(knex, packetBytes, loading)
  return { insert: inserter(open, packetBytes), ...rowByRowSink(open), close: async () => {} }
}

/**
 * Stores by MariaDB's bulk protocol, on connections of its own, on which autocommit is off.
 * A batch that is stored row by row goes by connections of this knex.
 */
export function bulkSink (knex: Knex, packetBytes: number, connect: () => Promise<BulkConnection>): RowSink {
  const sessions = new BulkSessions(connect, packetBytes)
  return {
    insert: inserter(() => sessions.open(), packetBytes),
    ...rowByRowSink(() => openTextSession(knex, packetBytes)),
    close: async () => sessions.close()
  }
}

function rowByRowSink (open: OpenSession): Pick<RowSink, 'insertRowByRow' | 'probe'> {
  return {
    insertRowByRow: (batch, signal) =>
      unlessAborted(signal, withSession(open, signal, (session) => insertRowByRow(session, batch))),
    probe: (bytes, signal) =>
      unlessAborted(signal, withSession(open, signal, (session) => probeBySession(session, bytes)))
  }
}

function inserter (open: OpenSession, packetBytes: number): RowSink['insert'] {
  return (batches, signal) => unlessAborted(signal, insert(batches, signal))

  async function insert (batches: readonly RowBatch[], signal: AbortSignal): Promise<ReadonlySet<RowBatch>> {
    for (const { rows } of batches) for (const row of rows) requirePacketHolds(row, packetBytes)
    const known = new Set<RowBatch>()
    let recent: ReadonlyMap<string, string> = new Map()
    for (let left = batches; left.length > 0; left = left.filter((batch) => !known.has(batch))) {
      const found = await withSession(open, signal, (session) => insertOrFind(session, left, recent))
      if (found === undefined) break
      const { names } = found
      recent = found.recent
      for (const batch of left) {
        const name = nameOf(batch)
        if (names.has(name)) known.add(batch)
        // If two batches have the same key, the first is stored.
        else names.add(name)
      }
    }
    return known
  }
}

async function withSession<T> (
  open: OpenSession, signal: AbortSignal, work: (session: WriteSession) => Promise<T>
): Promise<T> {
  const session = await open()
  const destroy = (): void => session.destroy()
  try {
    signal.throwIfAborted()
    signal.addEventListener('abort', destroy)
    return await work(session)
  } finally {
    signal.removeEventListener('abort', destroy)
    session.release()
  }
}

/** Keys and rows that were stored before. */
interface Found {
  /** Names of the batches that are stored, see `nameOf`. */
  names: Set<string>
  /** Expiry of each row of `recent_logs`, by its name. */
  recent: ReadonlyMap<string, string>
}

/** Stores all the batches, without their repeated rows; or nothing, and then resolves to what was stored before. */
async function insertOrFind (
  session: WriteSession, batches: readonly RowBatch[], recent: ReadonlyMap<string, string>
): Promise<Found | undefined> {
  const { claims, repeated } = claimRows(batches, recent)
  const rows = batches.flatMap((batch) => {
    const leftOut = repeated.get(batch)
    return leftOut?.size ? batch.rows.filter((_, index) => !leftOut.has(index)) : batch.rows
  })
  try {
    if (await session.insert([insertKeys(batches), ...claims], rows)) {
      await insertRows(session, into.deadLetters, batches.flatMap(({ rejected }) => rejected))
      await session.execute('COMMIT')
      return undefined
    }
    await session.execute('ROLLBACK')
    const found = { names: await findNames(session, batches), recent: await findRecent(session, batches) }
    await session.execute('ROLLBACK')
    return found
  } catch (error) {
    await session.execute('ROLLBACK').catch(() => session.destroy())
    throw error
  }
}

async function findNames (session: WriteSession, batches: readonly RowBatch[]): Promise<Set<string>> {
  const pairs = batches.map(({ userId, key }) => `(${userId}, x'${key.toString('hex')}')`)
  const rows = await session.select(`
    SELECT CONCAT(user_id, ' ', HEX(batch_key)) AS name FROM ingest_batches
    WHERE (user_id, batch_key) IN (${pairs.join(', ')})`)
  return new Set(rows.map(({ name }) => String(name)))
}

async function findRecent (session: WriteSession, batches: readonly RowBatch[]): Promise<ReadonlyMap<string, string>> {
  const select = selectRecent(batches)
  const rows = select === undefined ? [] : await session.select(select)
  return new Map(rows.map(({ name, expires_at: expiresAt }) => [String(name), String(expiresAt)]))
}

/** The name of a batch, as `findNames` selects it. */
function nameOf ({ userId, key }: RowBatch): string {
  return `${userId} ${key.toString('hex').toUpperCase()}`
}
