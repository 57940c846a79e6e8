// From the settings of a body to those of a kind of rule.
import type { Static } from '@sinclair/typebox'
import { BadRequest } from '../../errors.ts'
import { parseFilter } from '../../query/parse.ts'
import type { QuietHours, RuleContent, RuleKind, SilenceSettings } from './rule.ts'
import { isCron, isZone } from './schedule.ts'
import type { Settings } from './schema.ts'

type Given = Static<typeof Settings>

const standardGraceSeconds = 300

/** Settings that a kind takes. */
const fieldsOfKind: Record<RuleKind, ReadonlyArray<keyof Given>> = {
  match: ['query'],
  count: ['query', 'moreThan', 'withinSeconds', 'by'],
  group: ['query'],
  silence: ['query', 'by', 'everySeconds', 'cron', 'zone', 'graceSeconds'],
  server: []
}

/** The content of a rule. Throws BadRequest, which names the setting and its rule. */
export function contentOf (kind: RuleKind, given: Given): RuleContent {
  const unknown = Object.keys(given).find((name) => !fieldsOfKind[kind].some((field) => field === name))
  if (unknown !== undefined) {
    const field = `settings.${unknown}`
    throw new BadRequest(`${field} is not known for kind ${kind}`, { rule: 'parameter.unknown', field })
  }
  switch (kind) {
    case 'match': return { kind, settings: { query: queryOf(given) } }
    case 'group': return { kind, settings: { query: queryOf({ query: '', ...given }) } }
    case 'server': return { kind, settings: {} }
    case 'silence': return { kind, settings: silenceOf(given) }
    case 'count': return {
      kind,
      settings: {
        query: queryOf(given),
        moreThan: required(given.moreThan, 'moreThan'),
        withinSeconds: required(given.withinSeconds, 'withinSeconds'),
        by: fieldOf(given)
      }
    }
  }
}

function silenceOf (given: Given): SilenceSettings {
  const { graceSeconds = standardGraceSeconds, everySeconds, cron } = given
  const common = { query: queryOf(given), by: fieldOf(given), graceSeconds }
  if (everySeconds !== undefined && cron !== undefined) {
    throw new BadRequest('settings.cron does not go with settings.everySeconds: give one of them', {
      rule: 'parameter.conflict', field: 'settings.cron'
    })
  }
  if (cron === undefined) return { ...common, everySeconds: required(given.everySeconds, 'everySeconds') }
  if (!isCron(cron)) {
    const rule = 'settings.cron must be a cron expression of five fields that is due at some time, such as 30 2 * * *'
    throw new BadRequest(rule, { rule: 'parameter.pattern', field: 'settings.cron' })
  }
  return { ...common, cron, zone: zoneIn('settings.zone', given.zone ?? 'UTC') }
}

function queryOf (given: Given): string {
  const query = required(given.query, 'query')
  try {
    parseFilter(query)
  } catch (error) {
    if (!(error instanceof BadRequest) || !error.fault) throw error
    throw new BadRequest(`settings.${error.message}`, { ...error.fault, field: 'settings.query' })
  }
  return query
}

function required<T> (value: T | undefined, name: keyof Given): T {
  if (value !== undefined) return value
  throw new BadRequest(`settings.${name} is missing`, { rule: 'parameter.missing', field: `settings.${name}` })
}

function fieldOf ({ by = null }: Given): string | null {
  if (by !== 'message' && by !== 'user') return by
  const rule = 'settings.by must be a field other than message and user'
  throw new BadRequest(rule, { rule: 'field.message', field: 'settings.by' })
}

/** Checks the zone of quiet hours. Throws BadRequest. */
export function quietHoursOf (given: QuietHours | null): QuietHours | null {
  if (given !== null) zoneIn('quietHours.zone', given.zone)
  return given
}

function zoneIn (field: string, zone: string): string {
  if (isZone(zone)) return zone
  const rule = `${field} must be the name of a time zone, such as Europe/Berlin`
  throw new BadRequest(rule, { rule: 'zone.invalid', field })
}
