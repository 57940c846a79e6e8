import { readFileSync } from 'node:fs'
import { Agent } from 'node:http'
import t, { type Test } from 'tap'
import { hashCredential } from '../../../src/authenticate/credential.ts'
import { contractToken } from '../../../src/authenticate/token.ts'
import { usersOf } from '../../../src/store/users.ts'
import { databases } from '../../helpers/databases.ts'
import { http, post, type Answer } from '../../helpers/http.ts'
import { apiKey, body, count, createUser, log, send, startService, stored } from '../../helpers/service.ts'

const json = 'application/json; charset=utf-8'

/** Fails unless the answer is the contract's for this status, to the byte. */
function isAnswer (t: Test, answer: Answer, status: number, message: string): void {
  t.equal(answer.status, status, answer.headers['x-error-detail'] as string)
  t.equal(answer.body, `{"code":${status},"message":"${message}"}`)
  t.equal(answer.headers['content-type'], json)
}

const done = 'Logs added successfully'

for (const database of databases) {
  t.test(`POST /send_logs on ${database.name}`, async (t) => {
    const service = await startService(t, database)
    const token = await createUser(service, 'denis')
    t.afterEach(() => service.knex('user_logs').delete())

    await t.test('stores the logs before it answers 200', async (t) => {
      const answer = await send(service, 'denis', token, [log()])
      isAnswer(t, answer, 200, done)
      const [row] = await stored(service.knex)
      const user = await usersOf(service.knex).find('denis')
      t.match(row, {
        user_id: user!.id,
        p_name: 'process name',
        p_description: 'description',
        log_level: 'error',
        log_msg: 'log message',
        log_event_at: '2020-05-05 12:22:22.000000',
        post_time: '2020-05-05 12:22:23.000000',
        attributes: null
      })
      t.equal(Number(row!.pid), 1)
    })

    const { data } = body('denis', [log()])
    const without = (field: string) => ({ data: { ...data, [field]: undefined } })
    const withData = (differences: Record<string, unknown>) => ({ data: { ...data, ...differences } })
    const withLog = (differences: Record<string, unknown>) => ({ data: { ...data, logs: [log(), log(differences), log()] } })
    const refused: Record<string, [body: unknown, detail: string]> = {
      'an empty body': ['', 'body must be JSON'],
      'a body that is no JSON': ['{"data": ', 'body must be JSON'],
      'a body that is no object': [[], 'body must be an object'],
      'invalid UTF-8': [Buffer.concat([Buffer.from('{"data":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]), 'body must be UTF-8'],
      'a body nested 100,000 deep': ['['.repeat(100_000), 'body must not be nested deeper than 1000 levels'],
      'a message nested 2,000 deep': [JSON.stringify(body('denis', [log({ msg: 0 })])).replace('"msg":0', `"msg":${'['.repeat(2000)}${']'.repeat(2000)}`), 'body must not be nested deeper than 1000 levels'],
      'a field __proto__': ['{"data":{"__proto__":{"user":"denis"}}}', 'body must not have __proto__ or constructor.prototype as a field'],
      'no data': [{}, 'data is missing'],
      'data that is no object': [{ data: 1 }, 'data must be an object'],
      'no user': [without('user'), 'data.user is missing'],
      'a user of two words': [withData({ user: 'two words' }), 'data.user must be one word of 1 to 100 characters'],
      'an empty user': [withData({ user: '' }), 'data.user must be one word of 1 to 100 characters'],
      'a user of 101 characters': [withData({ user: 'x'.repeat(101) }), 'data.user must be one word of 1 to 100 characters'],
      'a user that is a number': [withData({ user: 1 }), 'data.user must be one word of 1 to 100 characters'],
      'no pid': [without('pid'), 'data.pid is missing'],
      'a negative pid': [withData({ pid: -1 }), 'data.pid must be a whole number, 0 or more'],
      'a pid of 1.5': [withData({ pid: 1.5 }), 'data.pid must be a whole number, 0 or more'],
      'a pid in a string': [withData({ pid: '1' }), 'data.pid must be a whole number, 0 or more'],
      'a huge pid': [JSON.stringify(body('denis', [])).replace('"pid":1', '"pid":1e400'), 'data.pid must be a whole number, 0 or more'],
      'no p_name': [without('p_name'), 'data.p_name is missing'],
      'a blank p_name': [withData({ p_name: ' \t' }), 'data.p_name must be a string that is not blank'],
      'no post_time': [without('post_time'), 'data.post_time is missing'],
      'a post_time that is no time': [withData({ post_time: 'yesterday' }), 'data.post_time must be an ISO 8601 date and time in the years 1000 to 9999'],
      'a post_time without a time': [withData({ post_time: '2020-05-05' }), 'data.post_time must be an ISO 8601 date and time in the years 1000 to 9999'],
      'no logs': [without('logs'), 'data.logs is missing'],
      'logs that are no array': [withData({ logs: {} }), 'data.logs must be an array of logs, which may be empty'],
      'a log that is no object': [withData({ logs: [log(), 'text'] }), 'data.logs[1] must be an object; fields beside these are kept as attributes'],
      'a log without level': [withLog({ level: undefined }), 'data.logs[1].level is missing'],
      'an unknown level': [withLog({ level: 'loud' }), 'data.logs[1].level must be a level (debug, info, warning, error, critical) or a whole number from 0 to 100'],
      'a level of 101': [withLog({ level: 101 }), 'data.logs[1].level must be a level (debug, info, warning, error, critical) or a whole number from 0 to 100'],
      'a level of 30.5': [withLog({ level: 30.5 }), 'data.logs[1].level must be a level (debug, info, warning, error, critical) or a whole number from 0 to 100'],
      'a level of true': [withLog({ level: true }), 'data.logs[1].level must be a level (debug, info, warning, error, critical) or a whole number from 0 to 100'],
      'a log without msg': [withLog({ msg: undefined }), 'data.logs[1].msg is missing'],
      'a log without event_at': [withLog({ event_at: undefined }), 'data.logs[1].event_at is missing'],
      'an event_at on 30 February': [withLog({ event_at: '2020-02-30T00:00:00Z' }), 'data.logs[1].event_at must be an ISO 8601 date and time in the years 1000 to 9999'],
      'an event_at that is a number': [withLog({ event_at: 1588681342 }), 'data.logs[1].event_at must be an ISO 8601 date and time in the years 1000 to 9999'],
      'a log without p_description': [withLog({ p_description: undefined }), 'data.logs[1].p_description is missing'],
      'a p_description that is null': [withLog({ p_description: null }), 'data.logs[1].p_description must be a string, which may be empty']
    }
    for (const [what, [body, detail]] of Object.entries(refused)) {
      await t.test(`answers 400 to ${what}, says so, and stores nothing`, async (t) => {
        for (const credential of [token, 'f'.repeat(32)]) {
          const answer = await post(service.port, '/send_logs', body as object, { 'x-user-token': credential })
          isAnswer(t, answer, 400, 'BadRequest')
          t.equal(answer.headers['x-error-detail'], detail)
        }
        t.equal(await count(service.knex), 0)
      })
    }

    const badHeaders: Record<string, Record<string, string>> = {
      'no token': {},
      'an empty token': { 'x-user-token': '' },
      'a token of 31 characters': { 'x-user-token': token.slice(1) },
      'a token of 33 characters': { 'x-user-token': `${token}0` },
      'another content type': { 'x-user-token': token, 'content-type': 'text/plain' }
    }
    for (const [what, headers] of Object.entries(badHeaders)) {
      await t.test(`answers 400 to ${what} and stores nothing`, async (t) => {
        const answer = await post(service.port, '/send_logs', body('denis', [log()]), headers)
        isAnswer(t, answer, 400, 'BadRequest')
        t.equal(await count(service.knex), 0)
      })
    }
    await t.test('answers 400 to a body without any content type', async (t) => {
      isAnswer(t, await http(service.port, 'POST', '/send_logs', { 'x-user-token': token }, JSON.stringify(body('denis', [log()]))), 400, 'BadRequest')
    })

    await t.test('takes JSON under a content type with parameters, in any case', async (t) => {
      for (const type of ['application/json;charset=utf-8', 'application/json; charset=UTF-8', 'Application/JSON']) {
        isAnswer(t, await post(service.port, '/send_logs', body('denis', [log()]), { 'x-user-token': token, 'content-type': type }), 200, done)
      }
    })

    await t.test('answers 403 to a well-formed token that is not the user\'s, to another\'s, and to an unknown user', async (t) => {
      const others = await createUser(service, 'other')
      for (const [user, credential] of [['denis', '0'.repeat(32)], ['denis', others], ['nobody', token], ['Denis', token]] as const) {
        const answer = await send(service, user, credential, [log()])
        isAnswer(t, answer, 403, 'Forbidden')
        t.equal(answer.headers['x-error-detail'], 'Forbidden')
      }
      t.equal(await count(service.knex), 0)
    })

    await t.test('tells upper from lower case in users', async (t) => {
      const upper = await createUser(service, 'DENIS', 'password')
      isAnswer(t, await send(service, 'DENIS', upper, [log()]), 200, done)
      const [row] = await stored(service.knex)
      t.equal(row!.user_id, (await usersOf(service.knex).find('DENIS'))!.id)
    })

    await t.test('takes no logs at all', async (t) => {
      isAnswer(t, await send(service, 'denis', token, []), 200, done)
      t.equal(await count(service.knex), 0)
    })

    await t.test('takes 5,000 logs of one instant and keeps their order', async (t) => {
      const messages = Array.from({ length: 5000 }, (_, index) => `message ${index}`)
      isAnswer(t, await send(service, 'denis', token, messages.map((msg) => log({ msg }))), 200, done)
      isAnswer(t, await send(service, 'denis', token, [log({ msg: 'later' })]), 200, done)
      t.same((await stored(service.knex)).map((row) => row.log_msg), [...messages, 'later'])
    })

    await t.test('stores times in UTC, to the microsecond', async (t) => {
      const times = {
        '2020-05-05T12:22:22+00:00': '2020-05-05 12:22:22.000000',
        '2020-05-05T12:22:22': '2020-05-05 12:22:22.000000',
        '2020-05-05 12:22:22Z': '2020-05-05 12:22:22.000000',
        '2020-05-05T12:22:22.123456789+05:30': '2020-05-05 06:52:22.123456',
        '2019-12-31T23:30:00.5-01:00': '2020-01-01 00:30:00.500000'
      }
      for (const [sent, kept] of Object.entries(times)) {
        await send(service, 'denis', token, [log({ event_at: sent })], { post_time: sent })
        const [row] = await stored(service.knex)
        t.match(row, { log_event_at: kept, post_time: kept })
        await service.knex('user_logs').delete()
      }
    })

    await t.test('stores messages whole', async (t) => {
      const messages = ['', ' ', 'x'.repeat(1_000_000), 'Привет, 世界 👋🏽', 'quote \' " ` \\ % _ ?', 'line\r\nline\tnull\u0000end', '\u2028', '? ?? :name $1']
      isAnswer(t, await send(service, 'denis', token, messages.map((msg) => log({ msg }))), 200, done)
      t.same((await stored(service.knex)).map((row) => row.log_msg), messages)
    })

    await t.test('stores a message that is no string as its JSON text', async (t) => {
      const messages = ['{"a":1}', '[1,"two",null]', '17', 'true', 'null', '12345678901234567890', 'NaN', '-Infinity']
      const sent = JSON.stringify(body('denis', messages.map((_, index) => log({ msg: `<${index}>` }))))
      await post(service.port, '/send_logs', sent.replaceAll(/"<(\d)>"/g, (_, index) => messages[index]!), { 'x-user-token': token })
      t.same((await stored(service.knex)).map((row) => row.log_msg), messages)
    })

    await t.test('keeps unknown fields of a log as attributes', async (t) => {
      const others = { trace_id: 'abc', count: 3, nested: { a: [1, 'ü'] }, 'p.q': null, pid: 7 }
      await send(service, 'denis', token, [log(others)])
      const [row] = await stored(service.knex)
      t.same(typeof row!.attributes === 'string' ? JSON.parse(row!.attributes) : row!.attributes, others)
    })

    await t.test('takes the levels of the contract', async (t) => {
      const levels: Array<[sent: unknown, kept: string]> = [
        ['debug', 'debug'], ['INFO', 'info'], ['Warning', 'warning'], ['error', 'error'], ['critical', 'critical'],
        ['warn', 'warning'], ['fatal', 'critical'], ['trace', 'debug'],
        [10, 'debug'], [20, 'info'], [30, 'warning'], [40, 'error'], [50, 'critical'],
        [0, 'debug'], [9, 'debug'], [35, 'warning'], [49, 'error'], [100, 'critical']
      ]
      isAnswer(t, await send(service, 'denis', token, levels.map(([level]) => log({ level }))), 200, done)
      t.same((await stored(service.knex)).map((row) => row.log_level), levels.map(([, kept]) => kept))
    })

    await t.test('answers 413 to a body over the limit, and stores nothing', async (t) => {
      const answer = await send(service, 'denis', token, [log({ msg: 'x'.repeat(8 * 1024 * 1024) })])
      isAnswer(t, answer, 413, 'PayloadTooLarge')
      t.equal(await count(service.knex), 0)
    })

    await t.test('takes a message of nearly the limit, all of it quotes', async (t) => {
      const msg = "'".repeat(8 * 1024 * 1024 - 1000)
      isAnswer(t, await send(service, 'denis', token, [log({ msg })]), 200, done)
      const [row] = await stored(service.knex)
      t.ok(row!.log_msg === msg)
    })

    await t.test('answers 405 to another method', async (t) => {
      for (const method of ['GET', 'PUT', 'DELETE']) {
        const answer = await http(service.port, method, '/send_logs')
        isAnswer(t, answer, 405, 'MethodNotAllowed')
        t.equal(answer.headers.allow, 'POST')
      }
    })
  })

  t.test(`the Python client on ${database.name}`, async (t) => {
    const service = await startService(t, database)
    const requests: Array<{ method: string, url: string, headers: Record<string, string>, body: string }> =
      JSON.parse(readFileSync(new URL('../../fixtures/loggerbot-python.json', import.meta.url), 'utf8'))
    const credential = await hashCredential(requests[0]!.headers['x-user-token']!)
    await usersOf(service.knex).insert({ name: 'denis', credential }, { by: { name: 'test' }, action: 'user.add', detail: {} })

    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    t.teardown(() => agent.destroy())
    for (const { method, url, headers, body } of requests) {
      await t.test(`gets 200 for ${method} ${url} of ${headers['content-length']} bytes`, async (t) => {
        isAnswer(t, await http(service.port, method, url, headers, body, agent), 200, done)
      })
    }
    await t.test('finds its logs stored in the order sent', async (t) => {
      const first = (await stored(service.knex)).filter((row) => row.log_event_at === '2026-11-23 05:21:56.000000')
      t.same(first.map((row) => [row.log_level, row.log_msg]), [
        ['error', 'Hello World'],
        ['warning', 'uni ünïcode Привет'],
        ['critical', 'with args %s %d'],
        ['error', '{"a":1}'],
        ['error', 'multi\nline'],
        ['warning', 'custom level']
      ])
    })
  })

  t.test(`POST /create_user on ${database.name}`, async (t) => {
    const service = await startService(t, database)
    const create = (body: unknown, headers: Record<string, string> = { 'x-api-key': apiKey }) => post(service.port, '/create_user', body, headers)
    const anna = { user: 'anna', password: 'secret', tel_id: '42' }

    await t.test('lets the user send logs with md5(user + password)', async (t) => {
      isAnswer(t, await create(anna), 200, done)
      isAnswer(t, await send(service, 'anna', contractToken('anna', 'secret'), [log()]), 200, done)
      t.match(await usersOf(service.knex).find('anna'), { name: 'anna', telId: '42', disabled: false })
    })

    await t.test('answers 200 to the same call again, and changes nothing', async (t) => {
      const before = await service.knex('users')
      isAnswer(t, await create(anna), 200, done)
      t.same(await service.knex('users'), before)
    })

    await t.test('answers 409 to another password or tel_id, and changes nothing', async (t) => {
      const before = await service.knex('users')
      for (const difference of [{ password: 'other' }, { tel_id: '43' }]) {
        isAnswer(t, await create({ ...anna, ...difference }), 409, 'Conflict')
      }
      t.same(await service.knex('users'), before)
    })

    await t.test('makes one user of many calls at once', async (t) => {
      const answers = await Promise.all(Array.from({ length: 8 }, () => create({ ...anna, user: 'many' })))
      for (const answer of answers) isAnswer(t, answer, 200, done)
      const [row] = await service.knex('users').where('username', 'many').count({ count: '*' })
      t.equal(Number(row!.count), 1)
    })

    await t.test('stores neither the password nor the token', async (t) => {
      const everything = JSON.stringify(await service.knex('users'))
      t.notMatch(everything, 'secret')
      t.notMatch(everything, contractToken('anna', 'secret'))
      t.match(everything, /scrypt\$N=\d+/)
    })

    const refused: Record<string, [body: unknown, headers: Record<string, string>, status: number, message: string, detail: string]> = {
      'no key': [anna, {}, 400, 'BadRequest', 'header X-Api-Key is missing'],
      'a wrong key': [anna, { 'x-api-key': 'wrong' }, 403, 'Forbidden', 'Forbidden'],
      'a wrong key and a bad body': [{ ...anna, user: 'a b' }, { 'x-api-key': 'wrong' }, 400, 'BadRequest', 'user must be one word of 1 to 100 characters'],
      'no password': [{ ...anna, password: undefined }, { 'x-api-key': apiKey }, 400, 'BadRequest', 'password is missing'],
      'a tel_id that is a number': [{ ...anna, tel_id: 1 }, { 'x-api-key': apiKey }, 400, 'BadRequest', 'tel_id must be one word of 1 to 100 characters'],
      'a user with a lone surrogate': ['{"user":"\\ud800","password":"x","tel_id":"1"}', { 'x-api-key': apiKey }, 400, 'BadRequest', 'user must be one word of 1 to 100 characters'],
      'no JSON': ['user=anna', { 'x-api-key': apiKey, 'content-type': 'application/x-www-form-urlencoded' }, 400, 'BadRequest', 'Unsupported Media Type']
    }
    for (const [what, [body, headers, status, message, detail]] of Object.entries(refused)) {
      await t.test(`answers ${status} to ${what}`, async (t) => {
        const before = await service.knex('users')
        const answer = await create(body, headers)
        isAnswer(t, answer, status, message)
        t.equal(answer.headers['x-error-detail'], detail)
        t.same(await service.knex('users'), before)
      })
    }

    await t.test('answers 403 to everything while there is no API key', async (t) => {
      const closed = await startService(t, database, { database: service.options, settings: { LOGGER_API_KEY: '' } })
      for (const headers of [{}, { 'x-api-key': '' }, { 'x-api-key': apiKey }] as Array<Record<string, string>>) {
        isAnswer(t, await post(closed.port, '/create_user', { ...anna, user: 'eve' }, headers), 403, 'Forbidden')
      }
    })
  })

  t.test(`failed tries on ${database.name}`, async (t) => {
    const service = await startService(t, database)
    const token = await createUser(service, 'denis')

    await t.test('are 429 after ten in a minute, while who was let in before goes on', async (t) => {
      isAnswer(t, await send(service, 'denis', token, [log()]), 200, done)
      for (let i = 0; i < 10; i++) isAnswer(t, await send(service, 'denis', `${i}`.padStart(32, '0'), [log()]), 403, 'Forbidden')
      const answer = await send(service, 'denis', 'f'.repeat(32), [log()])
      isAnswer(t, answer, 429, 'TooManyRequests')
      const retryAfter = Number(answer.headers['retry-after'])
      t.ok(retryAfter > 0 && retryAfter <= 60)
      isAnswer(t, await send(service, 'denis', token, [log()]), 200, done)
      t.equal(await count(service.knex), 2)
    })

    await t.test('are 429 for the API key, too', async (t) => {
      for (let i = 0; i < 10; i++) isAnswer(t, await post(service.port, '/create_user', { user: 'x', password: 'x', tel_id: 'x' }, { 'x-api-key': `wrong ${i}` }), 403, 'Forbidden')
      isAnswer(t, await post(service.port, '/create_user', { user: 'x', password: 'x', tel_id: 'x' }, { 'x-api-key': 'wrong' }), 429, 'TooManyRequests')
    })
  })
}
