// What all routes for logs share: their parameters, and logs as they give them.
import { setTimeout as delay } from 'node:timers/promises'
import { Type, type Static, type TObject } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import { BadRequest, NotAllowed } from '../../src/errors.ts'
import type { Caller } from '../../src/model/caller.ts'
import { millisecondsOf, type UtcTime } from '../../src/model/instant.ts'
import type { StoredLog } from '../../src/model/record.ts'
import { isoTime, presentLog, type PresentedLog } from '../../src/query/api-log.ts'
import { asksForUsers, type Filter } from '../../src/query/filter.ts'
import { absoluteTime, instantOf, instantRule } from '../../src/query/instant.ts'
import { parseFilter } from '../../src/query/parse.ts'
import type { FrozenView, SearchScope } from '../../src/query/search.ts'
import { maxCutAttributesBytes } from '../../src/search/cut.ts'
import type { ReadTurn, SearchPolicy } from '../../src/search/policy.ts'
import { maxOutside } from '../../src/search/time-span.ts'
import { viewAsOf, viewOfNow, wholeMs, type FrozenScope } from '../../src/search/view.ts'
import { usersOf } from '../../src/store/users.ts'

/** Parameters that say which logs a request is about. */
export const scopeParameters = {
  query: Type.String({
    default: '',
    description: 'a text of 4096 characters at most (docs/querying.md)',
    examples: ['level:>=warning payment']
  }),
  from: Type.Optional(Type.String({ description: instantRule, examples: ['-1h'] })),
  to: Type.Optional(Type.String({ description: `${instantRule}; exclusive`, examples: ['now'] })),
  asOf: Type.Optional(Type.String({
    description: 'the asOf of an earlier answer, to describe the same logs: those that had arrived by then. ' +
      'Relative times count from it. By default now',
    examples: ['2026-11-24T09:30:00.000000Z']
  })),
  user: Type.Optional(Type.String({ description: 'for administrators: the name of the user to search' }))
}

/** Characters to which a list cuts long texts. */
export const cutParameter = Type.Optional(Type.Integer({
  minimum: 1,
  maximum: 65_536,
  description: 'a whole number, 1 to 65536: the number of characters (Unicode code points) to which messages, and ' +
    'texts inside attributes, are cut; a log says in `cut` what it lacks. By default they are whole'
}))

export function orderParameter (byDefault: 'newest' | 'oldest') {
  const order = Type.Union([Type.Literal('newest'), Type.Literal('oldest')], {
    default: byDefault,
    description: 'newest or oldest'
  })
  return order
}

export type ScopeParameters = Static<TObject<typeof scopeParameters>>

/** The times that a request is about, as its answer gives them: the same request with them finds the same logs. */
export const viewAnswer = {
  from: Type.Union([Type.String(), Type.Null()], {
    description: 'the first time searched, ISO 8601 in UTC; null where there is no lower bound'
  }),
  to: Type.Union([Type.String(), Type.Null()], {
    description: 'the end of the times searched, exclusive; null where there is no upper bound'
  }),
  asOf: Type.String({ description: 'only logs that had arrived by then were searched; give it to related requests' }),
  lag: Type.Optional(Type.Number({
    description: 'seconds by which asOf is earlier than now, because the replica that was read is behind; missing ' +
      'where it is not. The header X-Log-Lag has it, too'
  }))
}

export type ViewAnswer = Static<TObject<typeof viewAnswer>>

/** The logs that a request is about, a set that stays the same while others are stored. */
export interface RequestedScope extends SearchScope {
  view: FrozenView
  /** Time before which every log that had arrived is in the view; batches of the others were created since. */
  place: UtcTime | undefined
  /** Whether the replica has all of these logs. */
  isElsewhere: boolean
  /** How far the view is earlier than now, in milliseconds, because the replica is behind. */
  lagMs: number | undefined
}

type View = Pick<RequestedScope, 'view' | 'place' | 'isElsewhere' | 'lagMs'>

/** The logs that a request is about, where logs are stored. Throws BadRequest, NotAllowed. */
export function requestedScope (
  app: FastifyInstance, caller: Caller, parameters: ScopeParameters
): Promise<RequestedScope> {
  return scopeIn(app, caller, parameters, async (userId) => (
    { ...await requestedView(app, userId, parameters.asOf), isElsewhere: false, lagMs: undefined }
  ))
}

/**
 * The logs that a request reads, from the replica if there is one. Throws BadRequest, NotAllowed.
 *
 * If the replica is behind, the view is that of the time up to which it has everything; if the request gives `asOf`,
 * its logs are read where they are stored. So no log is missing in a view.
 */
export function scopeToRead (
  app: FastifyInstance, caller: Caller, parameters: ScopeParameters
): Promise<RequestedScope> {
  return scopeIn(app, caller, parameters, async (userId) => {
    const frozen = await requestedView(app, userId, parameters.asOf)
    const { asOf } = frozen.view
    const reached = await app.logReaders.readHost?.reach(asOf)
    const isThere = reached !== undefined && reached >= asOf
    if (isThere || reached === undefined || parameters.asOf !== undefined) {
      return { ...frozen, isElsewhere: isThere, lagMs: undefined }
    }
    const { view, place } = await viewAsOf(viewSource(app), wholeMs(reached))
    const lagMs = millisecondsOf(asOf) - millisecondsOf(view.asOf)
    return { view, place, isElsewhere: true, lagMs: lagMs > 0 ? lagMs : undefined }
  })
}

async function scopeIn (
  app: FastifyInstance,
  caller: Caller,
  { query, from, to, user }: ScopeParameters,
  viewOf: (userId: number | undefined) => Promise<View>
): Promise<RequestedScope> {
  const filter = allowedFilter(caller, query)
  const userId = await requestedUserId(app, caller, user)
  const frozen = await app.logReaders.awaitDatabase(viewOf(userId))
  const now = millisecondsOf(frozen.view.asOf)
  return {
    filter,
    userId,
    from: from === undefined ? undefined : instantOf('from', from, now),
    to: to === undefined ? undefined : instantOf('to', to, now),
    ...frozen
  }
}

/** Milliseconds by which the clock of another instance may be ahead: what it gave is no future time. */
export const maxAheadMs = 1000

async function requestedView (
  app: FastifyInstance, userId: number | undefined, asOf: string | undefined
): Promise<FrozenScope> {
  const source = viewSource(app)
  if (asOf === undefined) return await viewOfNow(source, userId)
  const time = absoluteTime('asOf', asOf)
  if (millisecondsOf(time) > app.logWriter.now + maxAheadMs) {
    throw new BadRequest('asOf must not be in the future', { rule: 'time.future', field: 'asOf' })
  }
  return await viewAsOf(source, time)
}

function viewSource (app: FastifyInstance) {
  return { knex: app.logDb, horizons: app.logCluster.horizons, now: () => app.logWriter.now }
}

/** The times of a scope as answers give them. */
export function timesOf ({ from, to, view, lagMs }: RequestedScope): ViewAnswer {
  return {
    from: from === undefined ? null : isoTime(from),
    to: to === undefined ? null : isoTime(to),
    asOf: isoTime(view.asOf),
    ...lagMs !== undefined && { lag: lagMs / 1000 }
  }
}

/** The filter of a query. Throws NotAllowed where it asks for users, and the caller is no administrator. */
export function allowedFilter (caller: Caller, query: string): Filter {
  const filter = parseFilter(query)
  if (!caller.admin && asksForUsers(filter)) {
    throw new NotAllowed('query: only administrators ask for users; a log\'s own field of that name is attributes.user')
  }
  return filter
}

/** The caller's own id; for administrators that of the named user, or undefined, which means all users. */
export async function requestedUserId (
  app: FastifyInstance, caller: Caller, user: string | undefined
): Promise<number | undefined> {
  if (!caller.admin) {
    if (user !== undefined) throw new NotAllowed('user: only administrators name a user')
    if (caller.kind === 'key') throw new NotAllowed('the API key has no logs')
    return caller.id
  }
  if (user === undefined) return undefined
  const found = await app.logReaders.awaitDatabase(usersOf(app.logDb).find(user))
  if (!found) throw new BadRequest('user must be the name of a user', { rule: 'user.unknown', field: 'user' })
  return found.id
}

/** While logs wait to be written, a search pauses three times as long as it read, up to a bound. */
const pauseFactor = 3
const maxPauseMs = 250

/** How searches of requests treat writers and each other. */
export function policyFor (app: FastifyInstance, filter: Filter, { giveWay }: ReadTurn): SearchPolicy {
  return {
    selectMatches: (logs, signal) => selectMatches(app, filter, logs, signal),
    askIndexAfterMs: app.wordIndex.askAfter,
    async pause (tookMs) {
      if (app.logWriter.state.records > 0) await delay(Math.min(pauseFactor * tookMs, maxPauseMs))
      await giveWay()
    }
  }
}

async function selectMatches (
  app: FastifyInstance, filter: Filter, logs: readonly StoredLog[], signal: AbortSignal
): Promise<StoredLog[]> {
  const names = asksForUsers(filter) ? await userNames(app, logs) : undefined
  const nameOf = ({ userId }: StoredLog) => names?.get(userId) ?? ''
  const { found } = await app.logReaders.matching.searches.select({ filter, logs, nameOf }, signal)
  return found
}

function userNames (app: FastifyInstance, logs: readonly StoredLog[]): Promise<Map<number, string>> {
  return app.logReaders.awaitDatabase(usersOf(app.logDb).names(logs.map(({ userId }) => userId)))
}

/** A path with the id of a log. */
export const LogId = Type.Object({
  id: Type.String({ pattern: '^\\d{1,19}$', description: 'the id of a log, a decimal number' })
})

/** Logs that are left out where a request gives no times. */
export const Outside = Type.Object({
  before: Type.Integer(),
  after: Type.Integer()
}, {
  description: 'Numbers of logs, whatever the query, before and after the times shown where neither from nor to is ' +
    `given: their times are far from now. ${maxOutside} means that many or more. Missing where there are none`
})

export const Log = Type.Object({
  id: Type.String({ examples: ['116178436915953664'] }),
  user: Type.String(),
  at: Type.String({
    description: 'When it happened, by the sender\'s clock',
    examples: ['2026-11-24T09:30:00.000000Z']
  }),
  level: Type.String({ examples: ['error'] }),
  process: Type.String(),
  pid: Type.Integer(),
  description: Type.String(),
  message: Type.String(),
  posted: Type.String({ description: 'When it was sent, by the sender\'s clock' }),
  arrived: Type.String({ description: 'When it arrived, by the server\'s clock, to the millisecond' }),
  attributes: Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()]),
  cut: Type.Optional(Type.Object({
    message: Type.Optional(Type.Integer({ description: 'bytes of the whole message' })),
    attributes: Type.Optional(Type.Literal(true, {
      description: `texts inside the attributes are cut, or the attributes, of more than ${maxCutAttributesBytes} ` +
        'bytes of JSON, are left out'
    }))
  }, { description: 'what the parameter cut cut; missing where the log is whole' }))
})

/** The logs as the API gives them, with the names of their users. */
export async function serializeLogs (
  app: FastifyInstance, caller: Caller, logs: readonly StoredLog[]
): Promise<PresentedLog[]> {
  const names = caller.admin ? await userNames(app, logs) : undefined
  return logs.map((log) => presentLog(log, names === undefined ? caller.name : names.get(log.userId) ?? ''))
}
