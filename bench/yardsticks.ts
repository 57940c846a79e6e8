// The yardsticks: servers with the same request and answer, validated and with the user cached, which store in one way
// each. The table of the first two has the service's columns under an auto-increment key, and an index on user and time.
//
//   naive     one INSERT for each request: what a good developer writes in an afternoon with Fastify and knex
//   group     one queue, one transaction under way, one INSERT of all that waits, the answer after its commit: what
//             group commit alone can do, without a ledger, a spool, or a bound on memory
//   nothing   nothing is stored: what Fastify alone can do
import Fastify from 'fastify'
import { openStore, type NewLog } from './yardstick-stores.ts'

const { YARDSTICK = '' } = process.env
const store = await openStore(YARDSTICK)

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

/** Whole seconds of a time in UTC, as all clients of the bench send them, or any other time. */
function toTime (text: string): string {
  if (/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d$/.test(text)) return text.replace('T', ' ')
  const date = new Date(/(Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`)
  return date.toISOString().slice(0, 23).replace('T', ' ')
}

const userIds = new Map<string, number>()

const app = Fastify({ bodyLimit: 8 * 1024 * 1024 })

app.post<{ Body: Body, Headers: { 'x-user-token': string } }>('/send_logs', { schema }, async (request, reply) => {
  const { user, pid, p_name: processName, post_time: postTime, logs } = request.body.data
  const token = request.headers['x-user-token']

  let userId = userIds.get(token)
  if (userId === undefined) {
    userId = await store.findUser(user, token)
    if (userId === undefined) return reply.code(403).send({ code: 403, message: 'Forbidden' })
    userIds.set(token, userId)
  }

  await store.insert(logs.map((log): NewLog => [
    userId,
    toTime(log.event_at),
    typeof log.level === 'number' ? levels[log.level] ?? 'debug' : log.level,
    pid,
    processName,
    log.p_description,
    log.msg,
    toTime(postTime)
  ]))
  return { code: 200, message: 'Logs added successfully' }
})

console.log(`listens on  ${await app.listen({ host: '127.0.0.1', port: 0 })}`)

process.once('SIGTERM', () => process.exit())
