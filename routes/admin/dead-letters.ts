import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type, type Static } from '@sinclair/typebox'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { decodeAgain, isReplayable } from '../../src/decode/replay.ts'
import { Conflict, NotFound } from '../../src/errors.ts'
import { actorOf, requireUser } from '../../src/http/guard.ts'
import type { Caller } from '../../src/model/caller.ts'
import { isoTime } from '../../src/query/api-log.ts'
import { readDeadLetters, replayDeadLetters, type Replay, type Replayed } from '../../src/store/dead-letter-replay.ts'
import { deadLettersOf, maxCounted, type DeadLetter } from '../../src/store/dead-letters.ts'
import { logStoreOf } from '../../src/store/log-store.ts'
import { usersOf } from '../../src/store/users.ts'

const tags = ['dead letters']

/** Characters of a record in a list. */
const maxCharacters = 1000
/** Time that one request replays for; the next one continues. */
const maxReplayMs = 10_000
/** A replay that takes longer is hanging. */
const replayTimeoutMs = 60_000

const Letter = Type.Object({
  id: Type.String({ examples: ['116178436915953664'] }),
  user: Type.Union([Type.String(), Type.Null()], { description: 'null: it belongs to no user' }),
  created: Type.String({ examples: ['2026-11-24T09:30:00.000000Z'] }),
  source: Type.String({
    description: 'database, spool, or the protocol of the decoder that rejected it', examples: ['json']
  }),
  reason: Type.String({ description: 'why it could not be stored' }),
  record: Type.String({ description: `what was sent; in a list its first ${maxCharacters} characters` }),
  bytes: Type.Integer({ description: 'size of the whole record' }),
  replayable: Type.Boolean({ description: 'whether it can be replayed, once the cause is fixed' })
})
const List = Type.Object({
  letters: Type.Array(Letter, { description: 'oldest first' }),
  count: Type.Integer({ description: `the number of all dead letters; ${maxCounted} means that many or more` }),
  after: Type.Optional(Type.String({ description: 'the next page begins after this id; missing on the last page' }))
})
const idOf = (description: string) => Type.String({ pattern: '^\\d{1,19}$', description })
const ListQuery = Type.Object({
  after: Type.Optional(idOf('the id of a dead letter; the page begins after it')),
  limit: Type.Integer({ default: 50, minimum: 0, maximum: 100, description: 'a whole number, 0 to 100' })
}, { additionalProperties: false })
const ReplayQuery = Type.Object({
  after: Type.Optional(idOf('the id of a dead letter; the replay begins after it'))
}, { additionalProperties: false })
const Id = Type.Object({ id: idOf('the id of a dead letter, a decimal number') })
const Result = Type.Object({
  stored: Type.Integer({ description: 'the number of dead letters that are logs now' }),
  left: Type.Integer({ description: 'the number that were refused again, or cannot be replayed' }),
  complete: Type.Boolean({ description: 'false: others wait; the same call with `after` continues' }),
  after: Type.Optional(Type.String())
})

const deadLetters: FastifyPluginAsyncTypebox = async (app) => {
  const letters = deadLettersOf(app.logDb)

  app.get('/api/dead-letters', {
    config: { logAccess: 'read' },
    schema: {
      tags,
      summary: 'List dead letters',
      description: 'Records that were accepted and could not be stored: your own; for administrators those of all.',
      querystring: ListQuery,
      response: { 200: List }
    }
  }, async ({ logCaller, query: { after, limit } }) => {
    const userId = ownerOf(logCaller)
    const found = await app.logReaders.awaitDatabase(letters.list({ userId, after, limit: limit + 1, maxCharacters }))
    const count = await app.logReaders.awaitDatabase(letters.count(userId))
    const page = await presentLetters(app, found.slice(0, limit))
    const last = page.at(-1)
    return { letters: page, count, ...found.length > limit && last && { after: last.id } }
  })

  app.get('/api/dead-letters/:id', {
    config: { logAccess: 'read' },
    schema: {
      tags,
      summary: 'A dead letter',
      description: 'With all of its record that is kept: up to 512 KiB.',
      params: Id,
      response: { 200: Letter }
    }
  }, async ({ logCaller, params: { id } }) => {
    const [letter] = await presentLetters(app, [await findLetter(app, logCaller, id)])
    return letter
  })

  await app.register(changes)
}

const changes: FastifyPluginAsyncTypebox = async (app) => {
  app.post('/api/dead-letters/replay', {
    config: { logAccess: 'account' },
    schema: {
      tags,
      summary: 'Replay all dead letters',
      description: 'Stores as logs those that the database accepts by now, oldest first, for some seconds.',
      querystring: ReplayQuery,
      response: { 200: Result }
    }
  }, async (request, reply) => {
    const userId = ownerOf(request.logCaller)
    const { after } = request.query
    const letters = readDeadLetters(app.logDb, userId, after)
    const { stored, left, after: last } = await replay(app, reply, { letters, detail: { after } })
    return { stored, left, complete: last === undefined, after: last }
  })

  app.post('/api/dead-letters/:id/replay', {
    config: { logAccess: 'account' },
    schema: {
      tags,
      summary: 'Replay a dead letter',
      description: 'Stores it as a log. 409 says why it was refused again; then it stays.',
      params: Id,
      response: { 204: Type.Null() }
    }
  }, async (request, reply) => {
    const letter = await findLetter(app, request.logCaller, request.params.id)
    const { reason } = await replay(app, reply, { letters: [letter], detail: { id: letter.id } })
    if (reason !== undefined) throw new Conflict(`the dead letter is refused again: ${reason}`)
    return reply.code(204).send(null)
  })

  app.delete('/api/dead-letters/:id', {
    config: { logAccess: 'account' },
    schema: { tags, summary: 'Delete a dead letter', params: Id, response: { 204: Type.Null() } }
  }, async (request, reply) => {
    const { id } = request.params
    const entry = { by: actorOf(request), action: 'dead-letter.delete', detail: { id } }
    const isDeleted = await app.logReaders.awaitDatabase(
      deadLettersOf(app.logDb).delete(id, entry, ownerOf(request.logCaller)))
    if (!isDeleted) throw new NotFound()
    return reply.code(204).send(null)
  })
}

export default deadLetters

/** Owner of the dead letters that the caller may see; undefined for administrators: all dead letters. */
function ownerOf (caller: Caller): number | undefined {
  return caller.admin ? undefined : requireUser(caller).id
}

async function findLetter (app: FastifyInstance, caller: Caller, id: string): Promise<DeadLetter> {
  const letter = await app.logReaders.awaitDatabase(deadLettersOf(app.logDb).find(id, ownerOf(caller)))
  if (!letter) throw new NotFound()
  return letter
}

async function presentLetters (
  app: FastifyInstance, letters: readonly DeadLetter[]
): Promise<Array<Static<typeof Letter>>> {
  const ids = letters.flatMap(({ userId }) => userId ?? [])
  const names = await app.logReaders.awaitDatabase(usersOf(app.logDb).names(ids))
  return letters.map((letter) => ({
    id: letter.id,
    user: letter.userId === null ? null : names.get(letter.userId) ?? null,
    created: isoTime(letter.createdAt),
    source: letter.source,
    reason: letter.reason,
    record: letter.record,
    bytes: letter.recordBytes,
    replayable: letter.userId !== null && isReplayable(letter)
  }))
}

async function replay (
  app: FastifyInstance, reply: FastifyReply, { letters, detail }: Pick<Replay, 'letters' | 'detail'>
): Promise<Replayed> {
  await app.holdReaderSlot('deletion', reply)
  const store = logStoreOf(app.logDb)
  const tools = { knex: app.logDb, store, decode: decodeAgain }
  const replaying = replayDeadLetters(tools, { letters, by: actorOf(reply.request), detail, maxMs: maxReplayMs })
  try {
    return await app.logReaders.awaitDatabase(replaying, replayTimeoutMs)
  } finally {
    await store.close()
  }
}
