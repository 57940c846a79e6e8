import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { databases } from '../../helpers/databases.ts'
import { http, post } from '../../helpers/http.ts'
import { Proxy } from '../../helpers/proxy.ts'
import { basic, createToken, createUser, log, send, startService, type TestService } from '../../helpers/service.ts'
import { until } from '../../helpers/until.ts'

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

/** Whether no connection is open. */
const isIdle = ({ app }: TestService): Promise<boolean> => new Promise((resolve, reject) => app.server.getConnections((error, count) => error ? reject(error) : resolve(count === 0)))

// They mostly wait, each for its own service: at the same time.
t.jobs = 3
for (const database of databases) {
  t.test(`an open export on ${database.name} ends with the right to it`, async (t) => {
    const service = await startService(t, database)
    const { port } = service
    const token = await createUser(service, 'al')
    // More than the buffers between server and reader hold.
    for (let n = 0; n < 3; n++) await send(service, 'al', token, Array.from({ length: 4 }, () => log({ msg: 'x'.repeat(1_500_000) })))

    /** An export that is read no further than to its head. */
    async function open (headers: Record<string, string>): Promise<IncomingMessage> {
      const [answer] = await once(request({ port, path: '/api/logs/export', headers, agent: false }).on('error', () => {}).end(), 'response')
      t.equal(answer.statusCode, 200)
      return answer.on('error', () => {})
    }
    const reader = await createToken(service, 'al', ['read'])
    const { headers: { 'set-cookie': [cookie] = [] } } = await post(port, '/api/session', { user: 'al', password: 'password' })
    const session = { cookie: cookie!.split(';')[0]! }
    const ends: Record<string, [headers: Record<string, string>, end: () => Promise<unknown>]> = {
      'of a token that is revoked': [bearer(reader), () => service.knex('tokens').where('name', 'of a test').update({ revoked_at: '2026-01-01 00:00:00.000000' })],
      'of a session that is signed out': [session, () => http(port, 'DELETE', '/api/session', session)],
      'of a user who is disabled': [basic('al'), () => service.knex('users').where('username', 'al').update({ disabled_at: '2026-01-01 00:00:00.000000' })]
    }
    for (const [what, [headers, end]] of Object.entries(ends)) {
      await t.test(what, async (t) => {
        const answer = await open(headers)
        await end()
        // The server ends it though nobody reads: an answer that ends by itself would wait for its reader.
        await until('it is cut off', () => isIdle(service), { stallMs: 20_000 })
        t.notOk(answer.complete)
        answer.destroy()
      })
    }
  })

  if (database.name === 'SQLite') continue

  t.test(`a database that stalls, on ${database.name}`, async (t) => {
    const options = await database.createMigrated(t)
    if ('file' in options) throw new Error('this test is about a server')
    const proxy = await Proxy.start(t, options.port!)
    const near = await startService(t, database, { database: options })
    const start = (timeout: string) => startService(t, database, { database: { ...options, host: proxy.host, port: proxy.port }, settings: { LOGGER_DB_TIMEOUT: timeout } })
    const [patient, hasty] = [await start('60000'), await start('1000')]
    await createUser(near, 'al')
    const token = await createToken(near, 'al', ['read', 'write'])
    const who = (port: number, headers: Record<string, string>) => http(port, 'GET', '/api/session', headers)

    await t.test('is waited for as long as the settings say', async (t) => {
      await proxy.setMode('hang')
      const answers = [who(patient.port, bearer(token)), who(patient.port, basic('al')), post(patient.port, '/api/session', { user: 'al', password: 'password' })]
      await delay(4000)
      await proxy.setMode('pass')
      for (const { status, body } of await Promise.all(answers)) t.equal(status, 200, body)
    })

    await t.test('is away past that, for every route of the account', async (t) => {
      const known = basic('al')
      t.equal((await who(hasty.port, known)).status, 200)
      for (const mode of ['hang', 'refuse'] as const) {
        await proxy.setMode(mode)
        const requests = [
          ['GET', '/api/session', bearer(`lb_${mode}`), undefined],
          ['POST', '/api/session', {}, { user: 'stranger', password: 'x' }],
          ['GET', '/api/tokens', known, undefined],
          ['POST', '/api/tokens', known, { name: 'x', scopes: ['read'] }],
          ['DELETE', '/api/tokens/1', known, undefined],
          ['GET', '/api/logs', known, undefined]
        ] as const
        await Promise.all(requests.map(async ([method, path, headers, body]) => {
          const { status, headers: given } = await http(hasty.port, method, path, { ...headers, ...body && { 'content-type': 'application/json' } }, body && JSON.stringify(body))
          t.equal(status, 503, `${mode} ${method} ${path}`)
          t.match(given['retry-after'], /^\d+$/)
        }))
        await proxy.setMode('pass')
        await until('it is back', async () => (await http(hasty.port, 'GET', '/api/tokens', known)).status === 200)
      }
    })

    await t.test('a user or token made through one instance is known to the other at once', async (t) => {
      const made = await createToken(near, 'al', ['read'])
      t.equal((await who(patient.port, bearer(made))).status, 200)
      t.equal((await who(patient.port, basic('bo'))).status, 401)
      await createUser(near, 'bo')
      t.equal((await who(patient.port, basic('bo'))).status, 200)
      t.equal((await send(patient, 'bo', await createUser(near, 'bo'), [log()])).status, 200)
    })
  })
}
