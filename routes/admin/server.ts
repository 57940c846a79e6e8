import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { describeDatabase } from '../../src/store/database-state.ts'
import { version } from '../../src/version.ts'

export interface AdminOptions {
  /** Maximum size of a body of logs in bytes, to be told to users. Default 8 MiB. */
  bodyLimit?: number
}

const Facts = Type.Object({
  fresh: Type.Boolean({ description: 'true while there is no user' }),
  setup: Type.Boolean({ description: 'whether POST /api/setup is open: the server is fresh, and printed a code' }),
  version: Type.Optional(Type.String({ examples: ['1.0.0'] })),
  database: Type.Optional(Type.Object({
    kind: Type.String({ description: 'sqlite, mysql or mariadb', examples: ['mariadb'] }),
    version: Type.String({ examples: ['11.8.2'] })
  })),
  limits: Type.Optional(Type.Object({
    searchMs: Type.Integer({ description: 'time after which a search answers with what it found so far' }),
    bodyBytes: Type.Integer({ description: 'maximal size of a request that sends logs' })
  })),
  features: Type.Optional(Type.Object({
    wordIndex: Type.Boolean({ description: 'rare words are found at once' }),
    spool: Type.Boolean({ description: 'logs are taken while the database is unavailable' }),
    alerts: Type.Boolean({ description: 'false: this version has none' })
  }))
})

const description = 'Without a valid credential only `fresh` and `setup`: a stranger who knows the version knows its ' +
  'flaws. With a credential of scope `read` also the other fields.'

const server: FastifyPluginAsyncTypebox<AdminOptions> = async (app, { bodyLimit = 8 * 1024 * 1024 }) => {
  app.get('/api/server', {
    config: { logAccess: 'public' },
    schema: { tags: ['administration'], summary: 'Facts about the server', description, response: { 200: Facts } }
  }, async (request) => {
    const state = { fresh: await app.logSetup.isFresh(), setup: await app.logSetup.isOpen() }
    if (!await app.findReader(request)) return state
    return {
      ...state,
      version,
      database: await app.logReaders.awaitDatabase(describeDatabase(app.logDb)),
      limits: { searchMs: app.logReaders.searchBudgetMs, bodyBytes: bodyLimit },
      features: {
        wordIndex: app.wordIndex.askAfter !== undefined,
        spool: app.logSpool.spool !== undefined,
        alerts: false
      }
    }
  })
}

export default server
