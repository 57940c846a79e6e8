// The tables `error_groups`, `error_group_hours` and `error_group_changes`.
import type { Knex } from 'knex'
import { groupBy } from '../model/group-by.ts'
import type { UtcTime } from '../model/instant.ts'
import { capped } from './caps.ts'
import {
  inState, groupOf, nextState, withMergedErrors, type ChangeSource, type ErrorGroup, type GroupChange, type GroupState
} from './group.ts'
import { withErrors, type Tally } from './tally.ts'

/** Rows of one statement. */
const rowsPerStatement = 200

/** A row of `error_groups`. */
export interface GroupRow {
  user_id: number
  group_key: Buffer
  process: string
  text: string
  worst: ErrorGroup['worst']
  state: GroupState
  state_at: UtcTime
  state_logs: number | string
  until_at: UtcTime | null
  until_logs: number | string | null
  logs: number | string
  merged_logs: number | string
  first_seen: UtcTime
  last_seen: UtcTime
  first_at: UtcTime
  last_at: UtcTime
  samples: string
  merged_into: Buffer | null
  changes: number
}

/** A group in its new state, and the errors that changed it. */
export interface ChangedByErrors {
  group: ErrorGroup
  /** With the errors, in its state of before; undefined: it is new. */
  before: ErrorGroup | undefined
  tally: Tally
}

/** Adds errors to their groups, in a transaction; resolves to the groups that changed their state. */
export async function addTallies (
  transaction: Knex, seen: readonly Tally[], now: UtcTime
): Promise<ChangedByErrors[]> {
  const groups = await lockGroups(transaction, seen)
  const tallies = await capped(transaction, seen, (tally) => groups.has(nameOf(tally)))
  // Groups that stand for others are not among those of before.
  const known = new Set(seen)
  const others = await lockGroups(transaction, tallies.filter((tally) => !known.has(tally)))
  for (const [name, group] of others) groups.set(name, group)
  const changed: ChangedByErrors[] = []
  const put = (group: ErrorGroup) => groups.set(nameOf(group), group)
  for (const tally of tallies) {
    const before = groups.get(nameOf(tally))
    const group = before ? withErrors(before, tally) : groupOf(tally, now)
    put(group)
    if (!before) changed.push({ group, before, tally })
    const into = group.mergedInto === null ? undefined : groups.get(nameOf({ ...group, key: group.mergedInto }))
    const root = into ? withMergedErrors(into, tally) : group
    put(root)
    const state = nextState(root, tally.lastAt)
    if (state === undefined) continue
    const next = inState(root, state, now)
    put(next)
    changed.push({ group: next, before: root, tally })
  }
  await storeGroups(transaction, [...groups.values()])
  await storeChanges(transaction, changed.map(({ group }) => changeOf(group, { by: 'server', source: 'server' })))
  await addHours(transaction, tallies)
  return changed
}

function nameOf ({ userId, key }: Pick<ErrorGroup, 'userId' | 'key'>): string {
  return `${userId} ${key}`
}

/** Reads the groups of some errors, and those that they were merged into, until the transaction ends. */
async function lockGroups (transaction: Knex, tallies: readonly Tally[]): Promise<Map<string, ErrorGroup>> {
  const groups = new Map<string, ErrorGroup>()
  const read = async (keys: ReadonlyArray<Pick<ErrorGroup, 'userId' | 'key'>>) => {
    for (const some of partsOfUsers(keys)) {
      const ofUser = transaction('error_groups').where('user_id', some[0]?.userId)
      const rows: GroupRow[] = await ofUser.whereIn('group_key', some.map(({ key }) => toBytes(key))).forUpdate()
      for (const group of rows.map(toGroup)) groups.set(nameOf(group), group)
    }
  }
  await read(tallies)
  const roots = [...groups.values()].flatMap(({ userId, mergedInto: key }) => key === null ? [] : [{ userId, key }])
  await read(roots.filter((root) => !groups.has(nameOf(root))))
  return groups
}

/** Parts of a list, each of one user and for one statement. */
function * partsOfUsers<Item extends { userId: number }> (items: readonly Item[]): Generator<Item[]> {
  for (const list of groupBy(items, ({ userId }) => userId).values()) {
    for (let at = 0; at < list.length; at += rowsPerStatement) yield list.slice(at, at + rowsPerStatement)
  }
}

export async function storeGroups (transaction: Knex, groups: readonly ErrorGroup[]): Promise<void> {
  for (let at = 0; at < groups.length; at += rowsPerStatement) {
    const rows = groups.slice(at, at + rowsPerStatement).map(toRow)
    await transaction('error_groups').insert(rows).onConflict(['user_id', 'group_key']).merge()
  }
}

export async function storeChanges (transaction: Knex, changes: readonly GroupChange[]): Promise<void> {
  for (let at = 0; at < changes.length; at += rowsPerStatement) {
    await transaction('error_group_changes').insert(changes.slice(at, at + rowsPerStatement).map((change) => ({
      user_id: change.userId,
      group_key: toBytes(change.key),
      number: change.number,
      state: change.state,
      changed_at: change.changedAt,
      changed_by: change.changedBy,
      source: change.source,
      note: change.note
    })))
  }
}

/** The change that led to a group's state. */
export function changeOf (
  { userId, key, changes, state, stateAt }: ErrorGroup,
  { by, source, note = '' }: { by: string, source: ChangeSource, note?: string }
): GroupChange {
  return { userId, key, number: changes, state, changedAt: stateAt, changedBy: by, source, note }
}

async function addHours (transaction: Knex, tallies: readonly Tally[]): Promise<void> {
  const added = tallies.flatMap(({ userId, key, hours }) => (
    [...hours].map(([hour, logs]) => ({ userId, key, hour, logs }))
  ))
  for (const some of partsOfUsers(added)) {
    const known = await transaction('error_group_hours')
      .where('user_id', some[0]?.userId)
      .whereIn('group_key', some.map(({ key }) => toBytes(key)))
      .whereIn('hour', some.map(({ hour }) => hour))
      .forUpdate()
    const before = new Map(known.map((row) => [`${row.group_key.toString('hex')} ${row.hour}`, Number(row.logs)]))
    const rows = some.map(({ userId, key, hour, logs }) => (
      { user_id: userId, group_key: toBytes(key), hour, logs: logs + (before.get(`${key} ${hour}`) ?? 0) }
    ))
    await transaction('error_group_hours').insert(rows).onConflict(['user_id', 'group_key', 'hour']).merge(['logs'])
  }
}

export function toBytes (key: string): Buffer {
  return Buffer.from(key, 'hex')
}

function toRow (group: ErrorGroup): GroupRow {
  return {
    user_id: group.userId,
    group_key: toBytes(group.key),
    process: group.process,
    text: group.text,
    worst: group.worst,
    state: group.state,
    state_at: group.stateAt,
    state_logs: group.stateLogs,
    until_at: group.untilAt,
    until_logs: group.untilLogs,
    logs: group.logs,
    merged_logs: group.mergedLogs,
    first_seen: group.firstSeen,
    last_seen: group.lastSeen,
    first_at: group.firstAt,
    last_at: group.lastAt,
    samples: JSON.stringify(group.samples),
    merged_into: group.mergedInto === null ? null : toBytes(group.mergedInto),
    changes: group.changes
  }
}

export function toGroup (row: GroupRow): ErrorGroup {
  return {
    userId: row.user_id,
    key: row.group_key.toString('hex'),
    process: row.process,
    text: row.text,
    worst: row.worst,
    state: row.state,
    stateAt: row.state_at,
    stateLogs: Number(row.state_logs),
    untilAt: row.until_at,
    untilLogs: row.until_logs === null ? null : Number(row.until_logs),
    logs: Number(row.logs),
    mergedLogs: Number(row.merged_logs),
    firstSeen: row.first_seen,
    lastSeen: row.last_seen,
    firstAt: row.first_at,
    lastAt: row.last_at,
    samples: JSON.parse(row.samples),
    mergedInto: row.merged_into === null ? null : row.merged_into.toString('hex'),
    changes: row.changes
  }
}
