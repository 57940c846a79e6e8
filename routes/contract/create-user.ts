import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { word } from '../../src/decode/contract.ts'
import { answers, done } from './answers.ts'

const schema = {
  tags: ['contract'],
  summary: 'Create a user',
  description: 'The user becomes able to send logs with md5(user + password). The same call again changes nothing.',
  headers: Type.Object({
    'x-api-key': Type.Optional(Type.String({
      description: 'required: the value of LOGGER_API_KEY; while that is unset, every call is 403'
    }))
  }),
  body: Type.Object({ user: word, password: word, tel_id: word }, {
    description: 'an object',
    examples: [{ user: 'username', password: 'password', tel_id: '123456789' }]
  }),
  response: answers(400, 403, 409, 413, 429, 500, 503)
}

/** Three words of 100 characters, each escaped in JSON as a pair of surrogates, take 3,600 bytes. */
const bodyLimit = 16 * 1024

const createUser: FastifyPluginAsyncTypebox = async (app) => {
  app.post('/create_user', {
    config: { logAccess: 'contract' },
    bodyLimit,
    schema,
    onRequest: [app.requireKeyForm, app.reserveMemory],
    preHandler: app.requireApiKey
  }, async (request) => {
    const { user, password, tel_id: telId } = request.body
    await app.registerUser({ name: user, password, telId, by: { name: 'API key', address: request.ip } })
    return done
  })
}

export default createUser
