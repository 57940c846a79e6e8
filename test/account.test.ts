import t from 'tap'
import { databases, environmentOf } from './helpers/databases.ts'
import { loggerbot } from './helpers/command.ts'
import { http, post } from './helpers/http.ts'
import { apiKey, basic, createUser, startService } from './helpers/service.ts'

function bearer (token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` }
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

    await t.test('the API key is an administrator without an account', async (t) => {
      t.match(JSON.parse((await who({ 'x-api-key': apiKey })).body), { admin: true })
      t.equal((await who({ 'x-api-key': 'wrong' })).status, 401)
      t.equal((await http(port, 'GET', '/api/tokens', { 'x-api-key': apiKey })).status, 403)
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
