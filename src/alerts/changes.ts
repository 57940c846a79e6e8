// Changes of groups of errors by their users.
import type { Knex } from 'knex'
import { Conflict } from '../errors.ts'
import type { Actor } from '../model/caller.ts'
import type { UtcTime } from '../model/instant.ts'
import { audited } from '../store/audit.ts'
import { stampOf } from '../store/batches.ts'
import { allLogs, inState, withMergedErrors, type ChangeSource, type ErrorGroup } from './group.ts'
import { changeOf, storeChanges, storeGroups, toBytes } from './groups.ts'
import { findGroup } from './read.ts'

/** A group, the person who changes it, and by what. */
export interface ChangedGroup {
  userId: number
  key: string
  by: Actor
  source: ChangeSource
}

/** A state that a user gives a group. */
export type WantedState =
  | { state: 'acknowledged' | 'resolved' | 'ongoing' }
  /** Muted until a time, or for a number of further logs. */
  | { state: 'muted', untilAt: UtcTime | null, logs: number | null }

/** Gives a group another state; false where there is no such group. */
export async function setState (
  knex: Knex, group: ChangedGroup, wanted: WantedState, note: string
): Promise<boolean> {
  const entry = { by: group.by, action: 'error.state', detail: { error: group.key, ...wanted } }
  return await audited(knex, entry, (transaction) => changeState(transaction, group, wanted, note)) > 0
}

/** Gives a group another state, in a transaction that writes the audit; resolves to the number of changed groups. */
export async function changeState (
  transaction: Knex, { userId, key, by, source }: ChangedGroup, wanted: WantedState, note: string
): Promise<number> {
  const group = await lockGroup(transaction, userId, key)
  if (!group) return 0
  const changed = { ...inState(group, wanted.state, await stampOf(transaction)), ...untilOf(group, wanted) }
  await storeGroups(transaction, [changed])
  await storeChanges(transaction, [changeOf(changed, { by: by.name, source, note })])
  return 1
}

function untilOf (group: ErrorGroup, wanted: WantedState): Pick<ErrorGroup, 'untilAt' | 'untilLogs'> {
  if (wanted.state !== 'muted') return { untilAt: null, untilLogs: null }
  return { untilAt: wanted.untilAt, untilLogs: wanted.logs === null ? null : allLogs(group) + wanted.logs }
}

/**
 * Merges a group into another one of its user, or, with null, takes it out again; false where there is no such group.
 * Its errors count there, and the state is that of the other one: what has happened by now ends neither its mute nor
 * its acknowledgement. Throws Conflict where the other one is merged itself.
 */
export async function mergeGroup (
  knex: Knex, { userId, key, by }: ChangedGroup, into: string | null
): Promise<boolean> {
  return await audited(knex, { by, action: 'error.merge', detail: { error: key, into } }, async (transaction) => {
    const group = await lockGroup(transaction, userId, key)
    if (!group) return 0
    if (into !== null) {
      const target = into === key ? undefined : await lockGroup(transaction, userId, into)
      if (!target || target.mergedInto !== null) {
        throw new Conflict('mergedInto must be another group, which is not merged itself')
      }
      // Groups that were merged into this one go with it.
      await transaction('error_groups')
        .where({ user_id: userId, merged_into: toBytes(key) })
        .update({ merged_into: toBytes(into) })
    }
    const before = group.mergedInto === null ? undefined : await lockGroup(transaction, userId, group.mergedInto)
    if (before) await storeGroups(transaction, [withoutMerged(before, group)])
    const after = into === null ? undefined : await lockGroup(transaction, userId, into)
    if (after) await storeGroups(transaction, [withMerged(after, group)])
    await storeGroups(transaction, [{ ...group, mergedInto: into, mergedLogs: into === null ? group.mergedLogs : 0 }])
    return 1
  }) > 0
}

/** A group after another one was merged into it. */
function withMerged (group: ErrorGroup, other: ErrorGroup): ErrorGroup {
  const logs = allLogs(other)
  const { stateLogs, untilLogs } = group
  return {
    ...withMergedErrors(group, { ...other, logs }),
    stateLogs: stateLogs + logs,
    untilLogs: untilLogs === null ? null : untilLogs + logs
  }
}

/** A group after another one was taken out of it. */
function withoutMerged (group: ErrorGroup, { logs }: ErrorGroup): ErrorGroup {
  const without = { ...group, mergedLogs: Math.max(0, group.mergedLogs - logs) }
  const { stateLogs, untilLogs } = group
  return {
    ...without,
    stateLogs: Math.min(stateLogs, allLogs(without)),
    untilLogs: untilLogs === null ? null : Math.max(0, untilLogs - logs)
  }
}

/** Reads a group that no other transaction changes meanwhile. It writes first: an embedded database needs that. */
async function lockGroup (transaction: Knex, userId: number, key: string): Promise<ErrorGroup | undefined> {
  const row = transaction('error_groups').where({ user_id: userId, group_key: toBytes(key) })
  if (await row.update({ changes: transaction.ref('changes') }) === 0) return undefined
  return await findGroup(transaction, userId, key)
}
