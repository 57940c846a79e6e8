import { setTimeout as delay } from 'node:timers/promises'
import { Type, type Static, type TObject } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import { BadRequest, NotAllowed } from '../../src/errors.ts'
import { asksForUsers, type Filter } from '../../src/query/filter.ts'
import { instantOf, instantRule } from '../../src/query/instant.ts'
import { parseFilter } from '../../src/query/parse.ts'
import { presentLog, type PresentedLog } from '../../src/query/api-log.ts'
import type { Caller } from '../../src/model/caller.ts'
import type { StoredLog } from '../../src/model/record.ts'
import type { Search } from '../../src/query/search.ts'
import { maxOutside } from '../../src/search/time-span.ts'
import { usersOf } from '../../src/store/users.ts'

/** What every request for logs may say. */
export const what = {
  query: Type.String({ default: '', maxLength: 4096, description: 'a text of 4096 characters at most (docs/querying.md)', examples: ['level:>=warning payment'] }),
  from: Type.Optional(Type.String({ description: instantRule, examples: ['-1h'] })),
  to: Type.Optional(Type.String({ description: `${instantRule}; not itself included`, examples: ['now'] })),
  user: Type.Optional(Type.String({ description: 'for administrators: the name of the one user whose logs are meant' }))
}

type What = Static<TObject<typeof what>>

/** Whose logs a caller means, and which. Throws BadRequest, NotAllowed. */
export async function scopeOf (app: FastifyInstance, caller: Caller, { query, from, to, user }: What, now = Date.now()): Promise<Omit<Search, 'order' | 'after'>> {
  const filter = parseFilter(query)
  if (!caller.admin && asksForUsers(filter)) throw new NotAllowed('query: only administrators ask for users; a log\'s own field of that name is attributes.user')
  return {
    userId: await userIdOf(app, caller, user),
    filter,
    decide: (logs, signal) => decide(app, filter, logs, signal),
    indexAfter: app.wordIndex.askAfter,
    // A long search leaves most of the time to those who write, while any of them waits.
    pause: async (took) => { if (app.logWriter.state.records > 0) await delay(Math.min(3 * took, 250)) },
    from: from === undefined ? undefined : instantOf('from', from, now),
    to: to === undefined ? undefined : instantOf('to', to, now)
  }
}

async function decide (app: FastifyInstance, filter: Filter, logs: readonly StoredLog[], signal: AbortSignal): Promise<StoredLog[]> {
  const names = asksForUsers(filter) ? await app.lookUp(usersOf(app.logDb).names(logs.map(({ userId }) => userId))) : undefined
  const { found } = await app.matching.searches.select({ filter, logs, nameOf: ({ userId }) => names?.get(userId) ?? '' }, signal)
  return found
}

/** The caller's own id; of an administrator the named user's, or undefined, which is everybody's. */
export async function userIdOf (app: FastifyInstance, { id, admin }: Caller, user: string | undefined): Promise<number | undefined> {
  if (!admin) {
    if (user !== undefined) throw new NotAllowed('user: only administrators name a user')
    return id!
  }
  if (user === undefined) return undefined
  const found = await app.lookUp(usersOf(app.logDb).find(user))
  if (!found) throw new BadRequest('user must be the name of a user')
  return found.id
}

/** What `endOfPresent` and `timeSpan` leave out. */
export const Outside = Type.Object({
  before: Type.Integer(),
  after: Type.Integer()
}, { description: `How many logs, of whatever query, lie before and after what is shown where neither from nor to is given: their times are far from now. ${maxOutside}: so many or more. Missing where none do` })

export const Log = Type.Object({
  id: Type.String({ examples: ['116178436915953664'] }),
  user: Type.String(),
  at: Type.String({ description: 'When it happened, by the sender\'s clock', examples: ['2026-11-24T09:30:00.000000Z'] }),
  level: Type.String({ examples: ['error'] }),
  process: Type.String(),
  pid: Type.Integer(),
  description: Type.String(),
  message: Type.String(),
  posted: Type.String(),
  attributes: Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()])
})

/** The logs as the API gives them, with their users' names. */
export async function present (app: FastifyInstance, caller: Caller, logs: readonly StoredLog[]): Promise<PresentedLog[]> {
  const names = caller.admin ? await app.lookUp(usersOf(app.logDb).names(logs.map(({ userId }) => userId))) : undefined
  return logs.map((log) => presentLog(log, names === undefined ? caller.name : names.get(log.userId) ?? ''))
}
