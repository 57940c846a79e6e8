import { Writable } from 'node:stream'
import Fastify from 'fastify'
import t from 'tap'
import loggerbot from '../../../src/app.ts'
import { databases, openKnex, sqlite } from '../../helpers/databases.ts'
import { startEmbedded } from '../../helpers/embedded.ts'
import { http, post } from '../../helpers/http.ts'
import { arrived, count, createToken, createUser, startService } from '../../helpers/service.ts'

const spellings = (path: string) => {
  const [first = '', query] = path.split('?')
  const joint = first.lastIndexOf('/')
  return [`/${first}`, `${first}/`, `/${first}/`, `${first.slice(0, joint)}/${first.slice(joint)}`].map((spelling) => query === undefined ? spelling : `${spelling}?${query}`)
}

/** A body that each path takes, and what it answers. */
const paths: Record<string, [body: string, status: number]> = {
  '/api/logs': ['{"msg":"x"}', 200],
  '/api/logs?source=web&t=1': ['{"msg":"x"}', 200],
  '/api/logs/python': ['msg=x&levelno=20', 200],
  '/v1/logs': ['{"resourceLogs":[]}', 200],
  '/otlp/v1/logs': ['{"resourceLogs":[]}', 200],
  '/v1/traces': ['{"resourceSpans":[{}]}', 200],
  '/v1/metrics': ['{"resourceMetrics":[{}]}', 200],
  '/loki/api/v1/push': ['{"streams":[]}', 204],
  '/services/collector': ['{"event":"x"}', 200],
  '/services/collector/event': ['{"event":"x"}', 200],
  '/services/collector/event/1.0': ['{"event":"x"}', 200],
  '/services/collector/raw': ['x', 200],
  '/gelf': ['{"short_message":"x"}', 202],
  '/api/v2/logs': ['{"message":"x"}', 202],
  '/v1/input': ['{"message":"x"}', 200],
  '/ingest/clef': ['{"@m":"x"}', 201],
  '/api/events/raw': ['{"@m":"x"}', 201],
  '/upload': ['__REALTIME_TIMESTAMP=1714557600000000\nMESSAGE=x\n\n', 200],
  '/elasticsearch/_bulk': ['{"create":{}}\n{"message":"x"}\n', 200],
  '/elasticsearch/logs/_bulk': ['{"create":{}}\n{"message":"x"}\n', 200],
  '/elasticsearch/logs/_doc': ['{"message":"x"}', 201]
}
const rootPaths: typeof paths = {
  '/_bulk': ['{"create":{}}\n{"message":"x"}\n', 200],
  '/logs/_bulk': ['{"create":{}}\n{"message":"x"}\n', 200]
}

for (const database of databases) {
  t.test(`doors on ${database.name}`, async (t) => {
    const service = await startService(t, database, { settings: { LOGGER_CORS_ORIGINS: 'https://app.example.com, https://other.example.com' } })
    const { port, knex } = service
    await createUser(service, 'alice')
    const token = await createToken(service, 'alice')
    const bearer = { authorization: `Bearer ${token}` }
    t.beforeEach(() => knex('user_logs').delete())

    await t.test('a slash too many changes nothing', async (t) => {
      for (const [path, [body, status]] of Object.entries({ ...paths, ...rootPaths })) {
        for (const spelling of [path, ...spellings(path)]) t.equal((await post(port, spelling, body, bearer)).status, status, spelling)
      }
      t.equal((await post(port, '//v1/logs', '{}')).status, 401)
      t.equal((await post(port, '//send_logs', '{}', { 'x-user-token': 'x'.repeat(32) })).status, 400)
      t.equal((await post(port, '/send_logs/', '{}', { 'x-user-token': 'x'.repeat(32) })).status, 400)
      t.equal((await http(port, 'GET', '//ready/')).status, 200)
      t.equal((await http(port, 'HEAD', '/api/logs/', bearer)).status, 200)
    })

    await t.test('a write token may stand in the URL of every path', async (t) => {
      for (const [path, [body, status]] of Object.entries({ ...paths, ...rootPaths })) {
        const separator = path.includes('?') ? '&' : '?'
        t.equal((await post(port, `${path}${separator}token=${token}`, body, { 'content-type': 'text/plain;charset=UTF-8' })).status, status, path)
      }
      t.equal((await http(port, 'GET', `/api/logs/python?token=${token}&msg=by+GET`)).status, 200)
      t.strictSame((await arrived(knex, { log_msg: 'by GET' })).map(({ attributes }) => attributes), [null], 'and it is no part of the log')
      t.equal((await post(port, '/api/logs?token=lb_wrong', '{"msg":"x"}', bearer)).status, 200, 'one in a header comes first')
    })

    await t.test('no other credential may', async (t) => {
      const both = await createToken(service, 'alice', ['write', 'read'])
      const read = await createToken(service, 'alice', ['read'])
      for (const path of ['/api/logs?token=', '/gelf?token=', '/api/v2/logs?dd-api-key=', '/v1/input/', '/ingest/clef?apiKey=']) {
        t.match(await post(port, path + both, '{"msg":"x"}'), { status: 403, headers: { 'x-error-detail': /a token in the URL must have scope write only/ } }, path)
      }
      t.match(await post(port, `/api/logs?token=${read}`, '{"msg":"x"}'), { status: 403 })
      t.equal((await post(port, '/api/logs?token=password', '{"msg":"x"}')).status, 401)
      t.match(await post(port, '/services/collector?token=wrong', '{"event":"x"}'), { status: 403, body: '{"text":"Invalid token","code":4}' })
      t.equal((await http(port, 'GET', `/api/logs?token=${read}`)).status, 401, 'and none to read with')
      t.equal(await count(knex), 0)
    })

    await t.test('OPTIONS of HEC is 200 for everybody, as Docker\'s driver asks before a container starts', async (t) => {
      for (const path of ['/services/collector', '/services/collector/event', '/services/collector/event/1.0', '/services/collector/raw', '/services/collector/raw/1.0', '//services/collector/event/1.0']) {
        t.match(await http(port, 'OPTIONS', path), { status: 200, body: '' }, path)
      }
    })

    await t.test('pages of the origins that were named may send logs', async (t) => {
      const origin = { origin: 'https://other.example.com' }
      for (const path of [...Object.keys(paths), '//v1/logs', '/services/collector/event/']) {
        t.match(await http(port, 'OPTIONS', path, { ...origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization,content-type' }), {
          status: 204,
          headers: {
            'access-control-allow-origin': origin.origin,
            'access-control-allow-methods': /POST/,
            'access-control-allow-headers': 'authorization,content-type',
            'access-control-max-age': /\d+/,
            vary: 'Origin'
          }
        }, path)
      }
      const answer = await post(port, '/api/logs', '{"msg":"x"}', { ...bearer, ...origin })
      t.match(answer, { status: 200, headers: { 'access-control-allow-origin': origin.origin, 'access-control-expose-headers': /X-Error-Detail/, vary: 'Origin' } })
      t.notOk(answer.headers['access-control-allow-credentials'])
      t.match(await post(port, '/api/logs', '{"msg":"x"}', origin), { status: 401, headers: { 'access-control-allow-origin': origin.origin } }, 'and read why they could not')
    })

    await t.test('pages of others may not, and none may read logs', async (t) => {
      for (const origin of ['https://evil.example.com', 'null', 'https://app.example.com.evil.com']) {
        const { headers } = await http(port, 'OPTIONS', '/api/logs', { origin, 'access-control-request-method': 'POST' })
        t.notOk(headers['access-control-allow-origin'], origin)
      }
      const origin = 'https://app.example.com'
      t.notOk((await http(port, 'GET', '/api/logs', { ...bearer, origin })).headers['access-control-allow-origin'])
      t.equal((await http(port, 'OPTIONS', '/api/tokens', { origin, 'access-control-request-method': 'POST' })).status, 404)
    })
  })
}

t.test('without a setting no page may send logs, and * means all', async (t) => {
  const preflight = { origin: 'https://app.example.com', 'access-control-request-method': 'POST' }
  const none = await startService(t, sqlite)
  t.equal((await http(none.port, 'OPTIONS', '/api/logs', preflight)).status, 404)
  t.notOk((await http(none.port, 'OPTIONS', '/services/collector', preflight)).headers['access-control-allow-origin'])
  const all = await startService(t, sqlite, { settings: { LOGGER_CORS_ORIGINS: '*' } })
  const { status, headers } = await http(all.port, 'OPTIONS', '/api/logs', preflight)
  t.equal(status, 204)
  t.equal(headers['access-control-allow-origin'], '*')
})

t.test('inside of a host app', async (t) => {
  const lines: string[] = []
  const stream = new Writable({ write: (line, _encoding, done) => { lines.push(String(line)); done() } })
  const host = Fastify({ logger: { level: 'trace', stream } })
  const database = await sqlite.createMigrated(t)
  host.post('/own', async () => 'own')
  host.register(loggerbot, { prefix: '/logs', database, apiKey: 'the key of these tests', corsOrigins: ['https://app.example.com'] })
  t.teardown(() => host.close())
  await host.listen({ host: '127.0.0.1', port: 0 })
  const { port } = host.server.address() as { port: number }
  await post(port, '/logs/create_user', { user: 'alice', password: 'password', tel_id: '1' }, { 'x-api-key': 'the key of these tests' })
  const basic = { authorization: `Basic ${Buffer.from('alice:password').toString('base64')}` }
  const { token } = JSON.parse((await post(port, '/logs/api/tokens', { name: 'page', scopes: ['write'] }, basic)).body)

  await t.test('a slash too many changes nothing, but for the host\'s own routes', async (t) => {
    for (const [path, [body, status]] of Object.entries(paths)) {
      for (const spelling of spellings(path)) t.equal((await post(port, `/logs${spelling}`, body, basic)).status, status, spelling)
    }
    t.equal((await post(port, '//own', '{}')).status, 404)
  })

  await t.test('a token in a URL is in no log', async (t) => {
    const knex = openKnex(t, database)
    const before = await count(knex)
    lines.length = 0
    for (const path of [`/logs/api/logs?token=${token}`, `/logs/v1/input/${token}`, `/logs//gelf/?token=${token}`]) await post(port, path, '{"msg":"x"}')
    t.ok(lines.some((line) => JSON.parse(line).req?.url === '/logs/v1/input/:key'))
    t.notMatch(lines.join(''), token)
    t.equal(await count(knex), before + 3)
  })

  await t.test('pages of its origins may send logs', async (t) => {
    t.match(await http(port, 'OPTIONS', '/logs/api/logs', { origin: 'https://app.example.com', 'access-control-request-method': 'POST' }), { status: 204 })
    t.equal((await http(port, 'OPTIONS', '/own', { origin: 'https://app.example.com', 'access-control-request-method': 'POST' })).status, 404)
  })
})

t.test('inside of a host app, at the root', async (t) => {
  const service = await startEmbedded(t, await sqlite.createMigrated(t), { elasticsearch: { version: '8.17.0', root: true } })
  await createUser(service, 'alice')
  const bearer = { authorization: `Bearer ${await createToken(service, 'alice')}` }
  for (const path of ['//_bulk', '/logs/_bulk/']) t.equal((await post(service.port, path, '{"create":{}}\n{"message":"x"}\n', bearer)).status, 200, path)
})
