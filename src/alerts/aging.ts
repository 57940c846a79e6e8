import type { Knex } from 'knex'
import type { UtcTime } from '../model/instant.ts'
import { shift } from '../model/span.ts'
import { stampOf } from '../store/batches.ts'
import { transact } from '../store/retry.ts'
import { inState, type ErrorGroup, type GroupState } from './group.ts'
import { changeOf, storeChanges, toBytes, toGroup, type GroupRow } from './groups.ts'

/** How long a group is new, or regressed, in milliseconds. */
const newMs = 24 * 3_600_000
/** A group without an error for this long is resolved. */
const quietMs = 14 * 24 * 3_600_000
/** How long a group is acknowledged while errors come, in milliseconds. */
const acknowledgedMs = 7 * 24 * 3_600_000
/** Groups that change at once. */
const groupsPerStep = 200

/** A group in its new state, and as it was. */
export interface AgedGroup {
  group: ErrorGroup
  before: ErrorGroup
}

/** What else a transaction does that changes the state of a group. */
type AfterChange = (transaction: Knex, aged: AgedGroup, now: UtcTime) => Promise<void>

interface Change {
  state: GroupState
  now: UtcTime
  select: (rows: Knex.QueryBuilder) => Knex.QueryBuilder
  /** Default: nothing. */
  after?: AfterChange
}

/** Ends states that have lasted their time; `onAwake` runs in the transaction that ends a mute or acknowledgement. */
export async function ageGroups (knex: Knex, onAwake: AfterChange): Promise<void> {
  const now = await stampOf(knex)
  const quietSince = shift(now, -quietMs)
  await change(knex, {
    state: 'ongoing',
    now,
    select: (rows) => rows.where('state', 'muted').where('until_at', '<=', now),
    after: onAwake
  })
  await change(knex, {
    state: 'ongoing',
    now,
    select: (rows) => rows.where('state', 'acknowledged')
      .where('state_at', '<', shift(now, -acknowledgedMs)).whereRaw('logs + merged_logs > state_logs'),
    after: onAwake
  })
  await change(knex, {
    state: 'ongoing',
    now,
    select: (rows) => rows.whereIn('state', ['new', 'regressed']).where('state_at', '<', shift(now, -newMs))
  })
  await change(knex, {
    state: 'resolved',
    now,
    select: (rows) => rows.whereIn('state', ['ongoing', 'acknowledged'])
      .where('last_seen', '<', quietSince).where('state_at', '<', quietSince)
  })
}

/** Gives the selected groups another state; a group that changes meanwhile keeps its own. */
async function change (knex: Knex, { state, now, select, after }: Change): Promise<void> {
  for (;;) {
    const rows: GroupRow[] = await select(knex('error_groups').whereNull('merged_into')).limit(groupsPerStep)
    for (const before of rows.map(toGroup)) await changeOne(knex, { before, group: inState(before, state, now) }, after)
    if (rows.length < groupsPerStep) return
  }
}

async function changeOne (knex: Knex, aged: AgedGroup, after?: AfterChange): Promise<void> {
  const { before: { userId, key, changes }, group } = aged
  await transact(knex, async (transaction) => {
    const { state, stateAt } = group
    const row = transaction('error_groups').where({ user_id: userId, group_key: toBytes(key), changes })
    const isChanged = await row.update({
      state,
      state_at: stateAt,
      state_logs: transaction.raw('logs + merged_logs'),
      until_at: null,
      until_logs: null,
      changes: group.changes
    })
    if (isChanged === 0) return
    await storeChanges(transaction, [changeOf(group, { by: 'server', source: 'server' })])
    await after?.(transaction, aged, stateAt)
  })
}
