import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type, type Static } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import {
  changeChannel, deleteChannel, listChannels, makeWebhook, ownChannel, type ChannelChanges
} from '../../src/alerts/channels/manage.ts'
import type { StoredChannel } from '../../src/alerts/channels/stored.ts'
import { checkTarget } from '../../src/alerts/channels/webhook/webhook.ts'
import { BadRequest, NotFound } from '../../src/errors.ts'
import { actorOf, requireUser } from '../../src/http/guard.ts'
import { noParameters } from '../../src/http/scope.ts'
import { absoluteTime } from '../../src/query/instant.ts'
import { usersOf } from '../../src/store/users.ts'
import {
  ChannelChanges as Changes, ChannelList, Named, NewChannel, presentChannel, Secret, UserQuery
} from './channel-schemas.ts'
import { ownerOf, requestedUserId } from './owner.ts'

const tags = ['alerts']
const config = { logAccess: 'account' } as const
/** Channels of one answer: those of ten users who have as many as they may. */
const maxListed = 500

/** Channels: their own for users; administrators see and delete those of all. */
const channels: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/api/channels', {
    config,
    schema: { tags, summary: 'List channels', querystring: UserQuery, response: { 200: ChannelList } }
  }, async ({ logCaller, query: { user } }) => {
    const userId = await requestedUserId(app, logCaller, user)
    return await app.logReaders.awaitDatabase(readList(app, userId))
  })

  app.post('/api/channels', {
    config,
    schema: { tags, summary: 'Make a webhook', querystring: noParameters, body: NewChannel, response: { 201: Secret } }
  }, async (request, reply) => {
    const { name, url, template = 'json', token, lines = 'masked' } = request.body
    const target = { url, template, token }
    checkTarget(target)
    const channel = { userId: requireUser(request.logCaller).id, name, by: actorOf(request) }
    const secret = await app.logReaders.awaitDatabase(makeWebhook(app.logDb, channel, { target, lines }))
    return reply.code(201).send({ secret })
  })

  app.patch('/api/channels/:name', {
    config,
    schema: {
      tags,
      summary: 'Change a channel',
      description: 'It is tried again at once, unless it is paused. A chat of Telegram has only name, lines and ' +
        'pausedUntil.',
      params: Named,
      querystring: noParameters,
      body: Changes,
      response: { 200: Secret }
    }
  }, async (request) => {
    const named = { userId: requireUser(request.logCaller).id, name: request.params.name, by: actorOf(request) }
    const channel = await app.logReaders.awaitDatabase(ownChannel(app.logDb, named))
    const changes = changesOf(channel, request.body)
    return { secret: await app.logReaders.awaitDatabase(changeChannel(app.logDb, named, channel, changes)) }
  })

  app.delete('/api/channels/:name', {
    config,
    schema: {
      tags,
      summary: 'Delete a channel',
      description: 'What waits for it is given up. Rules that named it alone go to all channels of the user.',
      params: Named,
      querystring: UserQuery,
      response: { 204: Type.Null() }
    }
  }, async (request, reply) => {
    const userId = await ownerOf(app, request.logCaller, request.query.user)
    const channel = { userId, name: request.params.name, by: actorOf(request) }
    if (!await app.logReaders.awaitDatabase(deleteChannel(app.logDb, channel))) throw new NotFound()
    return reply.code(204).send(null)
  })
}

export default channels

async function readList (app: FastifyInstance, userId: number | undefined): Promise<Static<typeof ChannelList>> {
  const found = await listChannels(app.logDb, userId, maxListed + 1)
  const names = await usersOf(app.logDb).names(found.map((channel) => channel.userId))
  return {
    channels: found.slice(0, maxListed).map((channel) => presentChannel(channel, names.get(channel.userId) ?? '')),
    complete: found.length <= maxListed
  }
}

function changesOf ({ kind, target: stored }: StoredChannel, body: Static<typeof Changes>): ChannelChanges {
  const { name, url, template, token, lines, rotate = false, pausedUntil: pause } = body
  const pausedUntil = typeof pause === 'string' ? absoluteTime('pausedUntil', pause) : pause
  const changes = { name, lines, rotate, pausedUntil }
  const field = (['url', 'template', 'token', 'rotate'] as const).find((name) => body[name] !== undefined)
  if (kind !== 'webhook') {
    if (field === undefined) return changes
    throw new BadRequest(`${field} is for webhooks`, { rule: 'parameter.conflict', field })
  }
  if (url === undefined && template === undefined && token === undefined) return changes
  const before = JSON.parse(stored)
  const target = {
    url: url ?? before.url,
    template: template ?? before.template,
    token: token === undefined ? before.token : token ?? undefined
  }
  checkTarget(target)
  return { ...changes, target }
}
