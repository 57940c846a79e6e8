import type { Static } from '@sinclair/typebox'
import { changedRule, newRuleOf } from '../../alerts/rules/body.ts'
import type { Rule } from '../../alerts/rules/rule.ts'
import { rulesOf } from '../../alerts/rules/rules.ts'
import { ChangesBody, NewBody, type Settings } from '../../alerts/rules/schema.ts'
import { CommandError, UsageError } from '../../errors.ts'
import { requireValid } from '../../http/compilers.ts'
import { intervalOf } from '../../query/instant.ts'
import { commandLine, type Context } from '../context.ts'
import { findRule, onRules, type NamedRule } from './rules.ts'

export interface AddOptions {
  query?: string
  moreThan?: string
  within?: string
  by?: string
  every?: string
  cron?: string
  grace?: string
  zone?: string
  channels?: string
  coolDown?: string
  repeat?: string
  quiet?: string
  disabled?: boolean
}

export interface ChangeOptions extends AddOptions {
  rename?: string
  enabled?: boolean
}

/** Adds a rule. */
export async function addRule (
  context: Context, { user, name, kind }: NamedRule & { kind: string }, options: AddOptions
): Promise<void> {
  await onRules(context, user, async (knex, { id, admin }) => {
    const body: unknown = { name, kind, settings: settingsOf(options), ...othersOf(options) }
    requireValid(NewBody, body)
    const rule = newRuleOf(body)
    if (rule.kind === 'server' && !admin) throw new CommandError(`KIND server is for administrators; ${user} is none`)
    await rulesOf(knex).add(id, rule, { by: commandLine, action: 'rule.add', detail: { user, ...rule } })
  })
  context.print(`${user} has the rule ${name}`)
}

/** Changes what the flags say. */
export async function changeRule (context: Context, { user, name }: NamedRule, options: ChangeOptions): Promise<void> {
  await onRules(context, user, async (knex, owner) => {
    const before = await findRule(knex, owner, name)
    const given = settingsOf(options)
    const body: unknown = {
      ...options.rename !== undefined && { name: options.rename },
      ...options.enabled && { enabled: true },
      ...Object.keys(given).length > 0 && { settings: mergedSettings(before, given) },
      ...othersOf(options)
    }
    requireValid(ChangesBody, body)
    const entry = { by: commandLine, action: 'rule.change', detail: { user, rule: name, ...body } }
    if (await rulesOf(knex).change(before, changedRule(before, body), entry)) return
    throw new CommandError('the rule was changed meanwhile: try again')
  })
  context.print(`the rule ${options.rename ?? name} of ${user} is changed`)
}

/** Deletes a rule. */
export async function deleteRule (context: Context, { user, name }: NamedRule): Promise<void> {
  await onRules(context, user, async (knex, owner) => {
    await findRule(knex, owner, name)
    const entry = { by: commandLine, action: 'rule.delete', detail: { user, rule: name } }
    await rulesOf(knex).remove(owner.id, name, entry)
  })
  context.print(`the rule ${name} of ${user} is deleted`)
}

/** Settings with changes; an interval takes the place of a schedule, and a schedule that of an interval. */
function mergedSettings ({ settings }: Rule, given: Static<typeof Settings>): Static<typeof Settings> {
  const { everySeconds, cron, zone, ...others }: Static<typeof Settings> = { ...settings }
  if (given.everySeconds !== undefined) return { ...others, ...given }
  if (given.cron !== undefined) return { ...others, ...zone !== undefined && { zone }, ...given }
  return { ...settings, ...given }
}

function settingsOf ({ query, moreThan, within, by, every, cron, grace, zone }: AddOptions): Static<typeof Settings> {
  return {
    ...query !== undefined && { query },
    ...moreThan !== undefined && { moreThan: Number(moreThan) },
    ...within !== undefined && { withinSeconds: secondsOf('--within', within) },
    ...by !== undefined && { by },
    ...every !== undefined && { everySeconds: secondsOf('--every', every) },
    ...cron !== undefined && { cron, ...zone !== undefined && { zone } },
    ...grace !== undefined && { graceSeconds: secondsOf('--grace', grace) }
  }
}

function othersOf ({ channels, coolDown, repeat, quiet, zone = 'UTC', disabled }: AddOptions): Record<string, unknown> {
  return {
    ...channels !== undefined && { channels: channels === 'all' ? null : channels.split(',') },
    ...coolDown !== undefined && { coolDownSeconds: secondsOf('--cool-down', coolDown) },
    ...repeat !== undefined && { repeatSeconds: repeat === '0' ? 0 : secondsOf('--repeat', repeat) },
    ...quiet !== undefined && { quietHours: quiet === 'none' ? null : quietHoursOf(quiet, zone) },
    ...disabled && { enabled: false }
  }
}

function quietHoursOf (text: string, zone: string): { from: string, to: string, zone: string } {
  const [, from, to] = /^(\d\d:\d\d)-(\d\d:\d\d)$/.exec(text) ?? []
  if (from === undefined || to === undefined) throw new UsageError('--quiet must be like 22:00-07:00, or none')
  return { from, to, zone }
}

function secondsOf (name: string, text: string): number {
  return intervalOf(name, text) / 1000
}
