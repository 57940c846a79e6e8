// Copies everything of one database to another, which becomes the same database: with its ids, times and identity.
//
//   tables → mark the target as unfinished → identity → each table, in batches → compare counts → remove the mark
//
// While the mark is there, no server starts on the target. A copy that was interrupted goes on in each table after the
// last row in the order of its key.
import type { Knex } from 'knex'
import { listMembers } from '../cluster/members.ts'
import { CommandError } from '../errors.ts'
import { databaseIdOf } from '../store/database-id.ts'
import { ourTables } from '../store/database-state.ts'
import { dialectOf } from '../store/dialects/index.ts'
import {
  checkSchema, isMarkedUnfinished, markUnfinished, migrateToLatest, unmarkUnfinished
} from '../store/migrations.ts'
import { copyTable, countRows } from './table.ts'

/** Rows stored so far, of all rows, in a table. */
export interface CopyProgress {
  table: string
  rows: number
  ofRows: number
}

export interface Copy {
  /** Has the tables of this version. */
  source: Knex
  /** Opens the target: an empty database, or one with an unfinished copy of the source. Its tables are created. */
  withTarget: <T>(work: (target: Knex) => Promise<T>) => Promise<T>
  onProgress: (progress: CopyProgress) => void
}

/** Rows of a table, the same in both databases. */
export interface CopiedTable {
  table: string
  rows: number
}

/** The identity comes first: an unfinished copy is known by it. */
const identity = 'database_id'
const tables = [identity, ...[...ourTables].filter((table) => table !== identity).sort()]

/** Copies a database that no server uses. Throws CommandError, DatabaseInUse or SchemaMismatch, or the database's. */
export async function copyDatabase ({ source: given, withTarget, onProgress }: Copy): Promise<CopiedTable[]> {
  // It may be created here, and must then outlive a copy that is interrupted.
  const id = await databaseIdOf(given)
  return dialectOf(given).copying.readAlone(given, async (source) => {
    await refuseServers(source)
    return withTarget(async (target) => {
      await prepare(target, id)
      await copyTables(source, target, onProgress)
      await refuseServers(source)
      const copied = compare(await countAll(source), await countAll(target))
      await unmarkUnfinished(target)
      return copied
    })
  })
}

async function copyTables (source: Knex, target: Knex, onProgress: Copy['onProgress']): Promise<void> {
  const counts = await countAll(source)
  const ofRows = [...counts.values()].reduce((sum, rows) => sum + rows, 0)
  let rows = 0
  for (const table of tables) {
    const onRows = (added: number): void => {
      rows += added
      onProgress({ table, rows, ofRows })
    }
    await copyTable({ source, target, table, onRows })
  }
}

/** A server announces itself in a database that many may use; an embedded database is locked instead. */
async function refuseServers (source: Knex): Promise<void> {
  const [member] = await listMembers(source)
  if (member === undefined) return
  throw new CommandError(`a server used the source ${Math.max(0, member.seenSecondsAgo)} s ago: stop it first; ` +
    'one that was killed is forgotten after a minute')
}

/** Creates the tables and the mark, or checks that a copy of the source with this id may go on. */
async function prepare (target: Knex, id: string): Promise<void> {
  const isUnfinished = await isMarkedUnfinished(target)
  if (!isUnfinished) {
    // The tables of another database are not changed, even if they are older.
    if (await target.schema.hasTable('users')) await checkSchema(target)
    else await migrateToLatest(target)
    const counts = await countAll(target)
    if ([...counts.values()].every((rows) => rows === 0)) return markUnfinished(target)
  }
  const row: { id: string } | undefined = await target(identity).first('id')
  const isSame = row?.id === id
  if (!isUnfinished && isSame) {
    throw new CommandError('the target is a finished copy of the source, or the source itself')
  }
  // Without an identity, the unfinished copy has no rows yet.
  if (isUnfinished && (isSame || row === undefined)) return
  throw new CommandError('the target has data: name an empty database')
}

async function countAll (knex: Knex): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  for (const table of tables) counts.set(table, await countRows(knex, table))
  return counts
}

function compare (source: ReadonlyMap<string, number>, target: ReadonlyMap<string, number>): CopiedTable[] {
  return [...source].map(([table, rows]) => {
    const stored = target.get(table)
    if (stored === rows) return { table, rows }
    throw new CommandError(`the source has ${rows} rows in ${table}, the target ${stored}: ` +
      'one of them changed meanwhile; empty the target and copy again')
  })
}
