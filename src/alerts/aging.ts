import type { Knex } from 'knex'
import type { UtcTime } from '../model/instant.ts'
import { shift } from '../model/span.ts'
import { stampOf } from '../store/batches.ts'
import { retryConflicts } from '../store/retry.ts'
import { inState, type ErrorGroup, type GroupState } from './group.ts'
import { changeOf, storeChanges, toBytes, toGroup, type GroupRow } from './groups.ts'

/** How long a group is new, or regressed, in milliseconds. */
const newMs = 24 * 3_600_000
/** A group without an error for this long is resolved. */
const quietMs = 14 * 24 * 3_600_000
/** Groups that change at once. */
const groupsPerStep = 200

/** What else a transaction does that changes the state of a group. */
type AfterChange = (transaction: Knex, group: ErrorGroup, now: UtcTime) => Promise<void>

interface Change {
  state: GroupState
  now: UtcTime
  select: (rows: Knex.QueryBuilder) => Knex.QueryBuilder
  /** Default: nothing. */
  after?: AfterChange
}

/** Ends states that have lasted their time; `onUnmuted` runs in the transaction that ends a muted state. */
export async function ageGroups (knex: Knex, onUnmuted: AfterChange): Promise<void> {
  const now = await stampOf(knex)
  const quietSince = shift(now, -quietMs)
  await change(knex, {
    state: 'ongoing',
    now,
    select: (rows) => rows.where('state', 'muted').where('until_at', '<=', now),
    after: onUnmuted
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
    for (const group of rows.map(toGroup)) await changeOne(knex, group, inState(group, state, now), after)
    if (rows.length < groupsPerStep) return
  }
}

async function changeOne (
  knex: Knex, { userId, key, changes }: ErrorGroup, changed: ErrorGroup, after?: AfterChange
): Promise<void> {
  await retryConflicts(knex, () => knex.transaction(async (transaction) => {
    const { state, stateAt } = changed
    const row = transaction('error_groups').where({ user_id: userId, group_key: toBytes(key), changes })
    const isChanged = await row.update({
      state,
      state_at: stateAt,
      state_logs: transaction.ref('logs'),
      until_at: null,
      until_logs: null,
      changes: changed.changes
    })
    if (isChanged === 0) return
    await storeChanges(transaction, [changeOf(changed, { by: 'server', source: 'server' })])
    await after?.(transaction, changed, stateAt)
  }))
}
