// Reading the groups of errors.
import type { Knex } from 'knex'
import type { UtcTime } from '../model/instant.ts'
import type { ErrorGroup, GroupChange, GroupState } from './group.ts'
import { toBytes, toGroup, type GroupRow } from './groups.ts'

/** Where a page of groups ends. */
export type GroupPosition = Pick<ErrorGroup, 'lastSeen' | 'userId' | 'key'>

/** The groups to list. */
export interface GroupSelection {
  /** Undefined: of all users. */
  userId: number | undefined
  /** Default: all. */
  states?: readonly GroupState[]
  process?: string
  /** Those that had an error since. */
  since?: UtcTime
  /** Those that come after this one in the order. */
  after?: GroupPosition
  limit: number
}

/** Lists groups that were not merged into another, the latest error first. */
export async function listGroups (
  knex: Knex, { userId, states, process, since, after, limit }: GroupSelection
): Promise<ErrorGroup[]> {
  const order = [{ column: 'last_seen', order: 'desc' as const }, { column: 'user_id' }, { column: 'group_key' }]
  const query = knex('error_groups').whereNull('merged_into').orderBy(order).limit(limit)
  if (userId !== undefined) query.where('user_id', userId)
  if (states) query.whereIn('state', [...states])
  if (process !== undefined) query.where('process', process)
  if (since !== undefined) query.where('last_seen', '>=', since)
  if (after) query.where((where) => whereAfter(where, after))
  const rows: GroupRow[] = await query
  return rows.map(toGroup)
}

function whereAfter (where: Knex.QueryBuilder, { lastSeen, userId, key }: GroupPosition): void {
  where.where('last_seen', '<', lastSeen).orWhere((same) => {
    same.where('last_seen', lastSeen).where((later) => {
      later.where('user_id', '>', userId)
        .orWhere((user) => { user.where('user_id', userId).where('group_key', '>', toBytes(key)) })
    })
  })
}

/** The number of groups in each state that had an error since a time. */
export async function countStates (
  knex: Knex, userId: number | undefined, since: UtcTime | undefined
): Promise<Record<GroupState, number>> {
  const query = knex('error_groups').whereNull('merged_into').groupBy('state')
  if (userId !== undefined) query.where('user_id', userId)
  if (since !== undefined) query.where('last_seen', '>=', since)
  const rows: Array<{ state: GroupState, count: number | string }> = await query.select('state').count({ count: '*' })
  const counts = { new: 0, ongoing: 0, acknowledged: 0, muted: 0, resolved: 0, regressed: 0 }
  for (const { state, count } of rows) counts[state] = Number(count)
  return counts
}

/** Finds a group of a user. */
export async function findGroup (knex: Knex, userId: number, key: string): Promise<ErrorGroup | undefined> {
  const row: GroupRow | undefined =
    await knex('error_groups').where({ user_id: userId, group_key: toBytes(key) }).first()
  return row && toGroup(row)
}

/** The groups that were merged into some of a user. */
export async function mergedGroups (knex: Knex, userId: number, keys: readonly string[]): Promise<ErrorGroup[]> {
  const rows: GroupRow[] = await knex('error_groups').where('user_id', userId).whereIn('merged_into', keys.map(toBytes))
  return rows.map(toGroup)
}

/** Errors of some groups of a user by hour, from a time on. */
export async function hoursOfGroups (
  knex: Knex, userId: number, keys: readonly string[], from: UtcTime
): Promise<Map<string, Map<UtcTime, number>>> {
  const rows = await knex('error_group_hours')
    .where('user_id', userId).whereIn('group_key', keys.map(toBytes)).where('hour', '>=', from)
  const hours = new Map(keys.map((key) => [key, new Map<UtcTime, number>()]))
  for (const row of rows) hours.get(row.group_key.toString('hex'))?.set(row.hour, Number(row.logs))
  return hours
}

/** The changes of a group, the latest first. */
export async function changesOfGroup (
  knex: Knex, userId: number, key: string, limit: number
): Promise<GroupChange[]> {
  const rows = await knex('error_group_changes')
    .where({ user_id: userId, group_key: toBytes(key) }).orderBy('number', 'desc').limit(limit)
  return rows.map((row) => ({
    userId,
    key,
    number: row.number,
    state: row.state,
    changedAt: row.changed_at,
    changedBy: row.changed_by,
    source: row.source,
    note: row.note
  }))
}

/** Ids of the samples that are still stored. */
export async function storedSamples (knex: Knex, groups: readonly ErrorGroup[]): Promise<Set<string>> {
  const keys = groups.flatMap(({ userId, samples }) => samples.map((sample) => ({ userId, ...sample })))
  if (keys.length === 0) return new Set()
  const rows: Array<{ log: string }> = await knex('user_logs')
    .select(knex.raw('CAST(id AS CHAR) AS log'))
    .where((where) => {
      for (const { userId, id, at } of keys) where.orWhere({ user_id: userId, log_event_at: at, id })
    })
  return new Set(rows.map(({ log }) => log))
}
