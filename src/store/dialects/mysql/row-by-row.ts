import { PieceFailed } from '../../../errors.ts'
import { probeRow } from '../../columns.ts'
import type { RowBatch, RowByRowBatch, Value } from '../row-sink.ts'
import { classifyMysqlError, mysqlReason } from './errors.ts'
import { insertKeys, into, packetReserveBytes, requirePacketHolds } from './multi-row.ts'
import { rowClaim, stateOf } from './once.ts'
import type { WriteSession } from './write-session.ts'

/** Characters that `dead_letters.reason` holds. */
const maxReasonCharacters = 255

/** Stores a batch row by row, in one transaction; see `RowSink.insertRowByRow`. */
export async function insertRowByRow (session: WriteSession, batch: RowByRowBatch): Promise<number | undefined> {
  try {
    await session.execute('START TRANSACTION')
    const { affectedRows } = await session.execute(insertKeys([batch]).sql)
    if (affectedRows === 0) {
      await session.execute('ROLLBACK')
      return undefined
    }
    const deadLetters = await insertPieces(session, batch)
    await session.execute('COMMIT')
    return deadLetters
  } catch (error) {
    await session.execute('ROLLBACK').catch(() => session.destroy())
    throw error
  }
}

/** Inserts the rows of a new batch, and its dead letters; resolves to how many rows became dead letters. */
async function insertPieces (session: WriteSession, batch: RowByRowBatch): Promise<number> {
  let deadLetters = 0
  batch.repeated = 0
  for (const [index, row] of batch.rows.entries()) {
    if (await isRepeated(session, batch, index)) {
      batch.repeated++
      continue
    }
    if (batch.kept.has(index)) continue
    const reason = batch.condemned.get(index) ?? await tryRow(index, row)
    if (reason === undefined) continue
    deadLetters++
    await insertDeadLetter(index, [...batch.letters[index] ?? [], reason])
  }
  for (const [offset, letter] of batch.rejected.entries()) {
    const index = batch.rows.length + offset
    if (!batch.kept.has(index)) await insertDeadLetter(index, letter)
  }
  return deadLetters

  /** Inserts the row, or resolves to the reason why the database refuses it. */
  async function tryRow (index: number, row: readonly Value[]): Promise<string | undefined> {
    batch.trying(index, 'log')
    try {
      requirePacketHolds(row, session.packetBytes)
      await session.insertRow(into.logs, row)
    } catch (error) {
      if (classifyMysqlError(error) !== 'refused') throw new PieceFailed(index, 'log', error)
      return mysqlReason(error).slice(0, maxReasonCharacters)
    }
  }

  async function insertDeadLetter (index: number, letter: readonly Value[]): Promise<void> {
    batch.trying(index, 'letter')
    await session.insertRow(into.deadLetters, letter).catch((error) => {
      throw new PieceFailed(index, 'letter', error)
    })
  }
}

/** Whether the row was sent before; remembers it if it was not. */
async function isRepeated (session: WriteSession, batch: RowBatch, index: number): Promise<boolean> {
  const claim = rowClaim(batch, index)
  if (claim === undefined) return false
  const { affectedRows } = await session.execute(claim.insert)
  if (affectedRows > 0) return false
  const [row] = await session.select(claim.select)
  const state = stateOf(claim.once, row && String(row.expires_at))
  if (state === 'new') await session.execute(claim.renew)
  return state === 'repeated'
}

/** Inserts a row of about `bytes`, and takes it back; rejects if the database stores nothing. */
export async function probeBySession (session: WriteSession, bytes: number): Promise<void> {
  try {
    await session.execute('START TRANSACTION')
    await session.insertRow(into.logs, probeRow(Math.min(bytes, session.packetBytes - packetReserveBytes)))
  } catch (error) {
    // If this row breaks a rule, the database still stores rows that keep it.
    if (classifyMysqlError(error) !== 'refused') throw error
  } finally {
    await session.execute('ROLLBACK').catch(() => session.destroy())
  }
}
