import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import t from 'tap'
import type { RouteOptions } from 'fastify'
import { readSettings } from '../../src/config.ts'
import { buildServer } from '../../src/server.ts'
import { databases, environmentOf } from '../helpers/databases.ts'
import { EventReader } from '../helpers/events.ts'
import { http } from '../helpers/http.ts'
import { apiKey, basic, createToken, createUser, log, send, startService, stored } from '../helpers/service.ts'

/** Everything that the service answers to, as its routes declare it. */
async function routesOf (settings: Record<string, string>): Promise<RouteOptions[]> {
  const routes: RouteOptions[] = []
  const app = buildServer(await readSettings({ LOGGER_API_KEY: apiKey, LOGGER_LOG_LEVEL: 'silent', ...settings }), { migrate: true })
  app.addHook('onRoute', (route) => { routes.push(route) })
  await app.ready()
  await app.close()
  return routes.flatMap((route) => [route.method].flat().map((method) => ({ ...route, method })))
}

/** The answer to a request, or, where it is a stream of events, its beginning. */
async function ask (port: number, method: string, path: string, headers: Record<string, string>, body?: string): Promise<{ status: number, body: string }> {
  const outgoing = request({ port, method, path, headers: { ...headers, ...body !== undefined && { 'content-type': 'application/json' } } })
  outgoing.end(body)
  const [incoming] = await once(outgoing, 'response') as [IncomingMessage]
  const status = incoming.statusCode!
  if (incoming.headers['content-type'] !== 'text/event-stream') return { status, body: await text(incoming) }
  const reader = new EventReader(incoming)
  await reader.until('the stream begins', () => reader.events.length > 0)
  reader.close()
  return { status, body: reader.text }
}

for (const database of databases) {
  t.test(`every route lets in whom it says, on ${database.name}`, async (t) => {
    const service = await startService(t, database)
    const { port } = service
    const routes = (await routesOf(environmentOf(service.options))).filter(({ url, method }) => !/^\/(docs|_page)/.test(url) && method !== 'HEAD')
    // The documents and the files of the page are the same for everybody.
    t.ok(routes.length > 10)
    t.strictSame(routes.filter(({ config }) => config?.logAccess === undefined).map(({ url }) => url), [], 'each declares its access')

    const token = await createUser(service, 'alice')
    await createUser(service, 'bob')
    await send(service, 'alice', token, [log({ msg: 'the secret of alice', p_description: 'hers' }), log({ msg: 'another secret of alice' })])
    const page = JSON.parse((await http(port, 'GET', '/api/logs?limit=1', basic('alice'))).body)
    const hers = JSON.parse((await http(port, 'POST', '/api/tokens', { ...basic('alice'), 'content-type': 'application/json' }, '{"name":"hers","scopes":["read"]}')).body)
    const dry = JSON.parse((await http(port, 'DELETE', '/api/logs', basic('alice'))).body)

    await service.knex('dead_letters').insert({
      id: page.logs[0].id, user_id: 1, created_at: '2026-11-24 10:00:00.000000', source: 'json', record: 'the secret of alice', record_bytes: 19, reason: 'hers'
    })
    for (const path of ['/api/searches/alice', '/api/settings']) {
      const setting = path.endsWith('alice') ? { query: 'a secret of alice' } : { note: 'a secret of alice' }
      t.match((await http(port, 'PUT', path, { ...basic('alice'), 'content-type': 'application/json' }, JSON.stringify(setting))).status, /20[01]/)
    }
    const rule = { name: 'alice', kind: 'silence', settings: { query: 'a secret of alice', everySeconds: 3600 } }
    t.equal((await http(port, 'POST', '/api/rules', { ...basic('alice'), 'content-type': 'application/json' }, JSON.stringify(rule))).status, 201)
    const tokens: Array<[scope: string, headers: Record<string, string>]> = []
    for (const scope of ['read', 'write']) tokens.push([scope, { authorization: `Bearer ${await createToken(service, 'alice', [scope])}` }])

    const signedIn = await http(port, 'POST', '/api/session', { 'content-type': 'application/json' }, '{"user":"alice","password":"password"}')
    const foreign = { cookie: signedIn.headers['set-cookie']![0]!.split(';')[0]!, 'sec-fetch-site': 'same-site' }

    const guarded = routes.filter(({ config }) => !['public', 'contract'].includes(config!.logAccess!))
    for (const { method, url, config } of guarded) {
      for (const id of url.includes(':id') ? [page.logs[0].id, String(hers.id)] : ['']) {
        const path = url.replace(':id', id).replace(':name', 'alice').replace(':key', '').replace(':value', 'hers')
        const body = method === 'POST' ? '{"name":"x","scopes":["read"]}' : undefined
        t.equal((await ask(port, String(method), path, {}, body)).status, 401, `${method} ${path} without a credential`)
        for (const [scope, headers] of tokens.filter(([scope]) => scope !== config!.logAccess)) {
          t.equal((await ask(port, String(method), path, headers, body)).status, 403, `${method} ${path} with a token that can ${scope}`)
        }
        if (method !== 'GET') t.equal((await ask(port, String(method), path, foreign, body)).status, 403, `${method} ${path} for a page of another site`)
        // The same route with a slash too many.
        if (/\/\/|.\/$/.test(url)) continue
        for (const parameters of ['', `?cursor=${page.cursor}`, `?confirm=${dry.confirm}`, '?user=alice', '?owner=alice', '?field=description', '?query=user:alice', '?query=secret']) {
          const answer = await ask(port, String(method), path + parameters, basic('bob'), body)
          t.notMatch(answer.body, /secret of alice|hers/, `${method} ${path}${parameters} as another user: ${answer.status}`)
          if (config!.logAccess === 'admin') t.equal(answer.status, 403, `${method} ${path} is for administrators`)
        }
      }
    }

    t.equal((await stored(service.knex)).filter(({ user_id: userId }) => userId === 1).length, 2, 'nothing of hers is gone')
    t.equal((await http(port, 'GET', '/api/session', { authorization: `Bearer ${hers.token}` })).status, 200)
    t.strictSame(await service.knex('dead_letters').where('user_id', 1).pluck('source'), ['json'], 'her dead letter, too')
    t.strictSame(await service.knex('users').orderBy('id').select('username', 'admin', 'disabled_at'), ['alice', 'bob'].map((username) => ({ username, admin: 0, disabled_at: null })))
    t.strictSame(await service.knex('saved_searches').pluck('user_id'), [1], 'her search is hers')
    t.strictSame(await service.knex('alert_rules').where('name', 'alice').pluck('user_id'), [1], 'and so is her rule')
    for (const { method, url } of routes.filter(({ config }) => config!.logAccess === 'contract')) {
      t.match((await ask(port, String(method), url, { ...basic('alice') }, '{}')).status, /^4/, `${method} ${url} has the contract's own rules`)
    }
  })
}
