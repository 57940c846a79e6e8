import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { statementOf } from '../../src/search/statement.ts'
import { orderParameter, requestedScope, scopeParameters } from './request.ts'

const SqlQuery = Type.Object({
  ...scopeParameters,
  order: orderParameter('newest'),
  limit: Type.Integer({
    default: 1000,
    minimum: 1,
    maximum: 1_000_000_000,
    description: 'a whole number, 1 to 1000000000; number of rows'
  })
}, { additionalProperties: false })

const Statement = Type.Object({
  sql: Type.String({ description: 'one statement, with literals, on the view `logs` (docs/sql.md)' }),
  dialect: Type.Union([Type.Literal('mysql'), Type.Literal('sqlite')], {
    description: 'mysql: for MySQL and MariaDB; sqlite: for SQLite 3.38 or newer'
  }),
  exact: Type.Boolean({ description: 'false: it finds the logs of the search, and maybe others' }),
  inexact: Type.Array(Type.String(), {
    description: 'kinds of conditions that SQL cannot tell exactly: words, value, number, regex, user',
    examples: [['words']]
  })
})

const sql: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/api/logs/sql', {
    config: { logAccess: 'read' },
    schema: {
      tags: ['logs'],
      summary: 'A search as SQL',
      description: 'The statement that finds the logs of a search in this server\'s database. It is not run. Times ' +
        'are absolute in it; with `asOf`, logs that arrived later are left out.',
      querystring: SqlQuery,
      response: { 200: Statement }
    }
  }, async ({ logCaller, query }) => {
    const { view, ...scope } = await requestedScope(app, logCaller, query)
    const frozen = query.asOf === undefined ? scope : { ...scope, view }
    const { sql, dialect, inexact } = statementOf(app.logDb, { ...frozen, order: query.order }, query.limit)
    return { sql, dialect, exact: inexact.length === 0, inexact }
  })
}

export default sql
