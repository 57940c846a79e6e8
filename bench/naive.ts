// The yardstick: the server that a good developer writes in an afternoon with Fastify and knex. It validates the
// request, looks a user up once and caches it, and stores each request with one INSERT. Its table has the service's
// columns under an auto-increment key, and an index on user and time.
import Fastify from 'fastify'
import knexFactory from 'knex'

const { NAIVE_HOST, NAIVE_PORT, NAIVE_USER, NAIVE_PASSWORD, NAIVE_DATABASE } = process.env

const knex = knexFactory({
  client: 'mysql2',
  connection: { host: NAIVE_HOST, port: Number(NAIVE_PORT), user: NAIVE_USER, password: NAIVE_PASSWORD, database: NAIVE_DATABASE, timezone: 'Z' },
  pool: { min: 0, max: 10 }
})

await knex.schema.createTable('users', (table) => {
  table.increments('id')
  table.string('username', 100).notNullable()
  table.string('token', 32).notNullable().index()
})
await knex.schema.createTable('user_logs', (table) => {
  table.bigIncrements('id')
  table.integer('user_id').unsigned().notNullable()
  table.datetime('log_event_at', { precision: 6 }).notNullable()
  table.enum('log_level', ['debug', 'info', 'warning', 'error', 'critical']).notNullable()
  table.bigInteger('pid').unsigned().notNullable()
  table.string('p_name', 255).notNullable()
  table.string('p_description', 255).notNullable()
  table.text('log_msg', 'mediumtext').notNullable()
  table.datetime('post_time', { precision: 6 }).notNullable()
  table.json('attributes')
  table.index(['user_id', 'log_event_at'])
})

const time = { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d:\\d\\d' }

const schema = {
  headers: {
    type: 'object',
    required: ['x-user-token'],
    properties: { 'x-user-token': { type: 'string', minLength: 32, maxLength: 32 } }
  },
  body: {
    type: 'object',
    required: ['data'],
    properties: {
      data: {
        type: 'object',
        required: ['user', 'pid', 'p_name', 'post_time', 'logs'],
        properties: {
          user: { type: 'string', pattern: '^\\S{1,100}$' },
          pid: { type: 'integer', minimum: 0 },
          p_name: { type: 'string', minLength: 1, maxLength: 255 },
          post_time: time,
          logs: {
            type: 'array',
            items: {
              type: 'object',
              required: ['level', 'msg', 'event_at', 'p_description'],
              properties: {
                level: { enum: ['debug', 'info', 'warning', 'error', 'critical', 10, 20, 30, 40, 50] },
                msg: { type: 'string' },
                event_at: time,
                p_description: { type: 'string', maxLength: 255 }
              }
            }
          }
        }
      }
    }
  },
  response: {
    200: { type: 'object', properties: { code: { type: 'integer' }, message: { type: 'string' } } }
  }
}

interface Body {
  data: {
    user: string
    pid: number
    p_name: string
    post_time: string
    logs: Array<{ level: string | number, msg: string, event_at: string, p_description: string }>
  }
}

const levels: Record<number, string> = { 10: 'debug', 20: 'info', 30: 'warning', 40: 'error', 50: 'critical' }

/** A time without an offset is UTC. */
function toDate (text: string): Date {
  return new Date(/(Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`)
}

const userIds = new Map<string, number>()

const app = Fastify({ bodyLimit: 8 * 1024 * 1024 })

app.post<{ Body: Body, Headers: { 'x-user-token': string } }>('/send_logs', { schema }, async (request, reply) => {
  const { user, pid, p_name: processName, post_time: postTime, logs } = request.body.data
  const token = request.headers['x-user-token']

  let userId = userIds.get(token)
  if (userId === undefined) {
    const found = await knex('users').where({ username: user, token }).first('id')
    if (!found) return reply.code(403).send({ code: 403, message: 'Forbidden' })
    userId = found.id as number
    userIds.set(token, userId)
  }

  await knex('user_logs').insert(logs.map((log) => ({
    user_id: userId,
    log_event_at: toDate(log.event_at),
    log_level: typeof log.level === 'number' ? levels[log.level] : log.level,
    pid,
    p_name: processName,
    p_description: log.p_description,
    log_msg: log.msg,
    post_time: toDate(postTime)
  })))
  return { code: 200, message: 'Logs added successfully' }
})

console.log(`listens on  ${await app.listen({ host: '127.0.0.1', port: 0 })}`)

process.once('SIGTERM', () => process.exit())
