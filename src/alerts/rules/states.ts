// The table `alert_rule_states`: what a rule knows about a subject, which is a value of its field, a group or ''.
import type { Knex } from 'knex'
import type { UtcTime } from '../../model/instant.ts'
import type { Held } from './held.ts'
import type { Voice } from './voice.ts'

/** Rows of one statement. */
const rowsPerStatement = 200

/** Facts of a state; which of them it has depends on the kind of its rule. */
export interface StateDetail {
  /** Logs that are told at the end of the cool-down. */
  held?: Held
  /** Of kind count: logs by the time at which a part of the window begins, in seconds since 1970, in order. */
  parts?: Array<[start: number, logs: number]>
  /** Of kind silence: the time of the last log. */
  heardAt?: UtcTime
  /** Of kinds group and silence: what was told, and what is to be told. */
  voice?: Voice
  /** Of kind group: number of its logs when it was told last. */
  logs?: number
}

/** What a rule knows about a subject. */
export interface RuleState {
  ruleId: number
  subject: string
  state: string
  sinceAt: UtcTime
  /** When it changes without any log; null: never. */
  dueAt: UtcTime | null
  detail: StateDetail
}

/** A state by its key. */
export type StateKey = Pick<RuleState, 'ruleId' | 'subject'>

interface StateRow {
  rule_id: number
  subject: string
  state: string
  since_at: UtcTime
  due_at: UtcTime | null
  detail: string
}

/** A state as a key of a map. */
export function keyOf ({ ruleId, subject }: StateKey): string {
  return `${ruleId} ${subject}`
}

/** Reads the states of some subjects. */
export async function readStates (knex: Knex, keys: readonly StateKey[]): Promise<Map<string, RuleState>> {
  const found = new Map<string, RuleState>()
  for (let at = 0; at < keys.length; at += rowsPerStatement) {
    const some = keys.slice(at, at + rowsPerStatement)
    const rows: StateRow[] = await knex('alert_rule_states')
      .whereIn(['rule_id', 'subject'], some.map(({ ruleId, subject }) => [ruleId, subject]))
    for (const state of rows.map(toState)) found.set(keyOf(state), state)
  }
  return found
}

/** The states that are due, the longest due first. */
export async function dueStates (knex: Knex, now: UtcTime, limit: number): Promise<RuleState[]> {
  const rows: StateRow[] = await knex('alert_rule_states').where('due_at', '<=', now).orderBy('due_at').limit(limit)
  return rows.map(toState)
}

/** The states of a rule by subject, those that are due next first. */
export async function statesOfRule (knex: Knex, ruleId: number, limit: number): Promise<RuleState[]> {
  const rows: StateRow[] = await knex('alert_rule_states').where('rule_id', ruleId).orderBy('subject').limit(limit)
  return rows.map(toState)
}

/** The number of subjects of each rule. */
export async function countStates (knex: Knex, ruleIds: readonly number[]): Promise<Map<number, number>> {
  const rows: Array<{ rule_id: number, count: number | string }> = await knex('alert_rule_states')
    .whereIn('rule_id', [...ruleIds]).groupBy('rule_id').select('rule_id').count({ count: '*' })
  return new Map(rows.map((row) => [row.rule_id, Number(row.count)]))
}

export async function storeStates (transaction: Knex, states: readonly RuleState[]): Promise<void> {
  for (let at = 0; at < states.length; at += rowsPerStatement) {
    const rows = states.slice(at, at + rowsPerStatement).map(toRow)
    await transaction('alert_rule_states').insert(rows).onConflict(['rule_id', 'subject']).merge()
  }
}

export async function deleteStates (transaction: Knex, keys: readonly StateKey[]): Promise<number> {
  let deleted = 0
  for (let at = 0; at < keys.length; at += rowsPerStatement) {
    const some = keys.slice(at, at + rowsPerStatement).map(({ ruleId, subject }) => [ruleId, subject])
    deleted += await transaction('alert_rule_states').whereIn(['rule_id', 'subject'], some).delete()
  }
  return deleted
}

/** Deletes the states of rules that were deleted meanwhile. */
export async function deleteOrphans (transaction: Knex): Promise<void> {
  await transaction('alert_rule_states').whereNotIn('rule_id', transaction('alert_rules').select('id')).delete()
}

function toRow ({ ruleId, subject, state, sinceAt, dueAt, detail }: RuleState): StateRow {
  return { rule_id: ruleId, subject, state, since_at: sinceAt, due_at: dueAt, detail: JSON.stringify(detail) }
}

function toState (row: StateRow): RuleState {
  return {
    ruleId: row.rule_id,
    subject: row.subject,
    state: row.state,
    sinceAt: row.since_at,
    dueAt: row.due_at,
    detail: JSON.parse(row.detail)
  }
}
