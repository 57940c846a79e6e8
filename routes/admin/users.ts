import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type, type Static } from '@sinclair/typebox'
import { word } from '../../src/decode/contract.ts'
import { NotFound } from '../../src/errors.ts'
import { actorOf } from '../../src/http/guard.ts'
import { isoTime } from '../../src/query/api-log.ts'
import { changeUser } from '../../src/store/user-changes.ts'
import { usersOf, type User } from '../../src/store/users.ts'

const tags = ['administration']
const config = { logAccess: 'admin' } as const

const Flag = Type.Boolean({ description: 'true or false' })
const Days = Type.Union([Type.Integer({ minimum: 0, maximum: 36_500 }), Type.Null()], {
  description: 'days for which the user\'s logs are kept, 0 to 36500; 0: for ever; null: as LOGGER_RETENTION_DAYS says'
})
const Listed = Type.Object({
  name: Type.String(),
  created: Type.String({ examples: ['2026-11-24T09:30:00.000000Z'] }),
  disabled: Type.Boolean({ description: 'a disabled user can neither send nor read; the logs stay' }),
  admin: Type.Boolean({ description: 'an administrator reads all logs and administers the server' }),
  retentionDays: Days
})
const Page = Type.Object({
  users: Type.Array(Listed, { description: 'sorted by name' }),
  after: Type.Optional(Type.String({ description: 'the next page begins after this name; missing on the last page' }))
})
const PageQuery = Type.Object({
  after: Type.Optional(Type.String({ maxLength: 100, description: 'a name; the page begins after it' })),
  limit: Type.Integer({ default: 100, minimum: 1, maximum: 1000, description: 'a whole number, 1 to 1000' })
}, { additionalProperties: false })
const New = Type.Object({
  name: word,
  password: word,
  admin: Type.Optional(Flag),
  telId: Type.Optional(word)
}, { additionalProperties: false, description: 'an object' })
const Created = Type.Object({
  name: Type.String(),
  token: Type.String({ description: 'the X-User-Token of POST /send_logs: md5(name + password)' })
})
const Changes = Type.Object({
  disabled: Type.Optional(Flag),
  admin: Type.Optional(Flag),
  retentionDays: Type.Optional(Days),
  password: Type.Optional(word)
}, { additionalProperties: false, minProperties: 1, description: 'an object with at least one field' })
const Name = Type.Object({ name: Type.String({ description: 'the name of a user' }) })

const changeDescription = 'A field that is missing stays as it is. Every instance obeys within a second. A new ' +
  'password ends the user\'s sessions and replaces the token of POST /send_logs; random tokens stay. 409: no enabled ' +
  'administrator would be left.'

const users: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/api/users', {
    config,
    schema: { tags, summary: 'List the users', querystring: PageQuery, response: { 200: Page } }
  }, async ({ query: { after, limit } }) => {
    const found = await app.logReaders.awaitDatabase(usersOf(app.logDb).page({ after, limit: limit + 1 }))
    const page = found.slice(0, limit).map(listedOf)
    return { users: page, ...found.length > limit && { after: page.at(-1)?.name } }
  })

  app.post('/api/users', {
    config,
    schema: {
      tags,
      summary: 'Create a user',
      description: 'The same call again is 200, and changes nothing. 409: the user exists, and differs.',
      body: New,
      response: { 200: Created, 201: Created }
    }
  }, async (request, reply) => {
    const { name, password, admin, telId = null } = request.body
    const { token, created } = await app.registerUser({ name, password, admin, telId, by: actorOf(request) })
    return reply.code(created ? 201 : 200).send({ name, token })
  })

  app.patch('/api/users/:name', {
    config,
    schema: {
      tags,
      summary: 'Change a user',
      description: changeDescription,
      params: Name,
      body: Changes,
      response: { 200: Listed }
    }
  }, async (request) => {
    const { params: { name }, body: { password, ...changes } } = request
    const by = actorOf(request)
    if (Object.keys(changes).length > 0) await app.logReaders.awaitDatabase(changeUser(app.logDb, name, changes, by))
    if (password !== undefined) await app.changePassword({ name, password, by })
    const user = await app.logReaders.awaitDatabase(usersOf(app.logDb).find(name))
    if (!user) throw new NotFound()
    return listedOf(user)
  })
}

export default users

function listedOf ({ name, createdAt, disabled, admin, retentionDays }: User): Static<typeof Listed> {
  return { name, created: isoTime(createdAt), disabled, admin, retentionDays }
}
