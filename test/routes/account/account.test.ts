import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { databases, environmentOf } from '../../helpers/databases.ts'
import { loggerbot } from '../../helpers/command.ts'
import { http, post } from '../../helpers/http.ts'
import { apiKey, basic, count, createUser, startService, type TestService } from '../../helpers/service.ts'

function bearer (token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` }
}

interface Credential {
  headers: Record<string, string>
  /** Of the token. */
  id?: number
}

async function credentialOf ({ port }: TestService, kind: string, user: string): Promise<Credential> {
  if (kind === 'password') return { headers: basic(user) }
  if (kind === 'token') {
    const { id, token } = JSON.parse((await post(port, '/api/tokens', { name: 'open', scopes: ['read', 'write'] }, basic(user))).body)
    return { id, headers: bearer(token) }
  }
  const { headers: { 'set-cookie': [cookie] = [] } } = await post(port, '/api/session', { user, password: 'password' })
  return { headers: { cookie: cookie!.split(';')[0]! } }
}

/** Begins a request that does not end by itself; a GET is answered already. */
async function open (t: Test, port: number, method: string, path: string, headers: Record<string, string>): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  const more = method === 'GET' ? { connection: 'close' } : { 'transfer-encoding': 'chunked' }
  socket.write(`${method} ${path} HTTP/1.1\r\nHost: x\r\n${Object.entries({ ...headers, ...more }).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`)
  if (method === 'GET') {
    const [data] = await once(socket, 'data')
    t.match(String(data), /^HTTP\/1\.1 200/)
    socket.resume()
  } else {
    socket.write('1\r\n \r\n')
  }
  return socket
}

for (const database of databases) {
  t.test(`the account on ${database.name}`, async (t) => {
    const service = await startService(t, database)
    const { port } = service
    for (const name of ['alice', 'bob']) await createUser(service, name)
    const who = (headers: Record<string, string>) => http(port, 'GET', '/api/session', headers)
    const listed = async (user: string) => JSON.parse((await http(port, 'GET', '/api/tokens', basic(user))).body).tokens
    const make = async (scopes: string[]) => JSON.parse((await post(port, '/api/tokens', { name: 'worker', scopes }, basic('alice'))).body) as { id: number, token: string }

    await t.test('user and password are good for everything', async (t) => {
      t.strictSame(JSON.parse((await who(basic('alice'))).body), { user: 'alice', admin: false, scopes: ['write', 'read', 'account'] })
      const refused = await who(basic('alice', 'wrong'))
      t.equal(refused.status, 401)
      t.match(refused.headers['www-authenticate'], /Bearer.*Basic/)
      t.match(JSON.parse(refused.body), { code: 401, message: 'Unauthorized', detail: /valid credential/ })
      t.notMatch((await who({ 'sec-fetch-mode': 'cors' })).headers['www-authenticate'], 'Basic', 'a page\'s request makes no browser ask')
    })

    await t.test('a token is shown once, stored as a hash, listed, good for its scopes, and revoked', async (t) => {
      const { id, token } = await make(['read'])
      t.match(token, /^lb_[\w-]{43}$/)
      t.notMatch(JSON.stringify(await service.knex('tokens')), token)
      t.strictSame(JSON.parse((await who(bearer(token))).body).scopes, ['read'])
      t.match(await listed('alice'), [{ id, name: 'worker', scopes: ['read'], created: /Z$/, expires: null }])
      t.equal((await http(port, 'GET', '/api/tokens', bearer(token))).status, 403, 'a token makes no tokens')

      const { token: writer } = await make(['write'])
      const refused = await who(bearer(writer))
      t.equal(refused.status, 403)
      t.match(JSON.parse(refused.body).detail, 'scope read')

      t.strictSame(await listed('bob'), [], 'another user\'s are not seen')
      t.equal((await http(port, 'DELETE', `/api/tokens/${id}`, basic('bob'))).status, 404)
      t.equal((await who(bearer(token))).status, 200)
      t.equal((await http(port, 'DELETE', `/api/tokens/${id}`, basic('alice'))).status, 204)
      t.equal((await who(bearer(token))).status, 401)
    })

    await t.test('a session is a cookie for the site itself, and ends', async (t) => {
      const answer = await post(port, '/api/session', { user: 'alice', password: 'password' })
      t.equal(answer.status, 200)
      const [cookie] = answer.headers['set-cookie']!
      t.match(cookie, /^loggerbot_session=lb_[\w-]+; Path=\/; Expires=.*HttpOnly; SameSite=Strict/)
      const session = { cookie: cookie!.split(';')[0]! }
      t.equal((await who(session)).status, 200)
      t.equal((await http(port, 'DELETE', '/api/session', { ...session, 'sec-fetch-site': 'cross-site' })).status, 403)
      t.equal((await http(port, 'DELETE', '/api/session', { ...session, origin: 'https://elsewhere.example' })).status, 403)
      t.equal((await http(port, 'DELETE', '/api/session', { ...session, 'sec-fetch-site': 'same-origin' })).status, 204)
      t.equal((await who(session)).status, 401)
      t.equal((await post(port, '/api/session', { user: 'alice', password: 'wrong' })).status, 401)

      await post(port, '/api/session', { user: 'bob', password: 'password' })
      await service.knex('tokens').where('name', 'browser session').update({ expires_at: '2020-01-01 00:00:00.000000' })
      t.strictSame(await listed('bob'), [], 'one that expired is gone')
    })

    await t.test('a session writes no logs, changes nothing for other sites, and is good as its cookie alone', async (t) => {
      const { headers: { 'set-cookie': [cookie] = [] } } = await post(port, '/api/session', { user: 'alice', password: 'password' })
      const session = { cookie: cookie!.split(';')[0]! }
      const secret = session.cookie.split('=')[1]!
      t.strictSame(JSON.parse((await who(session)).body).scopes, ['read', 'account'])
      t.equal((await post(port, '/gelf', { version: '1.1', host: 'h', short_message: 'm' }, session)).status, 403)
      t.equal((await http(port, 'GET', '/api/logs/python?name=n&msg=m&levelname=INFO', session)).status, 403)
      for (const headers of [bearer(secret), basic('alice', secret), { authorization: `Splunk ${secret}` }, { 'x-user-token': secret }, { 'x-api-key': secret }, { 'dd-api-key': secret }]) {
        t.equal((await who(headers)).status, 401, 'as a bearer')
      }
      const { token } = await make(['read', 'write'])
      t.equal((await who({ cookie: `loggerbot_session=${token}` })).status, 401, 'nor is a token a session')
      t.equal((await http(port, 'DELETE', '/api/session', bearer(token))).status, 403, 'a token signs nobody out')

      const foreign: Array<Record<string, string>> = [{ 'sec-fetch-site': 'same-site', origin: 'http://127.0.0.1:1' }, { 'sec-fetch-site': 'cross-site' }, { origin: 'null' }]
      for (const site of foreign) {
        for (const credential of [session, basic('alice')]) {
          t.equal((await post(port, '/api/tokens', { name: 'x', scopes: ['read'] }, { ...credential, ...site })).status, 403)
          t.equal((await http(port, 'DELETE', '/api/logs', { ...credential, ...site })).status, 403)
          t.equal((await http(port, 'GET', '/api/logs/python?name=n&msg=m&levelname=INFO', { ...credential, ...site })).status, 403)
        }
        t.equal((await post(port, '/api/session', { user: 'alice', password: 'password' }, site)).status, 403)
      }
      t.equal(await count(service.knex), 0)
    })

    await t.test('a session by TLS has a cookie that no other host can set', async (t) => {
      const proxied = await startService(t, database, { database: service.options, settings: { LOGGER_TRUST_PROXY: '127.0.0.1' } })
      const tls = { 'x-forwarded-proto': 'https', 'x-forwarded-for': '10.0.0.1' }
      const { headers: { 'set-cookie': [cookie] = [] } } = await post(proxied.port, '/api/session', { user: 'alice', password: 'password' }, tls)
      t.match(cookie, /^__Host-loggerbot_session=lb_[\w-]+; Path=\/; Expires=.*HttpOnly; Secure; SameSite=Strict/)
      const [name, secret] = cookie!.split(';')[0]!.split('=')
      const session = (cookieName: string, more: Record<string, string>) => http(proxied.port, 'GET', '/api/session', { ...more, cookie: `${cookieName}=${secret}` })
      t.equal((await session(name!, tls)).status, 200)
      t.equal((await session('loggerbot_session', tls)).status, 401, 'one that another host may have set counts nothing')
      t.equal((await session(name!, {})).status, 401)
      t.match((await http(proxied.port, 'DELETE', '/api/session', { ...tls, cookie: `${name}=${secret}` })).headers['set-cookie'], [/^__Host-loggerbot_session=; .*Secure/])
      t.match((await post(port, '/api/session', { user: 'alice', password: 'password' }, tls)).headers['set-cookie'], [/^loggerbot_session=/], 'nobody believes it without being told to')
    })

    await t.test('no answer of the API is cached or sniffed', async (t) => {
      const requests: Array<[method: string, path: string]> = [['GET', '/api/session'], ['POST', '/api/session'], ['GET', '/api/tokens'], ['GET', '/api/logs'], ['DELETE', '/api/logs'], ['GET', '/api/logs/export'], ['POST', '/api/logs'], ['GET', '/api/logs/histogram'], ['GET', '/api/nothing'], ['GET', '/api/logs?limit=x']]
      for (const [method, path] of requests) {
        for (const headers of [{}, basic('alice')]) {
          t.match((await http(port, method, path, headers)).headers, { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }, `${method} ${path}`)
        }
      }
    })

    const endings: Record<string, (credential: Credential, user: string) => Promise<unknown>> = {
      'its token is revoked': ({ id }, user) => http(port, 'DELETE', `/api/tokens/${id}`, basic(user)),
      'its token is revoked by another instance': ({ id }) => service.knex('tokens').where({ id }).update({ revoked_at: '2020-01-01 00:00:00.000000' }),
      'its session signs out': ({ headers }) => http(port, 'DELETE', '/api/session', headers),
      'its user is disabled': (_credential, user) => service.knex('users').where('username', user).update({ disabled_at: '2020-01-01 00:00:00.000000' })
    }
    for (const [what, end] of Object.entries(endings)) {
      const kinds = what.includes('session') ? ['session'] : what.includes('disabled') ? ['token', 'password', 'session'] : ['token']
      for (const kind of kinds) {
        await t.test(`what is open by ${kind} ends when ${what}`, async (t) => {
          const user = `user${Math.random()}`
          await createUser(service, user)
          const credential = await credentialOf(service, kind, user)
          const tail = await open(t, port, 'GET', '/api/logs/tail', credential.headers)
          const upload = kind === 'session' ? undefined : await open(t, port, 'POST', '/api/logs', credential.headers)
          const answer = upload && once(upload, 'data')
          const ended = once(tail, 'close')
          await end(credential, user)
          await ended
          if (answer) t.match(String(await answer), /^HTTP\/1\.1 401/)
          t.equal((await who(credential.headers)).status, 401)
        })
      }
    }

    await t.test('the API key is an administrator without an account', async (t) => {
      t.match(JSON.parse((await who({ 'x-api-key': apiKey })).body), { admin: true })
      t.equal((await who({ 'x-api-key': 'wrong' })).status, 401)
      for (const [method, path] of [['GET', '/api/tokens'], ['POST', '/api/tokens'], ['DELETE', '/api/tokens/1'], ['DELETE', '/api/logs'], ['DELETE', '/api/session'], ['POST', '/gelf'], ['POST', '/v1/logs']] as const) {
        t.equal((await http(port, method, path, { 'x-api-key': apiKey })).status, 403, `${method} ${path}`)
      }
    })

    await t.test('a disabled user is out, with all of their tokens', async (t) => {
      const { token } = await make(['read'])
      await service.knex('users').where('username', 'alice').update({ disabled_at: '2026-01-01 00:00:00.000000' })
      t.equal((await who(bearer(token))).status, 401)
      await service.knex('users').where('username', 'alice').update({ disabled_at: null })
    })

    const refused: Record<string, [body: unknown, detail: RegExp]> = {
      'no name': [{ scopes: ['read'] }, /name is missing/],
      'a scope that is none': [{ name: 'x', scopes: ['account'] }, /scopes\[0\]/],
      'no scope': [{ name: 'x', scopes: [] }, /scopes must be a list of read, write or both/],
      'an unknown field': [{ name: 'x', scopes: ['read'], user: 'bob' }, /user is not known here/]
    }
    for (const [what, [body, detail]] of Object.entries(refused)) {
      await t.test(`refuses ${what}`, async (t) => {
        const answer = await post(port, '/api/tokens', body, basic('alice'))
        t.equal(answer.status, 400)
        t.match(JSON.parse(answer.body).detail, detail)
      })
    }

    await t.test('loggerbot token and user add --admin do the same in the terminal', async (t) => {
      const env = environmentOf(service.options)
      t.equal((await loggerbot(['user', 'add', 'root', '--admin', '--password-stdin'], { env, input: 'password' })).code, 0)
      t.match(JSON.parse((await who(basic('root'))).body), { admin: true })
      const made = await loggerbot(['token', 'add', 'bob', 'cli'], { env })
      const [token] = /lb_[\w-]{43}/.exec(made.stdout)!
      t.strictSame(JSON.parse((await who(bearer(token!))).body).scopes, ['read'])
      const [, id] = /(\d+) +read .* cli\n/.exec((await loggerbot(['token', 'list', 'bob'], { env })).stdout)!
      t.equal((await loggerbot(['token', 'revoke', 'alice', id!], { env })).code, 1)
      t.equal((await loggerbot(['token', 'revoke', 'bob', id!], { env })).code, 0)
      t.match(await loggerbot(['token', 'add', 'nobody', 'x'], { env }), { code: 1, stderr: 'loggerbot: there is no user nobody\n' })
      t.match(await loggerbot(['token', 'add', 'bob', 'x', '--scopes', 'all'], { env }), { code: 2, stderr: /--scopes must be/ })
    })
  })
}
