import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Static } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import { mergeGroup, setState, type WantedState } from '../../src/alerts/changes.ts'
import { groupStates, openStates } from '../../src/alerts/group.ts'
import { present, presentChange } from '../../src/alerts/present.ts'
import { changesOfGroup, countStates, findGroup, listGroups, type GroupSelection } from '../../src/alerts/read.ts'
import { BadRequest, NotFound } from '../../src/errors.ts'
import { actorOf } from '../../src/http/guard.ts'
import type { Caller } from '../../src/model/caller.ts'
import { instantOf } from '../../src/query/instant.ts'
import { cursorOf, positionOf } from './cursor.ts'
import { ownerOf, requestedUserId } from './owner.ts'
import { Changes, Detail, Id, ListQuery, Page, UserQuery } from './schemas.ts'

const tags = ['errors']
/** Changes of a group that are shown. */
const maxChanges = 100

/** Groups of errors: their own for users, all for administrators. */
const errors: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/api/errors', {
    config: { logAccess: 'read' },
    schema: { tags, summary: 'List the groups of errors', querystring: ListQuery, response: { 200: Page } }
  }, async (request) => {
    const selection = await selectionOf(app, request.logCaller, request.query)
    return await app.logReaders.awaitDatabase(readPage(app, selection))
  })

  app.get('/api/errors/:id', {
    config: { logAccess: 'read' },
    schema: {
      tags,
      summary: 'A group of errors, and its changes',
      params: Id,
      querystring: UserQuery,
      response: { 200: Detail }
    }
  }, async (request) => {
    const userId = await ownerOf(app, request.logCaller, request.query.user)
    return await app.logReaders.awaitDatabase(readGroup(app, userId, request.params.id))
  })

  app.patch('/api/errors/:id', {
    config: { logAccess: 'account' },
    schema: {
      tags,
      summary: 'Change the state of a group of errors, or merge it',
      description: 'Resolved: an error that happens later makes it regressed. Each change has a number.',
      params: Id,
      querystring: UserQuery,
      body: Changes,
      response: { 200: Detail }
    }
  }, async (request) => {
    const { params: { id }, body: { mergedInto, note = '' } } = request
    const userId = await ownerOf(app, request.logCaller, request.query.user)
    const group = { userId, key: id, by: actorOf(request), source: 'api' as const }
    const wanted = wantedState(app.logWriter.now, request.body)
    if (mergedInto !== undefined) await app.logReaders.awaitDatabase(mergeGroup(app.logDb, group, mergedInto))
    if (wanted) await app.logReaders.awaitDatabase(setState(app.logDb, group, wanted, note))
    return await app.logReaders.awaitDatabase(readGroup(app, group.userId, id))
  })
}

export default errors

async function selectionOf (
  app: FastifyInstance, caller: Caller, { state, process, from, user, limit, cursor }: Static<typeof ListQuery>
): Promise<GroupSelection> {
  return {
    userId: await requestedUserId(app, caller, user),
    states: state === 'open' ? openStates : groupStates.filter((one) => state === undefined || one === state),
    process,
    since: from === undefined ? undefined : instantOf('from', from, app.logWriter.now),
    after: cursor === undefined ? undefined : positionOf(cursor),
    limit
  }
}

async function readPage (app: FastifyInstance, selection: GroupSelection): Promise<Static<typeof Page>> {
  const { userId, since, limit } = selection
  const found = await listGroups(app.logDb, { ...selection, limit: limit + 1 })
  const page = found.slice(0, limit)
  const last = page.at(-1)
  return {
    errors: await present(app.logDb, page, app.logWriter.now),
    states: await countStates(app.logDb, userId, since),
    ...found.length > limit && last && { cursor: cursorOf(last) }
  }
}

async function readGroup (app: FastifyInstance, userId: number, key: string): Promise<Static<typeof Detail>> {
  const group = await findGroup(app.logDb, userId, key)
  if (!group) throw new NotFound()
  const [presented] = await present(app.logDb, [group], app.logWriter.now)
  if (!presented) throw new NotFound()
  return { ...presented, changes: (await changesOfGroup(app.logDb, userId, key, maxChanges)).map(presentChange) }
}

function wantedState (now: number, { state, until }: Static<typeof Changes>): WantedState | undefined {
  if (until && state !== 'muted') {
    throw new BadRequest('until goes with state muted alone', { rule: 'parameter.conflict', field: 'until' })
  }
  if (state === undefined) return undefined
  if (state !== 'muted') return { state: state as 'acknowledged' | 'resolved' | 'ongoing' }
  const time = until?.time === undefined ? null : instantOf('until.time', until.time, now)
  return { state, untilAt: time, logs: until?.logs ?? null }
}
