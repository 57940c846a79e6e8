import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Static } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import { alertIdOf, alertNumber } from '../../src/alerts/alert.ts'
import { listAlerts, readHealth, type AlertSelection } from '../../src/alerts/outbox/history.ts'
import { BadRequest } from '../../src/errors.ts'
import { utcTime } from '../../src/model/instant.ts'
import { databaseNow } from '../../src/store/clock-doubt.ts'
import { usersOf } from '../../src/store/users.ts'
import { AlertPage, AlertQuery, Health, presentAlert, UserQuery } from './channel-schemas.ts'
import { requestedUserId } from './owner.ts'

const tags = ['alerts']
const config = { logAccess: 'read' } as const
/** Channels of one answer. */
const maxChannels = 500

/** Alerts and what became of them: their own for users, all for administrators. */
const alerts: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/api/alerts', {
    config,
    schema: {
      tags,
      summary: 'List alerts, and what became of each',
      description: 'Alerts are kept for 90 days.',
      querystring: AlertQuery,
      response: { 200: AlertPage }
    }
  }, async ({ logCaller, query: { state, user, limit, cursor } }) => {
    const userId = await requestedUserId(app, logCaller, user)
    const before = cursor === undefined ? undefined : alertIdOf(cursor)
    if (cursor !== undefined && before === undefined) {
      throw new BadRequest('invalid cursor', { rule: 'cursor.invalid', field: 'cursor' })
    }
    return await app.logReaders.awaitDatabase(readPage(app, { userId, state, before, limit }))
  })

  app.get('/api/alerts/health', {
    config,
    schema: { tags, summary: 'State of the outbox', querystring: UserQuery, response: { 200: Health } }
  }, async ({ logCaller, query: { user } }) => {
    const userId = await requestedUserId(app, logCaller, user)
    return await app.logReaders.awaitDatabase(readState(app, userId))
  })
}

export default alerts

async function readPage (app: FastifyInstance, selection: AlertSelection): Promise<Static<typeof AlertPage>> {
  const { limit } = selection
  const found = await listAlerts(app.logDb, { ...selection, limit: limit + 1 })
  const last = found[limit - 1]
  return {
    alerts: found.slice(0, limit).map(presentAlert),
    ...found.length > limit && last && { cursor: alertNumber(last.id).slice(1) }
  }
}

async function readState (app: FastifyInstance, userId: number | undefined): Promise<Static<typeof Health>> {
  const now = utcTime(await databaseNow(app.logDb))
  const found = await readHealth(app.logDb, { userId, now, limit: maxChannels })
  const names = await usersOf(app.logDb).names(found.map((channel) => channel.userId))
  const sum = (of: 'waiting' | 'uncertain' | 'givenUp') => found.reduce((total, channel) => total + channel[of], 0)
  return {
    behindSeconds: app.logAlerts?.behind ?? 0,
    waiting: sum('waiting'),
    oldestSeconds: Math.max(0, ...found.map(({ oldestSeconds }) => oldestSeconds)),
    uncertain: sum('uncertain'),
    givenUp: sum('givenUp'),
    channels: found.map(({ channelId, userId: owner, ...channel }) => ({ ...channel, user: names.get(owner) ?? '' }))
  }
}
