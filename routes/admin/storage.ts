import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type, type Static } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import { listMembers } from '../../src/cluster/members.ts'
import { hoursReached } from '../../src/hour-counts/table.ts'
import { millisecondsOf, utcTime, type UtcTime } from '../../src/model/instant.ts'
import { isoTime } from '../../src/query/api-log.ts'
import { listPartitions } from '../../src/retention/partitions/partitions.ts'
import { walkInTime } from '../../src/search/budget.ts'
import type { ReadTurn } from '../../src/search/policy.ts'
import { findFirstTime } from '../../src/search/windows.ts'
import { newestBatchAt } from '../../src/store/batches.ts'
import { arrivedByDay, databaseSize, describeDatabase, tableSizes } from '../../src/store/database-state.ts'
import { deadLettersOf, maxCounted } from '../../src/store/dead-letters.ts'
import type { Reader } from '../../src/store/reader.ts'
import { feedReached } from '../../src/word-index/progress.ts'

/** Time for an estimate that reads much, in ms; without it the answer says null. */
const estimateMs = 2000

const Time = Type.Union([Type.String(), Type.Null()], { examples: ['2026-11-24T09:30:00.000000Z'] })
const Lag = Type.Union([Type.Integer(), Type.Null()], {
  description: 'seconds by which it is behind what is stored; null: it is off, or has not begun'
})
const orNull = <T extends ReturnType<typeof Type.Array>>(list: T) => Type.Union([list, Type.Null()])

const Storage = Type.Object({
  database: Type.Object({
    kind: Type.String({ examples: ['mariadb'] }),
    version: Type.String(),
    bytes: Type.Integer({ description: 'estimated size of all tables' }),
    freeBytes: Type.Union([Type.Integer(), Type.Null()], { description: 'free on the disk; null: not known' })
  }),
  tables: orNull(Type.Array(Type.Object({
    name: Type.String(),
    rows: Type.Integer({ description: 'estimated' }),
    bytes: Type.Integer({ description: 'estimated, with indexes' })
  }), { description: 'the largest first; null where the estimate takes too long' })),
  logs: Type.Object({
    oldest: Time,
    newest: Time,
    arrived: orNull(Type.Array(Type.Object({
      day: Type.String({ description: 'in UTC', examples: ['2026-11-24'] }),
      logs: Type.Integer()
    }), { description: 'logs by the day of their arrival, of the last seven days; null: it takes too long' }))
  }),
  partitions: Type.Array(Type.Object({ name: Type.String(), from: Time, until: Time, bytes: Type.Integer() }), {
    description: 'empty where the logs are not partitioned; sizes are estimates'
  }),
  retention: Type.Object({
    days: Type.Integer({ description: 'LOGGER_RETENTION_DAYS; 0: for ever' }),
    rows: Type.Integer({ description: 'LOGGER_RETENTION_ROWS; 0: any number' })
  }),
  wordIndex: Type.Object({ lagSeconds: Lag }),
  hourCounts: Type.Object({ lagSeconds: Lag }),
  deadLetters: Type.Integer({ description: `${maxCounted} means that many or more` }),
  spool: Type.Union([Type.Object({
    bytes: Type.Integer(),
    segments: Type.Integer({ description: 'the number of files' }),
    oldest: Time,
    limitBytes: Type.Integer()
  }), Type.Null()], { description: 'of the instance that answers; null: it has none' }),
  keptFiles: Type.Integer({ description: 'of the instance that answers: files with logs that no table accepts' }),
  instances: Type.Array(Type.Object({ id: Type.String(), seenSecondsAgo: Type.Integer() }), {
    description: 'instances that share a database server; empty with SQLite, which has one'
  }),
  warnings: Type.Array(Type.String(), { description: 'dangers to acknowledged logs, as GET /readyz says them' })
})

const storage: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/api/storage', {
    config: { logAccess: 'admin' },
    schema: {
      tags: ['administration'],
      summary: 'What the logs take',
      description: 'Sizes and numbers of rows are estimates of the database.',
      response: { 200: Storage }
    }
  }, async (_request, reply) => await app.readCounts(reply, async (turn) => ({
    ...await tablesOf(turn),
    ...await stateOf(app),
    spool: spoolOf(app),
    keptFiles: app.logWriter.keptFiles,
    retention: { days: app.logRetention.days, rows: app.logRetention.rows },
    warnings: [...app.logWriter.warnings]
  })))
}

export default storage

async function tablesOf (turn: ReadTurn): Promise<Pick<Static<typeof Storage>, 'database' | 'tables' | 'logs'>> {
  const { bytes, freeBytes = null } = await databaseSize(turn.knex)
  return {
    database: { ...await describeDatabase(turn.knex), bytes, freeBytes },
    tables: await inTime(turn, tableSizes),
    logs: {
      oldest: timeOrNull(await findFirstTime(turn, { order: 'oldest' })),
      newest: timeOrNull(await findFirstTime(turn, { order: 'newest' })),
      arrived: await inTime(turn, arrivedByDay)
    }
  }
}

async function stateOf (app: FastifyInstance) {
  const { logDb } = app
  const newest = await newestBatchAt(logDb)
  const lag = (reached: UtcTime | undefined) => ({ lagSeconds: lagOf(reached, newest) })
  const partitions = await listPartitions(logDb)
  return {
    partitions: partitions.map(({ name, from, until, bytes }) => (
      { name, from: timeOrNull(from), until: timeOrNull(until), bytes }
    )),
    wordIndex: lag(app.wordIndex.askAfter === undefined ? undefined : await feedReached(logDb)),
    hourCounts: lag(await hoursReached(logDb)),
    deadLetters: await deadLettersOf(logDb).count(),
    instances: await listMembers(logDb)
  }
}

function spoolOf ({ logSpool: { spool } }: FastifyInstance): Static<typeof Storage>['spool'] {
  if (spool === undefined) return null
  const { bytes, segments, oldest, limit } = spool
  return { bytes, segments, oldest: timeOrNull(oldest === undefined ? undefined : utcTime(oldest)), limitBytes: limit }
}

/** Seconds from the position of a follower to the newest batch. */
function lagOf (reached: UtcTime | undefined, newest: UtcTime | undefined): number | null {
  if (reached === undefined) return null
  if (newest === undefined || newest < reached) return 0
  return Math.round((millisecondsOf(newest) - millisecondsOf(reached)) / 1000)
}

/** Reads an estimate; null where it takes too long. */
async function inTime<T> (turn: ReadTurn, read: (reader: Reader) => Promise<T>): Promise<T | null> {
  let found: T | null = null
  await walkInTime(turn, estimateMs, async (reader) => {
    found = await read(reader)
    return true
  })
  return found
}

function timeOrNull (time: UtcTime | undefined): string | null {
  return time === undefined ? null : isoTime(time)
}
