import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { word } from '../../src/decode/contract.ts'

const Setup = Type.Object({
  code: Type.String({
    maxLength: 100, description: 'the code that this server printed when it started', examples: ['dW5ndWVzc2FibGUgY29k']
  }),
  user: word,
  password: word
}, { additionalProperties: false, description: 'an object' })
const Created = Type.Object({ user: Type.String(), admin: Type.Boolean() })

const description = 'Open only while there is no user. The server prints a code when it starts on a database without ' +
  'users; of several instances each prints its own, and knows no other. A wrong code is 403, ten a minute for a ' +
  'network; 409 says that there is a user already.'

const setup: FastifyPluginAsyncTypebox = async (app) => {
  app.post('/api/setup', {
    config: { logAccess: 'public' },
    onRequest: app.requireSameSite,
    schema: {
      tags: ['administration'],
      summary: 'Create the first user, an administrator',
      description,
      body: Setup,
      response: { 201: Created }
    }
  }, async (request, reply) => {
    const { code, user, password } = request.body
    await app.logSetup.createFirst({ code, name: user, password, address: request.ip })
    return reply.code(201).send({ user, admin: true })
  })
}

export default setup
