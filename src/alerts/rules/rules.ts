// The table `alert_rules`.
import type { Knex } from 'knex'
import { BadRequest, Conflict } from '../../errors.ts'
import { audited, type AuditEntry } from '../../store/audit.ts'
import { stampOf } from '../../store/batches.ts'
import { dialectOf } from '../../store/dialects/index.ts'
import type { UtcTime } from '../../model/instant.ts'
import { maxRules, standardTelling, type NewRule, type Rule, type RuleContent, type RuleKind } from './rule.ts'

/** A row of `alert_rules`. */
export interface RuleRow {
  id: number
  user_id: number
  name: string
  kind: RuleKind
  settings: string
  telling: string
  /** Ids as JSON. */
  channels: string | null
  /** 0 or 1 when it is read. */
  is_enabled: number | boolean
  fault: string | null
  revision: number
  created_at: UtcTime
  updated_at: UtcTime
}

type ContentRow = Omit<RuleRow, 'id' | 'user_id' | 'created_at'>

/** Names of the channels of a user by their ids. */
type ChannelNames = ReadonlyMap<number, string>

/** The table `alert_rules`. Names are case-sensitive. */
export function rulesOf (knex: Knex) {
  return {
    /** The rules of a user by name. */
    async list (userId: number): Promise<Rule[]> {
      const rows = await knex<RuleRow>('alert_rules').where('user_id', userId).orderBy('name').limit(maxRules)
      const names = await channelNames(knex, userId)
      return rows.map((row) => toRule(row, names))
    },

    async find (userId: number, name: string): Promise<Rule | undefined> {
      const row = await knex<RuleRow>('alert_rules').where({ user_id: userId, name }).first()
      return row && toRule(row, await channelNames(knex, userId))
    },

    /** Adds a rule. Throws Conflict where the user has one of this name, or has too many. */
    async add (userId: number, rule: NewRule, entry: AuditEntry): Promise<void> {
      await refuseDuplicates(knex, audited(knex, entry, async (transaction) => {
        const row = await toRow(transaction, userId, rule)
        const own = await transaction('alert_rules').where('user_id', userId).count({ count: '*' }).first()
        if (Number(own?.count) >= maxRules) throw new Conflict(`a user can have ${maxRules} rules: delete one first`)
        await transaction('alert_rules').insert({ ...row, user_id: userId, created_at: row.updated_at })
        return 1
      }))
    },

    /** Changes a rule, if it is still as it was read; false otherwise. Other settings make it forget what it saw. */
    async change (before: Rule, rule: NewRule, entry: AuditEntry): Promise<boolean> {
      return await refuseDuplicates(knex, audited(knex, entry, async (transaction) => {
        const row = await toRow(transaction, before.userId, rule)
        const same = transaction('alert_rules').where({ id: before.id, revision: before.revision })
        const changed = await same.update({ ...row, revision: before.revision + 1 })
        const { settings, isEnabled } = before
        const isOther = isEnabled !== rule.isEnabled || JSON.stringify(settings) !== JSON.stringify(rule.settings)
        if (changed > 0 && isOther) await forgetStates(transaction, before.id)
        return changed
      })) > 0
    },

    /** Deletes a rule; false if there is none. Its alerts stay. */
    async remove (userId: number, name: string, entry: AuditEntry): Promise<boolean> {
      return await audited(knex, entry, async (transaction) => {
        const row = transaction('alert_rules').where({ user_id: userId, name })
        const known = await row.clone().forUpdate().first('id')
        if (known === undefined) return 0
        await forgetStates(transaction, known.id)
        return await row.delete()
      }) > 0
    }
  }
}

async function forgetStates (transaction: Knex, ruleId: number): Promise<void> {
  await transaction('alert_rule_states').where('rule_id', ruleId).delete()
}

async function refuseDuplicates<T> (knex: Knex, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw dialectOf(knex).isDuplicate(error) ? new Conflict('there is a rule of this name') : error
  }
}

/** Gives a user without rules the first ones: errors that are new or regressed, and, to administrators, the server. */
export async function ensureFirstRules (
  transaction: Knex, { id, admin }: { id: number, admin: boolean }
): Promise<void> {
  if (await transaction('alert_rules').where('user_id', id).first('id') !== undefined) return
  const errors: RuleContent = { kind: 'group', settings: { query: '' } }
  const server: RuleContent = { kind: 'server', settings: {} }
  const named = [{ name: 'New errors', content: errors }, ...admin ? [{ name: 'The server', content: server }] : []]
  for (const { name, content } of named) {
    const rule = { ...content, name, telling: standardTelling, channels: null, isEnabled: true }
    const row = await toRow(transaction, id, rule)
    await transaction('alert_rules').insert({ ...row, user_id: id, created_at: row.updated_at })
      .onConflict(['user_id', 'name']).ignore()
  }
}

async function toRow (transaction: Knex, userId: number, rule: NewRule): Promise<ContentRow> {
  const { name, kind, settings, telling, channels, isEnabled } = rule
  return {
    name,
    kind,
    settings: JSON.stringify(settings),
    telling: JSON.stringify(telling),
    channels: channels && JSON.stringify(await channelIds(transaction, userId, channels)),
    is_enabled: isEnabled,
    fault: null,
    revision: 1,
    updated_at: await stampOf(transaction)
  }
}

async function channelIds (transaction: Knex, userId: number, names: readonly string[]): Promise<number[]> {
  const rows: Array<{ id: number, name: string }> =
    await transaction('alert_channels').where('user_id', userId).whereIn('name', [...names]).select('id', 'name')
  const missing = names.findIndex((name) => !rows.some((row) => row.name === name))
  if (missing === -1) return rows.map(({ id }) => id)
  const field = `channels[${missing}]`
  throw new BadRequest(`${field} must be the name of one of your channels`, { rule: 'parameter.choice', field })
}

async function channelNames (knex: Knex, userId: number): Promise<ChannelNames> {
  const rows: Array<{ id: number, name: string }> =
    await knex('alert_channels').where('user_id', userId).select('id', 'name')
  return new Map(rows.map(({ id, name }) => [id, name]))
}

/** A row as a rule; channels that were deleted are left out. */
export function toRule (row: RuleRow, names: ChannelNames): Rule {
  const content: RuleContent = JSON.parse(`{"kind":${JSON.stringify(row.kind)},"settings":${row.settings}}`)
  const ids: number[] | null = row.channels === null ? null : JSON.parse(row.channels)
  return {
    ...content,
    id: row.id,
    userId: row.user_id,
    name: row.name,
    telling: { ...standardTelling, ...JSON.parse(row.telling) },
    channels: ids && ids.flatMap((id) => names.get(id) ?? []),
    isEnabled: Boolean(row.is_enabled),
    fault: row.fault,
    revision: row.revision,
    createdAt: row.created_at,
    updatedAt: row.updated_at
  }
}
