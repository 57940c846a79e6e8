import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { contractToken } from '../../../src/authenticate/token.ts'
import { utcTime } from '../../../src/model/instant.ts'
import { sessionsOf } from '../../../src/store/sessions.ts'
import { databases, environmentOf } from '../../helpers/databases.ts'
import { loggerbot } from '../../helpers/command.ts'
import { http, post } from '../../helpers/http.ts'
import { apiKey, basic, count, createUser, send, startService, type TestService } from '../../helpers/service.ts'
import { until } from '../../helpers/until.ts'

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

// They wait for passwords, for expiry and for the other instance: at the same time.
t.jobs = 3
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
      t.match(cookie, /^loggerbot_session=lb_[\w-]+; Max-Age=15552000; Path=\/; HttpOnly; SameSite=Strict/)
      const session = { cookie: cookie!.split(';')[0]! }
      t.equal((await who(session)).status, 200)
      t.equal((await http(port, 'DELETE', '/api/session', { ...session, 'sec-fetch-site': 'cross-site' })).status, 403)
      t.equal((await http(port, 'DELETE', '/api/session', { ...session, origin: 'https://elsewhere.example' })).status, 403)
      t.equal((await http(port, 'DELETE', '/api/session', { ...session, 'sec-fetch-site': 'same-origin' })).status, 204)
      t.equal((await who(session)).status, 401)
      t.equal((await post(port, '/api/session', { user: 'alice', password: 'wrong' })).status, 401)
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
      t.match(cookie, /^__Host-loggerbot_session=lb_[\w-]+; Max-Age=15552000; Path=\/; HttpOnly; Secure; SameSite=Strict/)
      const [name, secret] = cookie!.split(';')[0]!.split('=')
      const session = (cookieName: string, more: Record<string, string>) => http(proxied.port, 'GET', '/api/session', { ...more, cookie: `${cookieName}=${secret}` })
      t.equal((await session(name!, tls)).status, 200)
      t.equal((await session('loggerbot_session', tls)).status, 401, 'one that another host may have set counts nothing')
      t.equal((await session(name!, {})).status, 401)
      t.match((await http(proxied.port, 'DELETE', '/api/session', { ...tls, cookie: `${name}=${secret}` })).headers['set-cookie'], [/^__Host-loggerbot_session=; .*Secure/])
      const odd = { 'x-forwarded-for': `10.0.0.2${'x'.repeat(300)}` }
      t.equal((await post(proxied.port, '/api/session', { user: 'alice', password: 'password' }, odd)).status, 200)
      const { sessions } = JSON.parse((await http(port, 'GET', '/api/sessions', basic('alice'))).body)
      t.equal(sessions.at(-1).address, `10.0.0.2${'x'.repeat(56)}`, 'an address of any length is cut')
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

    await t.test('unknown parameters are refused', async (t) => {
      const requests = [['GET', '/api/session'], ['GET', '/api/sessions'], ['GET', '/api/tokens'], ['DELETE', '/api/tokens/1'], ['GET', '/api/searches'], ['GET', '/api/settings']] as const
      for (const [method, path] of requests) t.match(await http(port, method, `${path}?x=1`, basic('bob')), { status: 400, body: /x is not known here/ }, path)
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

const day = 86_400_000
const agent = 'Mozilla/5.0 (X11)'

for (const database of databases) {
  t.test(`sessions and passwords on ${database.name}`, async (t) => {
    const service = await startService(t, database)
    const other = await startService(t, database, { database: service.options })
    const { port, knex } = service
    const who = (headers: Record<string, string>, at = port) => http(at, 'GET', '/api/session', headers)
    const signIn = async (login: Record<string, string>, headers: Record<string, string> = {}) => {
      const answer = await post(port, '/api/session', login, headers)
      return { status: answer.status, body: JSON.parse(answer.body), cookie: answer.headers['set-cookie']?.[0]?.split(';')[0] ?? '' }
    }
    const signInAs = async (user: string, headers: Record<string, string> = {}) => ({ cookie: (await signIn({ user, password: 'password' }, headers)).cookie })
    const listed = async (headers: Record<string, string>) => JSON.parse((await http(port, 'GET', '/api/sessions', headers)).body).sessions
    const make = async (user: string, token: Record<string, unknown>) => JSON.parse((await post(port, '/api/tokens', { name: 'worker', ...token }, basic(user))).body) as { id: number, token: string }
    const actions = async (caller: string): Promise<string[]> => knex('audit').where('caller', caller).orderBy('id').pluck('action')
    const newUser = async (name: string) => { await createUser(service, name); return name }

    await t.test('sessions are listed to their owner, apart from tokens, and end one by one', async (t) => {
      const user = await newUser('lister')
      const one = await signInAs(user, { 'user-agent': `${agent}\t${'x'.repeat(300)}` })
      const two = await signInAs(user, { 'user-agent': agent })
      await make(user, { scopes: ['read'] })
      const sessions = await listed(two)
      t.match(sessions, [
        { address: '127.0.0.1', user_agent: `${agent}${'x'.repeat(200 - agent.length)}`, token: null, current: false, created: /Z$/, last_used: /Z$/ },
        { user_agent: agent, current: true }
      ])
      t.equal(sessions.length, 2)
      t.equal(Math.round((Date.parse(sessions[0].expires) - Date.parse(sessions[0].created)) / day), 30)
      t.strictSame((await listed(basic(user))).map(({ current }: { current: boolean }) => current), [false, false])
      t.strictSame(JSON.parse((await http(port, 'GET', '/api/tokens', two)).body).tokens.map(({ name }: { name: string }) => name), ['worker'])
      t.notMatch(JSON.stringify(await knex('sessions')), one.cookie.split('=')[1]!, 'no secret is stored')

      const stranger = await signInAs(await newUser('curious'))
      t.equal((await listed(stranger)).length, 1)
      t.equal((await http(port, 'DELETE', `/api/sessions/${sessions[0].id}`, stranger)).status, 404)
      t.equal((await who(one)).status, 200)
      t.equal((await http(port, 'DELETE', `/api/sessions/${sessions[0].id}`, { ...two, 'sec-fetch-site': 'cross-site' })).status, 403)
      t.equal((await http(port, 'DELETE', `/api/sessions/${sessions[0].id}`, two)).status, 204)
      t.equal((await who(one)).status, 401)
      t.equal((await who(two)).status, 200)
      t.strictSame(await actions(user), ['session.begin', 'session.begin', 'token.make', 'session.end'])
      t.match(JSON.parse((await knex('audit').where({ caller: user, action: 'session.end' }).first()).detail), { id: sessions[0].id, address: '127.0.0.1' })
    })

    await t.test('signing out everywhere else leaves the current session, and all=true none, on every instance', async (t) => {
      const user = await newUser('leaver')
      const [one, two, three] = [await signInAs(user), await signInAs(user), await signInAs(user)]
      t.equal((await who(two, other.port)).status, 200)
      t.strictSame(JSON.parse((await http(port, 'DELETE', '/api/sessions', one)).body), { ended: 2 })
      t.equal((await who(one)).status, 200)
      t.equal((await who(three)).status, 401)
      await until('the other instance refuses it', async () => (await who(two, other.port)).status === 401)
      t.equal((await http(port, 'DELETE', '/api/sessions?every=true', one)).status, 400)
      const all = await http(port, 'DELETE', '/api/sessions?all=true', one)
      t.strictSame(JSON.parse(all.body), { ended: 1 })
      t.match(all.headers['set-cookie'], [/^loggerbot_session=; Max-Age=0/])
      t.equal((await who(one)).status, 401)
      t.equal((await http(port, 'DELETE', '/api/sessions', basic(user))).status, 200)
    })

    await t.test('a token signs in to a session that only reads, and ends with the token', async (t) => {
      const user = await newUser('tokener')
      const { id, token } = await make(user, { scopes: ['read', 'write'] })
      const session = await signIn({ token })
      t.strictSame(session.body, { user, admin: false, scopes: ['read'] })
      const headers = { cookie: session.cookie }
      t.equal((await http(port, 'GET', '/api/logs', headers)).status, 200)
      for (const [method, path] of [['GET', '/api/tokens'], ['GET', '/api/sessions'], ['DELETE', '/api/sessions'], ['DELETE', '/api/logs'], ['POST', '/api/password']] as const) {
        t.equal((await http(port, method, path, headers)).status, 403, `${method} ${path}`)
      }
      t.equal((await post(port, '/gelf', { version: '1.1', host: 'h', short_message: 'm' }, headers)).status, 403)
      t.match(await listed(basic(user)), [{ token: id }])
      t.equal((await who({ cookie: (await signIn({ token })).cookie })).status, 200)
      t.equal((await http(port, 'DELETE', '/api/session', headers)).status, 204, 'it can sign out')
      t.equal((await who(headers)).status, 401)

      const last = { cookie: (await signIn({ token })).cookie }
      t.equal((await who(last, other.port)).status, 200)
      await http(port, 'DELETE', `/api/tokens/${id}`, basic(user))
      t.equal((await who(last)).status, 401)
      await until('the other instance refuses it', async () => (await who(last, other.port)).status === 401)
      t.strictSame(await listed(basic(user)), [])

      t.equal((await signIn({ token })).status, 401, 'a revoked token')
      t.match(await signIn({ token: (await make(user, { scopes: ['write'] })).token }), { status: 403, body: { detail: /scope read/ } })
      t.equal((await signIn({ token: last.cookie.split('=')[1]! })).status, 401, 'the secret of a session is no token')
      t.match(await signIn({ user, token }), { status: 400, body: { detail: /body must be an object with user and password, or with token/ } })
    })

    await t.test('no other site signs a browser in', async (t) => {
      const login = JSON.stringify({ user: await newUser('victim'), password: 'password' })
      const form = 'user=victim&password=password'
      const attacks: Array<[headers: Record<string, string>, body: string, status: number]> = [
        [{ 'content-type': 'application/json', 'sec-fetch-site': 'cross-site' }, login, 403],
        [{ 'content-type': 'application/json', 'sec-fetch-site': 'same-site' }, login, 403],
        [{ 'content-type': 'application/json', origin: 'https://elsewhere.example' }, login, 403],
        [{ 'content-type': 'application/json', origin: 'null' }, login, 403],
        [{ 'content-type': 'text/plain' }, login, 400],
        [{ 'content-type': 'application/x-www-form-urlencoded' }, form, 400],
        [{ 'content-type': 'multipart/form-data; boundary=x' }, '--x\r\ncontent-disposition: form-data; name="user"\r\n\r\nvictim\r\n--x--', 400],
        [{}, login, 400]
      ]
      for (const [headers, body, status] of attacks) {
        const answer = await http(port, 'POST', '/api/session', headers, body)
        t.equal(answer.status, status, JSON.stringify(headers))
        t.equal(answer.headers['set-cookie'], undefined)
      }
      t.equal((await http(port, 'POST', '/api/session', { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' }, login)).status, 200)
    })

    await t.test('a session that is used is prolonged, up to its last day', async (t) => {
      const user = await newUser('regular')
      const daysLeft = async (id: number) => Math.round((Date.parse(`${(await knex('sessions').where({ id }).first('expires_at')).expires_at}Z`) - Date.now()) / day)
      for (const [age, left, prolonged] of [[29, 1, 30], [170, 2, 10], [1, 29.4, 29]] as const) {
        const session = await signInAs(user)
        const { id } = await knex('sessions').orderBy('id', 'desc').first('id')
        await knex('sessions').where({ id }).update({ created_at: utcTime(Date.now() - age * day), last_used_at: utcTime(Date.now() - day), expires_at: utcTime(Date.now() + left * day) })
        t.equal((await who(session)).status, 200)
        await until('its use is noted', async () => Date.parse(`${(await knex('sessions').where({ id }).first()).last_used_at}Z`) > Date.now() - day / 2)
        t.equal(await daysLeft(id), prolonged, `after ${age} days`)
      }
    })

    await t.test('a session that has expired is refused, not listed, and deleted', async (t) => {
      const user = await newUser('sleeper')
      const session = await signInAs(user)
      const [{ id }] = await listed(session)
      await knex('sessions').where({ id }).update({ expires_at: utcTime(Date.now() - 1000) })
      await until('it is refused', async () => (await who(session)).status === 401)
      t.strictSame(await listed(basic(user)), [])
      await sessionsOf(knex).purge()
      t.strictSame(await knex('sessions').where({ id }), [])
      t.ok((await knex('sessions')).length > 0, 'others stay')
    })

    await t.test('a user has a hundred sessions at most: the oldest makes way', async (t) => {
      const user = await newUser('busy')
      const first = await signInAs(user)
      const { user_id: userId } = await knex('sessions').orderBy('id', 'desc').first()
      const rows = Array.from({ length: 99 }, (_, n) => ({ user_id: userId, session_hash: Buffer.alloc(32, n), scopes: 'read', created_at: utcTime(), last_used_at: utcTime(), expires_at: utcTime(Date.now() + day), address: '', user_agent: '' }))
      await knex('sessions').insert(rows)
      t.equal((await who(first)).status, 200)
      const last = await signInAs(user)
      t.equal((await listed(last)).length, 100)
      await until('the oldest is refused', async () => (await who(first)).status === 401)
      t.equal((await who(last)).status, 200)
    })

    await t.test('a token expires at its time, on every instance', async (t) => {
      const user = await newUser('shipper')
      const list = async () => JSON.parse((await http(port, 'GET', '/api/tokens', basic(user))).body).tokens
      const { token } = await make(user, { scopes: ['read', 'write'], expires: '3s' })
      const session = { cookie: (await signIn({ token })).cookie }
      for (const at of [port, other.port]) t.equal((await who(bearer(token), at)).status, 200)
      t.equal((await who(session)).status, 200)
      for (const at of [port, other.port]) await until('it is refused', async () => (await who(bearer(token), at)).status === 401)
      t.equal((await who(session)).status, 401, 'with its session')
      t.equal((await signIn({ token })).status, 401)
      t.strictSame(await list(), [])

      await make(user, { name: 'month', scopes: ['read'], expires: '30d' })
      await make(user, { name: 'day', scopes: ['read'], expires: '2050-01-31' })
      await make(user, { name: 'instant', scopes: ['read'], expires: '2050-01-31T10:00:00+02:00' })
      const [month, ...others] = await list()
      t.ok(Math.abs(Date.parse(month.expires) - Date.now() - 30 * day) < day)
      t.match(others, [{ expires: '2050-01-31T00:00:00.000000Z' }, { expires: '2050-01-31T08:00:00.000000Z' }])
      for (const expires of ['', '0d', '-1d', 'now', 'never', '2020-01-01', '99999999d', '2050-01-32', '1y']) {
        const answer = await post(port, '/api/tokens', { name: 'x', scopes: ['read'], expires }, basic(user))
        t.equal(answer.status, 400, expires)
        t.match(JSON.parse(answer.body).detail, /expires must be a time in the future/)
      }

      const env = environmentOf(service.options)
      t.equal((await loggerbot(['token', 'add', user, 'cli', '--expires', '30d'], { env })).code, 0)
      t.match((await loggerbot(['token', 'list', user], { env })).stdout, /EXPIRES[^]*2050-01-31 08:00:00[^]*cli/)
      t.match(await loggerbot(['token', 'add', user, 'x', '--expires', '-1d'], { env }), { code: 2, stderr: /--expires must be a time in the future/ })
      t.strictSame(await actions('command line'), ['token.make'])
    })

    await t.test('a user has a thousand tokens at most', async (t) => {
      const user = await newUser('collector')
      const { id } = await knex('users').where('username', user).first('id')
      const rows = Array.from({ length: 1000 }, (_, n) => ({ user_id: id, name: `${n}`, token_hash: createHash('sha256').update(`${user} ${n}`).digest(), scopes: 'read', created_at: utcTime() }))
      for (let n = 0; n < 1000; n += 100) await knex('tokens').insert(rows.slice(n, n + 100))
      t.match(await post(port, '/api/tokens', { name: 'x', scopes: ['read'] }, basic(user)), { status: 409, body: /1000 tokens/ })
      t.match(await loggerbot(['token', 'add', user, 'x'], { env: environmentOf(service.options) }), { code: 1, stderr: /1000 tokens/ })
      const { id: last } = JSON.parse((await http(port, 'GET', '/api/tokens', basic(user))).body).tokens[999]
      t.equal((await http(port, 'DELETE', `/api/tokens/${last}`, basic(user))).status, 204)
      t.equal((await post(port, '/api/tokens', { name: 'x', scopes: ['read'] }, basic(user))).status, 201)
    })

    await t.test('a change of password ends all other sessions, and the old token of the contract', async (t) => {
      const user = await newUser('changer')
      const oldToken = await createUser(service, user)
      const { token } = await make(user, { scopes: ['read'] })
      const [current, elsewhere] = [await signInAs(user), await signInAs(user)]
      const change = (body: unknown, headers: Record<string, string>) => post(port, '/api/password', body, headers)
      t.equal((await send(other, user, oldToken, [])).status, 200)
      t.equal((await who(elsewhere, other.port)).status, 200)

      t.match(await change({ password: 'wrong', new: 'better' }, current), { status: 403, body: /password must be the current password/ })
      t.match(await change({ password: 'password', new: 'two words' }, current), { status: 400, body: /new must be one word of 1 to 100 characters/ })
      t.equal((await change({ password: 'password', new: 'better' }, { ...current, 'sec-fetch-site': 'cross-site' })).status, 403)
      t.equal((await change({ password: 'password', new: 'better' }, bearer(token))).status, 403)
      t.equal((await who(elsewhere)).status, 200)

      t.equal((await change({ password: 'password', new: 'better' }, current)).status, 204)
      t.equal((await who(current)).status, 200, 'the current session stays')
      t.equal((await who(bearer(token))).status, 200, 'random tokens stay')
      t.equal((await who(elsewhere)).status, 401)
      await until('the other instance refuses the session', async () => (await who(elsewhere, other.port)).status === 401)
      await until('the other instance refuses the old token', async () => (await send(other, user, oldToken, [])).status === 403)
      t.equal((await send(other, user, contractToken(user, 'better'), [])).status, 200)
      t.equal((await who(basic(user, 'better'))).status, 200)
      t.equal((await who(basic(user, 'password'))).status, 401)
      t.equal((await change({ password: 'better', new: 'password' }, basic(user, 'better'))).status, 204)
      t.equal((await who(current)).status, 401, 'without a session all end')
      t.strictSame((await actions(user)).filter((action) => action.startsWith('password')), ['password.change', 'password.change'])
      t.notMatch(JSON.stringify(await knex('audit')), /better|scrypt/)
    })

    await t.test('loggerbot user password changes the password of a user', async (t) => {
      const user = await newUser('forgetful')
      const session = await signInAs(user)
      const env = environmentOf(service.options)
      const change = (name: string, input: string) => loggerbot(['user', 'password', name, '--password-stdin'], { env, input })
      t.match(await change(user, 'better\n'), { code: 0, stdout: new RegExp(`password of ${user} is changed[^]*${contractToken(user, 'better')}`) })
      await until('the session has ended', async () => (await who(session)).status === 401)
      t.equal((await who(basic(user, 'better'))).status, 200)
      t.match((await knex('audit').where({ caller: 'command line', action: 'password.change' }).first()).detail, user)
      t.match(await loggerbot(['user', 'password', user], { env }), { code: 0, stdout: /password {2}[\w-]{24}\n {2}token/ })
      t.match(await change('nobody', 'better'), { code: 1, stderr: 'loggerbot: there is no user nobody\n' })
      t.match(await change(user, 'two words'), { code: 2, stderr: /the password must be one word/ })
    })

    await t.test('one of two changes at once is refused', async (t) => {
      const user = await newUser('twice')
      const statuses = await Promise.all(['one', 'two'].map(async (password) => (await post(port, '/api/password', { password: 'password', new: password }, basic(user))).status))
      t.strictSame(statuses.sort(), [204, statuses[1]])
      t.match(String(statuses[1]), /^(403|409)$/)
    })

    await t.test('wrong passwords are limited as when signing in', async (t) => {
      const session = await signInAs(await newUser('guessed'))
      const guess = async (password: string) => (await post(port, '/api/password', { password, new: 'x' }, session)).status
      for (let n = 0; n < 10; n++) t.equal(await guess(`wrong${n}`), 403)
      t.equal(await guess('wrong'), 429)
      t.equal((await signIn({ user: 'guessed', password: 'wrong' })).status, 429)
    })
  })
}
