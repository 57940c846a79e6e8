import { createHmac, timingSafeEqual } from 'node:crypto'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { BadRequest, NotAllowed } from '../../src/errors.ts'
import type { Caller } from '../../src/model/caller.ts'
import { countLogs } from '../../src/search/counts.ts'
import { deleteLogs } from '../../src/search/deletion.ts'
import { usersOf } from '../../src/store/users.ts'
import { scopeOf, what } from './request.ts'

/** A code is good for so long, in milliseconds. */
const goodFor = 10 * 60_000
/** A request deletes for so long, in milliseconds; the next one goes on. */
const longest = 30_000

interface Asked {
  query: string
  from?: string
  to?: string
  user?: string
}

const deletion: FastifyPluginAsyncTypebox = async (app) => {
  app.delete('/api/logs', {
    config: { logAccess: 'account' },
    schema: {
      tags: ['logs'],
      summary: 'Delete',
      description: 'The first call deletes nothing: it says how many logs there are and gives a code. The same call with this code deletes them, but for those that came since. What was deleted, when and by whom is kept in the table `audit`.',
      querystring: Type.Object({
        ...what,
        confirm: Type.Optional(Type.String({ description: 'the code that the call without it gave within the last ten minutes' }))
      }, { additionalProperties: false }),
      response: {
        200: Type.Object({
          logs: Type.Optional(Type.Integer({ description: 'so many would be deleted' })),
          confirm: Type.Optional(Type.String()),
          deleted: Type.Optional(Type.Integer()),
          complete: Type.Boolean({ description: 'false: there are more; the same call goes on' })
        })
      }
    }
  }, async ({ logCaller, query: { confirm, ...asked } }, reply) => {
    if (confirm === undefined) {
      const now = Date.now()
      const scope = await scopeOf(app, logCaller, asked, now)
      const { counts, complete } = await app.readLogs(reply, (knex, signal, giveWay) => countLogs(knex, { ...scope, giveWay }, {}, app.searchBudget, signal))
      return { logs: counts.reduce((sum, { count }) => sum + count, 0), confirm: await codeOf(logCaller, asked, now), complete }
    }
    const asOf = await confirmedAt(logCaller, asked, confirm)
    const search = { ...await scopeOf(app, logCaller, asked, asOf), order: 'oldest' as const }
    const detail = JSON.stringify(asked)
    return app.readLogs(reply, (knex, signal, giveWay) => (
      deleteLogs(app.logDb, knex, { search: { ...search, giveWay }, arrivedBefore: asOf, caller: logCaller.name, detail }, longest, signal)
    ), { isLong: true, maxMs: 2 * longest })
  })

  /**
   * Binds what was counted: by whom, what and when. The key is the caller's stored credential: a random secret that nobody is
   * shown, which all instances have, and which is another once the password is.
   */
  async function codeOf ({ id, name }: Caller, { query, from, to, user }: Asked, time: number): Promise<string> {
    const caller = await app.lookUp(usersOf(app.logDb).find(name))
    if (caller?.id !== id) throw new NotAllowed('this needs a user')
    const code = createHmac('sha256', caller.credential).update(JSON.stringify(['DELETE /api/logs', id, query, from, to, user, time])).digest('hex')
    return `${time.toString(36)}-${code}`
  }

  async function confirmedAt (caller: Caller, asked: Asked, code: string): Promise<number> {
    // The wall clock: another instance may have given the code.
    const time = Number.parseInt(code, 36)
    if (!(time <= Date.now()) || !isSame(code, await codeOf(caller, asked, time))) throw new BadRequest('confirm must be the code that the same call without it gave')
    if (Date.now() - time > goodFor) throw new BadRequest('confirm is older than ten minutes: ask for a new one')
    return time
  }
}

export default deletion

function isSame (code: string, expected: string): boolean {
  return code.length === expected.length && timingSafeEqual(Buffer.from(code), Buffer.from(expected))
}
