// From what the form of a rule holds to the body of a request.
import { textIn } from '../frame/text-in.ts'
import type { QuietHours, RuleBody, RuleContent, RuleKind } from './api.ts'

/** Units of lengths of time, in seconds. */
export const units = { seconds: 1, minutes: 60, hours: 3600, days: 86_400 } as const
export const unitNames = ['seconds', 'minutes', 'hours', 'days'] as const
export type Unit = typeof unitNames[number]

/** Seconds in their largest unit without a rest. */
export function inUnit (seconds: number): { count: number, unit: Unit } {
  const unit = (['days', 'hours', 'minutes'] as const).find((unit) => seconds > 0 && seconds % units[unit] === 0)
  return unit ? { count: seconds / units[unit], unit } : { count: seconds, unit: 'seconds' }
}

/** The rule that a form describes; its fields have the names of the API. */
export function bodyOf (kind: RuleKind, fields: FormData): RuleBody {
  return {
    ...contentOf(kind, fields),
    name: textIn(fields, 'name').trim(),
    channels: fields.has('channels.all') ? null : fields.getAll('channels').map(String),
    coolDownSeconds: secondsIn(fields, 'coolDownSeconds'),
    repeatSeconds: secondsIn(fields, 'repeatSeconds'),
    quietHours: fields.has('quiet') ? quietHoursIn(fields) : null
  }
}

function contentOf (kind: RuleKind, fields: FormData): RuleContent {
  const query = textIn(fields, 'settings.query').trim()
  const by = textIn(fields, 'settings.by').trim() || null
  switch (kind) {
    case 'server': return { kind, settings: {} }
    case 'match':
    case 'group': return { kind, settings: { query } }
    case 'count': {
      const moreThan = Number(textIn(fields, 'settings.moreThan'))
      return { kind, settings: { query, by, moreThan, withinSeconds: secondsIn(fields, 'settings.withinSeconds') } }
    }
    case 'silence': {
      const common = { query, by, graceSeconds: secondsIn(fields, 'settings.graceSeconds') }
      if (!fields.has('settings.cron')) {
        return { kind, settings: { ...common, everySeconds: secondsIn(fields, 'settings.everySeconds') } }
      }
      const [cron, zone] = [textIn(fields, 'settings.cron').trim(), textIn(fields, 'settings.zone').trim()]
      return { kind, settings: { ...common, cron, zone } }
    }
  }
}

function quietHoursIn (fields: FormData): QuietHours {
  const part = (name: keyof QuietHours) => textIn(fields, `quietHours.${name}`).trim()
  return { from: part('from'), to: part('to'), zone: part('zone') }
}

function secondsIn (fields: FormData, name: string): number {
  const unit = unitNames.find((unit) => unit === textIn(fields, `${name}.unit`)) ?? 'seconds'
  return Number(textIn(fields, name)) * units[unit]
}
