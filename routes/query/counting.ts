// What the routes that count logs share.
import { Type } from '@sinclair/typebox'
import { BadRequest, NotAllowed } from '../../src/errors.ts'
import type { Caller } from '../../src/model/caller.ts'
import type { UtcTime } from '../../src/model/instant.ts'
import type { Span } from '../../src/model/span.ts'
import { isoTime } from '../../src/query/api-log.ts'
import { zoneRule } from '../../src/query/zone.ts'
import type { Grouping } from '../../src/search/count-request.ts'
import type { ReadTurn } from '../../src/search/policy.ts'
import { timeSpan, type Outside } from '../../src/search/time-span.ts'
import type { RequestedScope } from './request.ts'

export const config = { logAccess: 'read' } as const

export const field = Type.String({
  minLength: 1,
  maxLength: 200,
  description: 'level, process, description, pid, user (administrators) or an attribute by its dotted name',
  examples: ['level']
})

export const Complete = Type.Boolean({
  description: 'false: the time was over before all logs were counted, the newest first, or values were left out'
})

export const Cut = Type.Object({
  names: Type.Integer({
    description: 'number of values given by their first 1000 characters and an …: all that begin alike count together'
  }),
  values: Type.Boolean({ description: 'true: rarer values were left out, because they are too many or too long' })
}, { description: 'missing where nothing is cut' })

export const Reached = Type.Optional(Type.String({
  description: 'where the time was over: only logs from this instant on are counted'
}))

/** Parameters that say in which intervals logs are counted. */
export const bucketParameters = {
  interval: Type.Optional(Type.String({
    description: 'a length of time like 30s, 5m, 1h or 1d. Weeks begin on Monday',
    examples: ['1h']
  })),
  buckets: Type.Optional(Type.Integer({
    minimum: 1,
    maximum: 2000,
    description: 'a whole number, 1 to 2000: instead of interval, the shortest round one that gives no more intervals',
    examples: [120]
  })),
  zone: Type.Optional(Type.String({
    maxLength: 64,
    description: `${zoneRule}: intervals begin by its clock, and so do from and to where they are days; by default UTC`,
    examples: ['Europe/Berlin']
  }))
}

/** The span that intervals cover, the logs within it, and the logs that are left out because their times are far. */
export async function shownIn (
  turn: ReadTurn, scope: RequestedScope
): Promise<{ span: Span, shown: RequestedScope, left: { outside?: Outside } }> {
  const { span, outside } = await timeSpan(turn, scope)
  const shown = {
    ...scope,
    ...outside.before > 0 && { from: span.from },
    ...outside.after > 0 && { to: span.to }
  }
  return { span, shown, left: outside.before + outside.after > 0 ? { outside } : {} }
}

/** Where a walk ended before all logs were counted, for an answer. */
export function reachedAt (reached: UtcTime | undefined): { reached?: string } {
  return reached === undefined ? {} : { reached: isoTime(reached) }
}

/** Fields of a log that are no attributes. */
const ownFields = ['level', 'process', 'description', 'pid', 'user'] as const

/** The field to count by. Throws BadRequest, NotAllowed. */
export function groupingOf (parameter: string, name: string, caller: Caller): Grouping {
  if (name === 'message') {
    const fault = { rule: 'field.message', field: parameter } as const
    throw new BadRequest(`${parameter} must be a field other than message`, fault)
  }
  if (name === 'user' && !caller.admin) throw new NotAllowed(`${parameter}: only administrators count by user`)
  return ownFields.find((field) => field === name) ?? { path: name.split('.') }
}
