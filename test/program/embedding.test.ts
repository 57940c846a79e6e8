import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import swagger from '@fastify/swagger'
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import type { Knex } from 'knex'
import t, { type Test } from 'tap'
import { auth, contractRoutes, db, loggerbot, metrics, opsRoutes, preflight, writer } from '../../src/index.ts'
import { contractToken } from '../../src/authenticate/token.ts'
import { migrateToLatest } from '../../src/store/migrations.ts'
import { root } from '../helpers/command.ts'
import { databases, openKnex, temporaryFolder } from '../helpers/databases.ts'
import { http, post } from '../helpers/http.ts'
import { until } from '../helpers/until.ts'
import { apiKey, basic, body, count, createUser, log, send, stored } from '../helpers/service.ts'

declare module 'fastify' {
  interface FastifyInstance {
    knex: string
  }
  interface FastifyRequest {
    user: string
  }
}

const ok = { status: 200, body: '{"code":200,"message":"Logs added successfully"}' }

await t.test('docs/examples/embed.ts takes logs beside a route of its own, and closes when told to', async (t) => {
  const child = spawn(process.execPath, ['--import', 'tsx', `${root}docs/examples/embed.ts`], {
    cwd: root, env: { ...process.env, LOGS_FILE: join(temporaryFolder(t), 'logs.sqlite'), LOGS_API_KEY: apiKey, PORT: '0' }, stdio: ['ignore', 'pipe', 'inherit']
  })
  t.teardown(() => child.kill('SIGKILL'))
  const [greeting] = await once(child.stdout.setEncoding('utf8'), 'data')
  const port = Number(/:(\d+)\n/.exec(greeting)![1])
  t.match(await http(port, 'GET', '/'), { status: 200, body: /not LoggerBot's/ })
  t.match(await post(port, '/logs/send_logs', body('alice', [log()]), { 'x-user-token': await createUserAt(port, '/logs', 'alice') }), ok)
  child.kill('SIGTERM')
  t.strictSame(await once(child, 'exit'), [0, null])
})

for (const database of databases) {
  await t.test(`In a host app, on ${database.name}`, async (t) => {
    await t.test('two mounts work apart from each other, and nothing of the host changes', async (t) => {
      const first = await database.create(t)
      const second = await database.create(t)
      const bare = await listen(t, makeHost())
      const before = { answers: await hostAnswers(bare), listeners: processListeners() }

      const host = makeHost()
      const own = openKnex(t, second)
      await migrateToLatest(own)
      host.register(loggerbot, { prefix: '/first', database: first, migrate: true, apiKey })
      host.register(loggerbot, { prefix: '/second', knex: own, apiKey })
      const port = await listen(t, host)

      t.strictSame(await hostAnswers(port), before.answers, 'its routes, errors, parsers, compilers and 404 answer as before')
      t.strictSame(processListeners(), before.listeners, 'no listener is added to the process')
      t.equal(host.knex, 'of the host')
      for (const name of ['logDb', 'writeLogs', 'authenticateToken', 'swagger']) t.notOk(host.hasDecorator(name), `${name} stays inside`)

      const token = await createUserAt(port, '/first', 'alice')
      t.match(await post(port, '/first/send_logs', body('alice', [log({ msg: 'one' })]), { 'x-user-token': token }), ok)
      t.match(await post(port, '/first//send_logs', body('alice', [log({ msg: 'two' })]), { 'x-user-token': token }), ok)
      t.equal((await post(port, '/second/send_logs', body('alice', [log()]), { 'x-user-token': token })).status, 403, 'a user of one mount is nobody in the other')

      await createUserAt(port, '/second', 'alice')
      t.match(await post(port, '/second//send_logs', body('alice', [log({ msg: 'three' })]), { 'x-user-token': token }), ok)
      t.match(await stored(openKnex(t, first)), [{ log_msg: 'one' }, { log_msg: 'two' }])
      t.match(await stored(own), [{ log_msg: 'three' }])
      t.equal(await count(own), 1)

      const refused = await post(port, '/first/send_logs', '{', { 'x-user-token': token })
      t.match(refused, { status: 400, body: '{"code":400,"message":"BadRequest"}' }, 'errors have the contract\'s shape')
      t.equal((await http(port, 'GET', '/first/send_logs')).status, 405)
      t.match(await http(port, 'GET', '/second/readyz'), { status: 200, body: '{"status":"ok"}' })

      for (const prefix of ['/first', '/second']) {
        const { paths } = JSON.parse((await http(port, 'GET', `${prefix}/docs/json`)).body)
        t.strictSame(Object.keys(paths).filter((path) => !path.startsWith(`${prefix}/`)), [])
        for (const path of ['create_user', 'healthz', 'metrics', 'readyz', 'send_logs', 'api/logs', 'api/tokens']) t.ok(paths[`${prefix}/${path}`], path)
      }

      await host.close()
      t.equal(await count(own), 1, 'the host\'s own knex is not destroyed')
    })

    await t.test('with alerts on, they work under the prefix, and their routes are described there', async (t) => {
      const received: Array<{ type: string, data: Record<string, any> }> = []
      const receiver = createServer((request, response) => {
        json(request).then((message) => {
          received.push(message as typeof received[0])
          response.end()
        }, () => response.destroy())
      })
      receiver.listen(0, '127.0.0.1')
      await once(receiver, 'listening')
      t.teardown(() => receiver.close())

      const host = makeHost()
      const routes = new Set<string>()
      host.addHook('onRoute', ({ method, url }) => {
        for (const one of [method].flat()) if (one !== 'HEAD') routes.add(`${one} ${url.replace(/:(\w+)/g, '{$1}')}`)
      })
      const before = processListeners()
      host.register(loggerbot, { prefix: '/tools/logs', database: await database.create(t), migrate: true, apiKey, alerts: true, alertTargets: ['127.0.0.1'], publicUrl: 'https://app.example/tools/logs' })
      host.register(loggerbot, { prefix: '/quiet', database: await database.create(t), migrate: true, apiKey })
      const port = await listen(t, host)
      t.strictSame(processListeners(), before)
      t.notOk(host.hasDecorator('logAlerts'), 'it stays inside')

      await createUserAt(port, '/tools/logs', 'alice')
      const ask = (method: string, path: string, content?: object) => http(port, method, `/tools/logs/api/${path}`, { ...basic('alice'), 'content-type': 'application/json' }, content && JSON.stringify(content))
      const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`
      t.match(await ask('POST', 'channels', { name: 'hook', url }), { status: 201 })
      t.match(await ask('POST', 'logs', [{ level: 'error', message: 'order 1 failed', process: 'api' }]), { status: 200 })
      await until('the error is told', () => received.length > 0)
      const { errors: [{ id }] } = JSON.parse((await ask('GET', 'errors')).body)
      t.match(received, [{ type: 'alert.new', data: { title: 'order <*> failed', url: `https://app.example/tools/logs/?v=errors&open=${id}` } }])
      t.match(JSON.parse((await ask('GET', 'alerts')).body), { alerts: [{ deliveries: [{ channel: 'hook' }] }] })
      t.equal((await http(port, 'GET', '/quiet/api/errors', basic('alice'))).status, 404, 'none where alerts are off')

      const described = async (prefix: string) => {
        const { paths } = JSON.parse((await http(port, 'GET', `${prefix}/docs/json`)).body) as { paths: Record<string, Record<string, { summary?: string, tags?: string[] }>> }
        return Object.entries(paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, route]) => ({ ...route, name: `${method.toUpperCase()} ${path}` })))
      }
      const ofAlerts = /^\w+ \/[\w/]+\/api\/(errors|rules|channels|alerts|telegram)\b/
      const found = (await described('/tools/logs')).filter(({ name }) => ofAlerts.test(name))
      t.strictSame(found.map(({ name }) => name).sort(), [...routes].filter((name) => ofAlerts.test(name)).sort())
      t.ok(found.length >= 18)
      t.ok(found.every(({ summary, tags }) => summary && ['alerts', 'errors', 'rules'].includes(tags?.join() ?? '')), 'each has a title and a place')
      t.equal(new Set(found.map(({ summary }) => summary)).size, found.length, 'no two are alike')
      t.strictSame((await described('/quiet')).filter(({ name }) => ofAlerts.test(name)), [])
    })

    await t.test('the environment is not read: create_user stays closed', async (t) => {
      process.env.LOGGER_API_KEY = apiKey
      t.teardown(() => { delete process.env.LOGGER_API_KEY })
      const host = Fastify()
      host.register(loggerbot, { database: await database.create(t), migrate: true })
      const port = await listen(t, host)
      t.equal((await post(port, '/create_user', { user: 'alice', password: 'password', tel_id: '1' }, { 'x-api-key': apiKey })).status, 403)
    })

    await t.test('a host describes the routes itself where it has @fastify/swagger', async (t) => {
      const host = Fastify()
      await host.register(swagger, { openapi: { openapi: '3.1.0', info: { title: 'host', version: '1' } } })
      host.register(loggerbot, { prefix: '/logs', database: await database.create(t), migrate: true, apiKey })
      const port = await listen(t, host)
      t.match(host.swagger(), { info: { title: 'host' }, paths: { '/logs/send_logs': {}, '/logs/create_user': {} } })
      t.equal((await http(port, 'GET', '/logs/docs/json')).status, 404)
      t.match(await post(port, '/logs/send_logs', body('alice', [log()]), { 'x-user-token': await createUserAt(port, '/logs', 'alice') }), ok)
    })

    await t.test('the parts work alone: two prefixes on one database, one with the host\'s own way in', async (t) => {
      const options = await database.create(t)
      const host = Fastify()
      await host.register(db, { database: options, migrate: true })
      await host.register(auth, { apiKey })
      await host.register(writer)
      await host.register(preflight)
      await host.register(metrics)
      host.register(contractRoutes)
      host.register(contractRoutes, { prefix: '/inside', authenticate: bySession(() => host.logDb), bodyLimit: 1000 })
      host.register(opsRoutes)
      const port = await listen(t, host)

      const token = await createUser({ port }, 'alice')
      t.match(await send({ port }, 'alice', token, [log({ msg: 'by token' })]), ok)
      t.match(await post(port, '/inside/send_logs', body('anybody', [log({ msg: 'by session' })]), { 'x-session': 'alice' }), ok)
      t.match(await post(port, '/inside/send_logs', body('alice', [log()]), { 'x-user-token': token }), { status: 401, body: '{"code":401,"message":"Unauthorized"}' })
      t.equal((await post(port, '/inside/send_logs', body('alice', [log({ msg: 'x'.repeat(1000) })]), { 'x-session': 'alice' })).status, 413)
      t.equal((await http(port, 'GET', '/healthz')).status, 200)

      const knex = openKnex(t, options)
      t.match(await stored(knex), [{ log_msg: 'by token' }, { log_msg: 'by session' }])
      t.equal((await knex('user_logs').distinct('user_id')).length, 1, 'both are the same user\'s')
    })

    await t.test('a database without tables fails at boot and says which command helps', async (t) => {
      const host = Fastify()
      host.register(db, { database: await database.create(t), migrate: false })
      t.teardown(() => host.close())
      await t.rejects(Promise.resolve(host.ready()), { message: /no LoggerBot tables yet; run: npx loggerbot migrate/ })
    })
  })
}

const incomplete: Record<string, (host: FastifyInstance) => unknown> = {
  'auth without db': (host) => host.register(auth),
  'writer without db': (host) => host.register(writer),
  'contractRoutes without db': (host) => host.register(contractRoutes),
  'opsRoutes without db': (host) => host.register(opsRoutes)
}
for (const [what, register] of Object.entries(incomplete)) {
  t.test(`${what} fails at boot and names the missing part`, async (t) => {
    const host = Fastify()
    register(host)
    t.teardown(() => host.close())
    await t.rejects(Promise.resolve(host.ready()), { message: /'(loggerbot-\w+|logDb|writeLogs|authenticateToken|requireApiKey)'/ })
  })
}

/** An app in which everything that can be its own is. */
function makeHost (): FastifyInstance {
  const host = Fastify({ ajv: { customOptions: { coerceTypes: 'array' } } })
  host.decorate('knex', 'of the host')
  host.decorateRequest('user', 'of the host')
  host.setErrorHandler<Error>((error, _request, reply) => reply.code(418).send({ host: error.message }))
  host.setNotFoundHandler((_request, reply) => reply.code(404).send({ host: 'nothing here' }))
  host.removeContentTypeParser('application/json')
  host.addContentTypeParser('application/json', { parseAs: 'string' }, async (_request: FastifyRequest, text: string) => ({ hosts: text }))
  host.removeContentTypeParser('text/plain')
  host.addContentTypeParser('text/plain', { parseAs: 'string' }, async (_request: FastifyRequest, text: string) => text.toUpperCase())
  host.setValidatorCompiler(() => (value) => ({ value: { compiled: value } }))
  host.setSerializerCompiler(() => (payload) => JSON.stringify({ serialized: payload }))
  host.addHook('onSend', async (_request, reply) => { reply.header('x-host', 'was here') })
  host.post('/echo', { schema: { body: { type: 'object' }, response: { 200: { type: 'object' } } } }, async (request) => ({ body: request.body, user: request.user }))
  host.get('/fail', async () => { throw new Error('of the host') })
  return host
}

/** All that one can see of a host from outside, but for the date. */
async function hostAnswers (port: number): Promise<unknown> {
  const answers = [
    await post(port, '/echo', { a: 1 }),
    await http(port, 'POST', '/echo', { 'content-type': 'text/plain' }, 'text'),
    await http(port, 'POST', '/echo', { 'content-type': 'text/xml' }, '<a/>'),
    await http(port, 'GET', '/fail'),
    await http(port, 'GET', '/nowhere'),
    await http(port, 'GET', '/send_logs'),
    await http(port, 'GET', '/docs'),
    await http(port, 'GET', '/healthz')
  ]
  return answers.map(({ status, headers: { date, ...headers }, body }) => ({ status, headers, body }))
}

function processListeners (): Array<[string | symbol, number]> {
  return process.eventNames().map((name) => [name, process.listenerCount(name)])
}

/** A host's own authentication, by a session. */
function bySession (knex: () => Knex) {
  return async (request: FastifyRequest) => {
    const row = await knex()('users').where('username', request.headers['x-session'] ?? '').first()
    if (!row) throw Object.assign(new Error('no session'), { statusCode: 401 })
    return { id: row.id, name: row.username }
  }
}

async function listen (t: Test, app: FastifyInstance): Promise<number> {
  t.teardown(() => app.close())
  await app.listen({ host: '127.0.0.1', port: 0 })
  return (app.server.address() as AddressInfo).port
}

async function createUserAt (port: number, prefix: string, user: string): Promise<string> {
  const answer = await post(port, `${prefix}/create_user`, { user, password: 'password', tel_id: '1' }, { 'x-api-key': apiKey })
  if (answer.status !== 200) throw new Error(`create_user answered ${answer.status}: ${answer.headers['x-error-detail']}`)
  return contractToken(user, 'password')
}
