import { createHmac, timingSafeEqual } from 'node:crypto'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { BadRequest, NotAllowed } from '../../src/errors.ts'
import type { Caller } from '../../src/model/caller.ts'
import { millisecondsOf, utcTime } from '../../src/model/instant.ts'
import { isoTime } from '../../src/query/api-log.ts'
import { countLogs } from '../../src/search/counts.ts'
import { deleteLogs, logsPerStep } from '../../src/search/deletion.ts'
import { searchPositions } from '../../src/search/find-logs.ts'
import { usersOf } from '../../src/store/users.ts'
import { maxAheadMs, policyFor, requestedScope, scopeParameters, type ScopeParameters } from './request.ts'

/** Lifetime of a confirmation code. */
const codeLifetimeMs = 10 * 60_000
/** Time that one request deletes for; the next one continues. */
const maxDeletionMs = 30_000
/** A deletion that takes longer is hanging. */
const deletionTimeoutMs = 60_000

/** A deletion is about the logs that its first call counted. */
const { asOf: _, ...deletionParameters } = scopeParameters

interface DeletionAnswer {
  complete: boolean
  /** The number to delete, and the code that does it. */
  logs?: number
  confirm?: string
  deleted?: number
}

const deletion: FastifyPluginAsyncTypebox = async (app) => {
  app.delete('/api/logs', {
    config: { logAccess: 'account' },
    schema: {
      tags: ['logs'],
      summary: 'Delete',
      description: 'The first call deletes nothing: it gives the number of logs, and a code. The same call with this ' +
        'code deletes them, except logs that came since. The table `audit` records each deletion, its time and caller.',
      querystring: Type.Object({
        ...deletionParameters,
        confirm: Type.Optional(Type.String({
          description: 'the code that the call without it gave within the last ten minutes'
        }))
      }, { additionalProperties: false }),
      response: {
        200: Type.Object({
          logs: Type.Optional(Type.Integer({ description: 'the number of logs to delete' })),
          confirm: Type.Optional(Type.String()),
          deleted: Type.Optional(Type.Integer()),
          complete: Type.Boolean({ description: 'false: there are more; the same call continues' })
        })
      }
    }
  }, ({ query: { confirm, ...parameters } }, reply) => (
    confirm === undefined ? countForDeletion(app, reply, parameters) : confirmDeletion(app, reply, parameters, confirm)
  ))
}

export default deletion

async function countForDeletion (
  app: FastifyInstance, reply: FastifyReply, parameters: ScopeParameters
): Promise<DeletionAnswer> {
  const { logCaller } = reply.request
  const scope = await requestedScope(app, logCaller, parameters)
  const { counts, isComplete } = await app.readCounts(reply, (turn) => (
    countLogs(turn, scope, { budgetMs: app.logReaders.searchBudgetMs }, policyFor(app, scope.filter, turn))
  ))
  return {
    logs: counts.reduce((sum, { count }) => sum + count, 0),
    confirm: await codeFor(app, logCaller, parameters, millisecondsOf(scope.view.asOf)),
    complete: isComplete
  }
}

async function confirmDeletion (
  app: FastifyInstance, reply: FastifyReply, parameters: ScopeParameters, code: string
): Promise<DeletionAnswer> {
  const { logCaller } = reply.request
  const { logReaders } = app
  const arrivedBefore = await timeOfCode(app, logCaller, parameters, code)
  const scope = await requestedScope(app, logCaller, { ...parameters, asOf: isoTime(utcTime(arrivedBefore)) })
  const closed = await app.holdReaderSlot('deletion', reply)
  // A step may look at far more logs than it finds.
  const limit = { logs: logsPerStep, ms: maxDeletionMs }
  const { deleted, isComplete } = await logReaders.awaitDatabase(deleteLogs(app.logDb, {
    scope,
    arrivedBefore,
    caller: logCaller.name,
    detail: JSON.stringify({ ...parameters, address: reply.request.ip }),
    findNext: (after) => logReaders.inTurn('count', logCaller.id, closed, (turn) => (
      searchPositions(turn, { ...scope, order: 'oldest', after }, limit, policyFor(app, scope.filter, turn))
    ))
  }, maxDeletionMs), deletionTimeoutMs)
  return { deleted, complete: isComplete }
}

/**
 * Code that confirms one caller's deletion of what was counted at a time.
 *
 * Its key is the caller's stored credential: a random secret that is never shown, that all instances have, and that
 * changes with the password.
 */
async function codeFor (
  app: FastifyInstance, { id, name }: Caller, { query, from, to, user }: ScopeParameters, time: number
): Promise<string> {
  const caller = await app.logReaders.awaitDatabase(usersOf(app.logDb).find(name))
  if (caller?.id !== id) throw new NotAllowed('this needs a user')
  const deletion = JSON.stringify(['DELETE /api/logs', id, query, from, to, user, time])
  return `${time.toString(36)}-${createHmac('sha256', caller.credential).update(deletion).digest('hex')}`
}

/** The time at which the code was given. Throws BadRequest where it is another call's, or too old. */
async function timeOfCode (
  app: FastifyInstance, caller: Caller, parameters: ScopeParameters, code: string
): Promise<number> {
  const time = Number.parseInt(code, 36)
  // Another instance may have given the code: its clock may be a little ahead.
  const ageMs = app.logWriter.now - time
  if (!(ageMs >= -maxAheadMs) || !isEqual(code, await codeFor(app, caller, parameters, time))) {
    const fault = { rule: 'confirm.other', field: 'confirm' } as const
    throw new BadRequest('"confirm" does not match: repeat the call without it to get a new code', fault)
  }
  if (ageMs > codeLifetimeMs) {
    const fault = { rule: 'confirm.expired', field: 'confirm' } as const
    throw new BadRequest('"confirm" is older than ten minutes: repeat the call without it to get a new code', fault)
  }
  return time
}

function isEqual (code: string, expected: string): boolean {
  return code.length === expected.length && timingSafeEqual(Buffer.from(code), Buffer.from(expected))
}
