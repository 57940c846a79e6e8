import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type, type Static } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import { BadRequest, NotAllowed } from '../../src/errors.ts'
import { requireUser } from '../../src/http/guard.ts'
import type { Caller } from '../../src/model/caller.ts'
import { millisecondsOf, utcTime, type UtcTime } from '../../src/model/instant.ts'
import { isoTime } from '../../src/query/api-log.ts'
import { Buckets } from '../../src/query/buckets.ts'
import { parseFilter } from '../../src/query/parse.ts'
import { countLogs, type Counts } from '../../src/search/counts.ts'
import type { ReadTurn } from '../../src/search/policy.ts'
import { findFirstTime } from '../../src/search/windows.ts'
import { meanLogBytes } from '../../src/store/database-state.ts'
import { usersOf, type User } from '../../src/store/users.ts'

const dayMs = 86_400_000
/** Days that are counted one by one, today included. */
const shownDays = 30

const Levels = Type.Record(Type.String(), Type.Integer(), { examples: [{ info: 1200, error: 3 }] })
const Time = Type.Union([Type.String(), Type.Null()], { examples: ['2026-11-24T09:30:00.000000Z'] })
const Day = Type.Object({
  day: Type.String({ description: 'by the time of the logs, in UTC', examples: ['2026-11-24'] }),
  logs: Type.Integer(),
  levels: Levels
})
const Usage = Type.Object({
  user: Type.String(),
  logs: Type.Integer({ description: 'the number of logs' }),
  levels: Levels,
  bytes: Type.Integer({ description: 'estimated, from the mean size of the newest logs' }),
  oldest: Time,
  newest: Time,
  days: Type.Array(Day, { description: `the last ${shownDays} days with logs, oldest first` }),
  complete: Type.Boolean({ description: 'false: the time was over before all logs were counted, the newest first' }),
  retention: Type.Object({
    days: Type.Integer({ description: 'days for which logs are kept; 0: for ever' }),
    own: Type.Boolean({ description: 'whether the user has a number of their own, instead of LOGGER_RETENTION_DAYS' }),
    next: Type.Union([Type.String(), Type.Null()], {
      description: 'the next logs expire then or later; null where none expire',
      examples: ['2026-12-24T09:30:00.000000Z']
    })
  })
})
const UsageQuery = Type.Object({
  user: Type.Optional(Type.String({ description: 'for administrators: the name of a user; by default yourself' }))
}, { additionalProperties: false })

const usage: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/api/usage', {
    config: { logAccess: 'read' },
    schema: {
      tags: ['administration'],
      summary: 'What you use',
      description: 'Numbers of logs by level and day, their size, and when the next of them expire.',
      querystring: UsageQuery,
      response: { 200: Usage }
    }
  }, async (request, reply) => {
    const user = await requestedUser(app, request.logCaller, request.query.user)
    return await app.readCounts(reply, (turn) => usageOf(app, turn, user))
  })
}

export default usage

async function requestedUser (app: FastifyInstance, caller: Caller, name: string | undefined): Promise<User> {
  if (name !== undefined && !caller.admin) throw new NotAllowed('user: only administrators name a user')
  const user = await app.logReaders.awaitDatabase(usersOf(app.logDb).find(name ?? requireUser(caller).name))
  if (!user) throw new BadRequest('user must be the name of a user', { rule: 'user.unknown', field: 'user' })
  return user
}

async function usageOf (app: FastifyInstance, turn: ReadTurn, user: User): Promise<Static<typeof Usage>> {
  const { id: userId, name, retentionDays } = user
  const oldest = await findFirstTime(turn, { userId, order: 'oldest' })
  const newest = await findFirstTime(turn, { userId, order: 'newest' })
  const bytes = await meanLogBytes(turn, userId) ?? 0
  const total = await countAll(app, turn, userId)
  const daily = await countDays(app, turn, userId)
  const { logs, levels } = sumOf(total)
  const { days: standard } = app.logRetention
  const days = retentionDays ?? standard
  return {
    user: name,
    logs,
    levels,
    bytes: Math.round(logs * bytes),
    oldest: oldest === undefined ? null : isoTime(oldest),
    newest: newest === undefined ? null : isoTime(newest),
    days: daysOf(daily),
    complete: total.isComplete && daily.isComplete,
    retention: { days, own: retentionDays !== null, next: nextExpiry(app.logWriter.now, oldest, days) }
  }
}

function countAll (app: FastifyInstance, turn: ReadTurn, userId: number): Promise<Counts> {
  const budgetMs = app.logReaders.searchBudgetMs
  return countLogs(turn, { filter: parseFilter(''), userId }, { by: 'level', budgetMs }, policyOf(turn))
}

function countDays (app: FastifyInstance, turn: ReadTurn, userId: number): Promise<Counts> {
  const budgetMs = app.logReaders.searchBudgetMs
  const tomorrow = (Math.floor(app.logWriter.now / dayMs) + 1) * dayMs
  const span = { from: utcTime(tomorrow - shownDays * dayMs), to: utcTime(tomorrow) }
  const request = { by: 'level', buckets: new Buckets(dayMs, span, undefined), budgetMs } as const
  return countLogs(turn, { filter: parseFilter(''), userId, ...span }, request, policyOf(turn))
}

function policyOf (turn: ReadTurn) {
  return { pause: () => turn.giveWay() }
}

function sumOf ({ counts }: Pick<Counts, 'counts'>): { logs: number, levels: Record<string, number> } {
  const levels = Object.fromEntries(counts.map(({ value, count }) => [value, count]))
  return { logs: counts.reduce((sum, { count }) => sum + count, 0), levels }
}

function daysOf ({ counts }: Counts): Array<Static<typeof Day>> {
  const starts = [...new Set(counts.map(({ bucket }) => bucket))].sort((one, other) => one - other)
  return starts.map((start) => ({
    day: utcTime(start).slice(0, 10),
    ...sumOf({ counts: counts.filter(({ bucket }) => bucket === start) })
  }))
}

/** A log that arrived late expires later than its time tells. */
function nextExpiry (now: number, oldest: UtcTime | undefined, days: number): string | null {
  if (oldest === undefined || days === 0) return null
  return isoTime(utcTime(Math.max(now, millisecondsOf(oldest) + days * dayMs)))
}
