import t, { type Test } from 'tap'
import { readSettings } from '../../../src/config.ts'
import { buildServer } from '../../../src/server.ts'
import { loggerbot } from '../../helpers/command.ts'
import { databases, environmentOf, type TestDatabase } from '../../helpers/databases.ts'
import { startEmbedded } from '../../helpers/embedded.ts'
import { http, post } from '../../helpers/http.ts'
import { apiKey, basic, createToken, createUser, log, send, startService, stored, type TestService } from '../../helpers/service.ts'
import { until } from '../../helpers/until.ts'

const json = { 'content-type': 'application/json' }

/** A service with the users alice and bob, and the administrator boss. */
async function startWithUsers (t: Test, database: TestDatabase, { isEmbedded = false } = {}): Promise<TestService & { env: Record<string, string> }> {
  const service = isEmbedded ? await startEmbedded(t, await database.createMigrated(t)) : await startService(t, database)
  const env = environmentOf(service.options)
  for (const name of ['alice', 'bob', 'boss']) await createUser(service, name)
  await loggerbot(['user', 'admin', 'boss', 'on'], { env })
  return { ...service, env }
}

async function get (port: number, path: string, headers: Record<string, string> = {}): Promise<any> {
  const { status, body } = await http(port, 'GET', path, headers)
  return { status, ...JSON.parse(body) }
}

async function patch (port: number, name: string, changes: object, headers: Record<string, string> = basic('boss')): Promise<any> {
  const { status, body } = await http(port, 'PATCH', `/api/users/${name}`, { ...json, ...headers }, JSON.stringify(changes))
  return { status, ...JSON.parse(body) }
}

/** The newest entries of the audit, as an administrator sees them. */
async function audit (port: number, limit: number): Promise<any[]> {
  return (await get(port, `/api/audit?limit=${limit}`, basic('boss'))).entries
}

for (const database of databases) {
  t.test(`the first user, on ${database.name}`, async (t) => {
    const options = await database.createMigrated(t)
    const codes: string[] = []
    const start = async (isAsked: boolean) => {
      const settings = await readSettings({ LOGGER_LOG_LEVEL: 'silent', LOGGER_API_KEY: apiKey, ...environmentOf(options) })
      const app = buildServer(settings, { onSetupCode: isAsked ? (code) => { codes.push(code) } : undefined })
      t.teardown(() => app.close())
      return { app, port: Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port) }
    }
    const { app, port } = await start(true)
    const closed = await start(false)
    const setup = (body: object, headers: Record<string, string> = {}) => post(port, '/api/setup', body, headers)
    const [code = ''] = codes

    t.match(code, /^[\w-]{20}$/)
    t.strictSame(await get(port, '/api/server'), { status: 200, fresh: true, setup: true })
    t.strictSame(await get(closed.port, '/api/server'), { status: 200, fresh: true, setup: false }, 'closed unless it is asked for')
    t.match(JSON.parse((await post(closed.port, '/api/setup', { code, user: 'eve', password: 'x' })).body), { code: 403, detail: /cannot be created here/ })
    t.equal((await setup({ code: '', user: 'eve', password: 'x' })).status, 403)
    t.equal((await setup({ code, user: 'eve', password: 'x' }, { origin: 'https://elsewhere.example' })).status, 403)
    t.match(JSON.parse((await setup({ code, user: 'e ve', password: 'x' })).body), { code: 400, detail: /^user must be one word/ })
    t.match(JSON.parse((await setup({ code, user: 'eve', password: 'x', admin: true })).body), { code: 400, detail: 'admin is not known here' })

    const answers = await Promise.all(['first', 'second', 'third'].map((user) => setup({ code, user, password: 'password' })))
    t.strictSame(answers.map(({ status }) => status).sort(), [201, 409, 409], 'of several at once one wins')
    const winner = JSON.parse(answers.find(({ status }) => status === 201)!.body)
    t.match(winner, { user: /^(first|second|third)$/, admin: true })
    t.match(await get(port, '/api/users', basic(winner.user)), { users: [{ name: winner.user, admin: true }] })
    t.match((await get(port, '/api/audit', basic(winner.user))).entries, [{ caller: winner.user, action: 'user.setup', address: '127.0.0.1' }])
    t.equal((await setup({ code, user: 'eve', password: 'x' })).status, 409)
    t.strictSame(await get(port, '/api/server'), { status: 200, fresh: false, setup: false })
    t.strictSame(await get(closed.port, '/api/server', basic('nobody')), { status: 200, fresh: false, setup: false }, 'strangers learn no more')

    await start(true)
    t.equal(codes.length, 1, 'there is no other code')
    await app.close()
  })

  t.test(`wrong codes are limited, on ${database.name}`, async (t) => {
    const settings = await readSettings({ LOGGER_LOG_LEVEL: 'silent', ...environmentOf(await database.createMigrated(t)) })
    const app = buildServer(settings, { onSetupCode: () => {} })
    t.teardown(() => app.close())
    const tries = await Promise.all(Array.from({ length: 11 }, () => (
      app.inject({ method: 'POST', url: '/api/setup', payload: { code: 'wrong', user: 'eve', password: 'x' } })
    )))
    t.strictSame(tries.map(({ statusCode }) => statusCode).sort(), [...Array.from({ length: 10 }, () => 403), 429])
  })

  t.test(`users, on ${database.name}`, async (t) => {
    const { port, env, options } = await startWithUsers(t, database)
    const other = await startService(t, database, { database: options })
    const boss = basic('boss')

    await t.test('are listed in pages', async (t) => {
      const first = await get(port, '/api/users?limit=2', boss)
      t.match(first, { users: [{ name: 'alice', disabled: false, admin: false, retentionDays: null, created: /Z$/ }, { name: 'bob' }], after: 'bob' })
      t.strictSame((await get(port, '/api/users?limit=2&after=bob', boss)).users.map(({ name }: any) => name), ['boss'])
      t.notMatch(JSON.stringify(first), 'scrypt')
    })

    await t.test('are created once', async (t) => {
      const carol = { name: 'carol', password: 'password', admin: true }
      const created = await post(port, '/api/users', carol, boss)
      t.equal(created.status, 201)
      t.match(JSON.parse(created.body), { name: 'carol', token: /^[0-9a-f]{32}$/ })
      t.equal((await post(port, '/api/users', carol, boss)).status, 200)
      t.match(JSON.parse((await post(port, '/api/users', { ...carol, password: 'other' }, boss)).body), { code: 409, detail: /another password/ })
      t.match(await audit(port, 1), [{ caller: 'boss', action: 'user.add', detail: { user: 'carol', admin: true }, address: '127.0.0.1' }])
      await patch(port, 'carol', { admin: false })
    })

    await t.test('are disabled and enabled on every instance', async (t) => {
      t.match(await patch(port, 'alice', { disabled: true }), { status: 200, name: 'alice', disabled: true })
      await until('alice is shut out', async () => (await get(other.port, '/api/session', basic('alice'))).status === 401)
      t.match(await patch(port, 'alice', { disabled: false, retentionDays: 7 }), { disabled: false, retentionDays: 7 })
      await until('alice is let in', async () => (await get(other.port, '/api/session', basic('alice'))).status === 200)
      t.match(await audit(port, 1), [{ action: 'user.change', detail: { user: 'alice', disabled: false, retentionDays: 7 } }])
    })

    await t.test('get a new password, which ends their sessions', async (t) => {
      const signedIn = await post(port, '/api/session', { user: 'bob', password: 'password' })
      const session = { cookie: signedIn.headers['set-cookie']![0]!.split(';')[0]! }
      t.equal((await patch(port, 'bob', { password: 'changed' })).status, 200)
      await until('the session has ended', async () => (await get(port, '/api/session', session)).status === 401)
      t.equal((await get(port, '/api/session', basic('bob', 'changed'))).status, 200)
      t.notMatch(JSON.stringify(await audit(port, 5)), 'changed"')
    })

    await t.test('never lose their last enabled administrator', async (t) => {
      for (const changes of [{ disabled: true }, { admin: false }]) {
        t.match(await patch(port, 'boss', changes), { status: 409, detail: /last enabled administrator/ })
        const args = 'admin' in changes ? ['user', 'admin', 'boss', 'off'] : ['user', 'disable', 'boss']
        t.match(await loggerbot(args, { env }), { code: 1, stderr: /last enabled administrator/ })
      }
      await patch(port, 'alice', { admin: true })
      const both = await Promise.all([patch(port, 'boss', { admin: false }), patch(other.port, 'alice', { admin: false })])
      t.strictSame(both.map(({ status }) => status).sort(), [200, 409], 'two who go at the same time do not count on each other')
      await loggerbot(['user', 'admin', 'boss', 'on'], { env })
      await patch(port, 'alice', { admin: false })
    })

    await t.test('are not changed by what breaks a rule', async (t) => {
      const refused: Array<[changes: object, detail: RegExp]> = [
        [{}, /^body must be an object with at least one field/],
        [{ disabled: 'yes' }, /^disabled must be true or false/],
        [{ retentionDays: -1 }, /^retentionDays must be days/],
        [{ password: 'two words' }, /^password must be one word/],
        [{ name: 'x' }, /^name is not known here/]
      ]
      for (const [changes, detail] of refused) t.match(await patch(port, 'alice', changes), { status: 400, detail })
      t.equal((await patch(port, 'nobody', { admin: true })).status, 404)
      t.equal((await patch(port, 'nobody', { password: 'x' })).status, 404)
      for (const path of ['/api/server', '/api/users', '/api/usage', '/api/storage', '/api/dead-letters', '/api/dead-letters/1', '/api/audit']) {
        t.match(await get(port, `${path}?x=1`, boss), { status: 400, error: { rule: 'parameter.unknown', field: 'x' } })
      }
      t.match(await get(port, '/api/users?limit=0', boss), { status: 400, error: { rule: 'parameter.minimum', field: 'limit' } })
    })

    await t.test('are changed by the command line as well, and that is audited', async (t) => {
      t.match(await loggerbot(['user', 'disable', 'alice'], { env }), { code: 0, stdout: 'user alice is disabled\n' })
      t.match(await loggerbot(['user', 'enable', 'alice'], { env }), { code: 0, stdout: 'user alice is enabled\n' })
      t.match(await audit(port, 1), [{ caller: 'command line', address: null, action: 'user.change', detail: { user: 'alice', disabled: false } }])
      const { stdout } = await loggerbot(['audit', '--lines', '1'], { env })
      t.match(JSON.parse(stdout), { caller: 'command line', action: 'user.change', detail: { user: 'alice', disabled: false } })
      t.match(await loggerbot(['audit', '--lines', 'x'], { env }), { code: 2, stderr: /--lines must be/ })
    })

    await t.test('administer nothing by a token, by the API key, or without being administrators', async (t) => {
      const callers = {
        'a token': { authorization: `Bearer ${await createToken({ port }, 'boss', ['read', 'write'])}` },
        'the API key': { 'x-api-key': apiKey },
        'another user': basic('alice')
      }
      for (const [name, headers] of Object.entries(callers)) {
        for (const path of ['/api/users', '/api/storage', '/api/audit']) t.equal((await get(port, path, headers)).status, 403, `${path} as ${name}`)
        t.equal((await post(port, '/api/users', { name: 'eve', password: 'x' }, headers)).status, 403)
        t.equal((await patch(port, 'alice', { admin: true }, headers)).status, 403)
      }
      t.equal((await patch(port, 'alice', { admin: true }, { ...boss, origin: 'https://elsewhere.example' })).status, 403)
    })
  })

  t.test(`usage and storage, on ${database.name}`, async (t) => {
    const service = await startWithUsers(t, database, { isEmbedded: true })
    const { port, app } = service
    const now = new Date()
    const at = (days: number) => new Date(now.getTime() - days * 86_400_000).toISOString()
    const { body } = await post(port, '/api/users', { name: 'dora', password: 'password' }, basic('boss'))
    const { token } = JSON.parse(body)
    await send(service, 'dora', token, [
      log({ msg: 'x'.repeat(1000), event_at: at(40) }), log({ level: 'info', event_at: at(1) }), log({ event_at: at(0) })
    ])

    await t.test('a user sees numbers, sizes, days and the end of the oldest logs', async (t) => {
      await patch(port, 'dora', { retentionDays: 60 })
      for (const path of ['/api/usage', '/api/usage?user=dora']) {
        const usage = await get(port, path, basic(path.includes('?') ? 'boss' : 'dora'))
        t.match(usage, { status: 200, user: 'dora', logs: 3, levels: { info: 1, error: 2 }, complete: true, retention: { days: 60, own: true } })
        t.ok(usage.bytes > 1000 && usage.bytes < 2000, `${usage.bytes}`)
        t.strictSame(usage.days.map(({ day }: any) => day), [at(1).slice(0, 10), at(0).slice(0, 10)])
        t.equal(usage.oldest.slice(0, 23), at(40).slice(0, 23))
        t.equal(usage.retention.next.slice(0, 10), at(-20).slice(0, 10))
      }
      await app.hourCounts.runNow()
      t.match(await get(port, '/api/usage', basic('dora')), { logs: 3, levels: { info: 1, error: 2 } }, 'the same by the hour counts')
      t.match(await get(port, '/api/usage', basic('alice')), { logs: 0, oldest: null, days: [], retention: { next: null } })
      t.equal((await get(port, '/api/usage?user=dora', basic('alice'))).status, 403)
      t.match(await get(port, '/api/usage?user=nobody', basic('boss')), { status: 400, error: { rule: 'user.unknown' } })
    })

    await t.test('an administrator sees what everything takes', async (t) => {
      const storage = await get(port, '/api/storage', basic('boss'))
      t.match(storage, {
        status: 200,
        database: { kind: database.name.toLowerCase(), version: /^\d+\.\d+/, bytes: Number },
        logs: { oldest: /Z$/, newest: /Z$/, arrived: [{ day: at(0).slice(0, 10), logs: 3 }] },
        retention: { days: 0, rows: 0 },
        hourCounts: { lagSeconds: Number },
        deadLetters: 0,
        partitions: [],
        spool: null,
        keptFiles: 0,
        warnings: []
      })
      t.ok(storage.tables.some(({ name, rows, bytes }: any) => name === 'user_logs' && rows >= 0 && bytes > 0))
      if (database.name === 'SQLite') {
        const all: string[] = await service.knex('sqlite_schema').where('type', 'table').pluck('name')
        const ours = all.filter((name) => !/^sqlite_|migrations/.test(name))
        t.strictSame(storage.tables.map(({ name }: any) => name).sort(), ours.sort(), 'all of our tables')
      }
      t.equal(storage.instances.length, database.name === 'SQLite' ? 0 : 1)
    })

    await t.test('a signed-in user gets the facts of the server', async (t) => {
      const token = await createToken(service, 'alice', ['read'])
      for (const headers of [basic('alice'), { authorization: `Bearer ${token}` }]) {
        t.match(await get(port, '/api/server', headers), { fresh: false, version: /^\d/, database: { kind: database.name.toLowerCase() }, limits: { searchMs: Number, bodyBytes: 8388608 } })
      }
    })
  })

  t.test(`dead letters, on ${database.name}`, async (t) => {
    const service = await startWithUsers(t, database)
    const { port, knex } = service
    const record = (message: string) => JSON.stringify({ level: 'info', message, time: '2026-11-01T10:00:00Z' })
    const insert = (id: number, userId: number | null, rest: object = {}) => knex('dead_letters').insert({
      id, user_id: userId, created_at: '2026-11-01 10:00:00.000000', source: 'json', record: record(`message ${id}`), record_bytes: 60, reason: 'some rule', ...rest
    })
    const idOf = async (name: string) => (await knex('users').where('username', name).first('id')).id
    const [alice, bob] = [await idOf('alice'), await idOf('bob')]
    t.beforeEach(async () => {
      await knex('user_logs').delete()
      await knex('dead_letters').delete()
      for (const id of [101, 102, 103]) await insert(id, alice)
      await insert(104, bob, { record: 'x'.repeat(5000), record_bytes: 900_000, record_sha256: 'a'.repeat(64) })
      await insert(105, null, { source: 'spool' })
    })

    await t.test('are listed for their user, and for administrators', async (t) => {
      const hers = await get(port, '/api/dead-letters?limit=2', basic('alice'))
      t.match(hers, { count: 3, after: '102', letters: [{ id: '101', user: 'alice', source: 'json', reason: 'some rule', replayable: true, created: '2026-11-01T10:00:00.000000Z' }, { id: '102' }] })
      t.strictSame((await get(port, '/api/dead-letters?after=102', basic('alice'))).letters.map(({ id }: any) => id), ['103'])
      const all = await get(port, '/api/dead-letters', basic('boss'))
      t.match(all, { count: 5, letters: [{}, {}, {}, { user: 'bob', bytes: 900_000, replayable: false }, { user: null, replayable: false }] })
      t.equal(all.letters[3].record.length, 1000)
      t.equal((await get(port, '/api/dead-letters/104', basic('bob'))).record.length, 5000)
      t.strictSame((await get(port, '/api/dead-letters?limit=0', basic('alice'))).count, 3, 'for a badge')
      t.equal((await get(port, '/api/dead-letters?after=x', basic('alice'))).status, 400)
    })

    await t.test('are replayed and deleted by their user', async (t) => {
      t.equal((await http(port, 'POST', '/api/dead-letters/101/replay', basic('alice'))).status, 204)
      t.match(await stored(knex), [{ user_id: alice, log_msg: 'message 101' }])
      t.match(await audit(port, 1), [{ caller: 'alice', action: 'dead-letter.replay', detail: { id: '101' }, logs: 1, address: '127.0.0.1' }])
      t.equal((await http(port, 'POST', '/api/dead-letters/101/replay', basic('alice'))).status, 404)
      t.match(JSON.parse((await http(port, 'POST', '/api/dead-letters/104/replay', basic('bob'))).body), { code: 409, detail: /too long to keep whole/ })
      t.equal((await http(port, 'DELETE', '/api/dead-letters/102', basic('alice'))).status, 204)
      t.match(await audit(port, 1), [{ caller: 'alice', action: 'dead-letter.delete', detail: { id: '102' } }])
      t.equal((await http(port, 'DELETE', '/api/dead-letters/102', basic('alice'))).status, 404)
    })

    await t.test('are replayed together', async (t) => {
      t.match(JSON.parse((await http(port, 'POST', '/api/dead-letters/replay', basic('bob'))).body), { stored: 0, left: 1, complete: true })
      t.match(JSON.parse((await http(port, 'POST', '/api/dead-letters/replay?after=101', basic('boss'))).body), { stored: 2, left: 2, complete: true })
      t.strictSame((await stored(knex)).map(({ log_msg: message }) => message), ['message 102', 'message 103'])
    })

    await t.test('of others are as if they did not exist', async (t) => {
      t.equal((await get(port, '/api/dead-letters/104', basic('alice'))).status, 404)
      t.equal((await http(port, 'POST', '/api/dead-letters/104/replay', basic('alice'))).status, 404)
      t.equal((await http(port, 'DELETE', '/api/dead-letters/104', basic('alice'))).status, 404)
      const reader = { authorization: `Bearer ${await createToken(service, 'alice', ['read'])}` }
      t.equal((await get(port, '/api/dead-letters', reader)).count, 3)
      t.equal((await http(port, 'POST', '/api/dead-letters/replay', reader)).status, 403)
      t.equal((await http(port, 'DELETE', '/api/dead-letters/101', reader)).status, 403)
      t.equal(Number((await knex('dead_letters').count({ count: '*' }))[0]!.count), 5)
    })
  })
}
