import { isDeepStrictEqual } from 'node:util'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import { decodeAgain } from '../../../src/decode/replay.ts'
import { decodeDatadog, decodeDatadogText } from '../../../src/decode/datadog.ts'
import type { LogRecord } from '../../../src/model/record.ts'
import { databases } from '../../helpers/databases.ts'
import { attributes, decoded, piecesOf, survives } from '../../helpers/fuzz.ts'
import { http, post } from '../../helpers/http.ts'
import { arrived, count, createToken, createUser, startService } from '../../helpers/service.ts'

const arrival = '2026-01-01 00:00:00.000000'
const decode = (body: Buffer) => decodeDatadog(body, arrival)
/** As datadog-api-client sends it. */
const captured = '[{"ddsource":"nodejs","ddtags":"env:dev","hostname":"h","message":"hello","service":"shop","user":"7"}]'

t.test('a log of Datadog', async (t) => {
  const examples: Record<string, [log: string, record: Partial<LogRecord>]> = {
    'as the client sends it': [captured, { message: 'hello', processName: 'shop', severity: 'info', eventAt: arrival, attributes: { ddsource: 'nodejs', hostname: 'h', user: '7', ddtags: { env: 'dev' } } }],
    'with JSON in the message': ['{"message":"{\\"a\\": 1}"}', { message: '{"a": 1}', attributes: { a: 1 } }],
    'with a log in the message': ['{"service":"shop","status":"info","message":"{\\"level\\":\\"ERROR\\",\\"msg\\":\\"boom\\",\\"name\\":\\"other\\",\\"n\\":1}"}', { message: 'boom', severity: 'error', processName: 'shop', attributes: { name: 'other', n: 1 } }],
    'with a time that can\'t be right': ['{"message":"x","timestamp":35}', { eventAt: arrival, attributes: { timestamp: 35 } }],
    'with tags of every kind': ['{"message":"x","ddtags":"env:dev, url:http://a ,flag,team:a,team:b,:odd"}', { attributes: { ddtags: { env: 'dev', url: 'http://a', flag: true, team: ['a', 'b'], ':odd': true } } }],
    'with tags that are no text': ['{"message":"x","ddtags":["env:dev"]}', { attributes: { ddtags: ['env:dev'] } }],
    'without a service': ['{"message":"x","ddsource":"nginx"}', { processName: 'nginx', attributes: { ddsource: 'nginx' } }],
    'with milliseconds': ['{"message":"x","timestamp":1714557600123}', { eventAt: '2024-05-01 10:00:00.123000' }],
    'with a date': ['{"message":"x","date":"2024-05-01T10:00:00.123Z"}', { eventAt: '2024-05-01 10:00:00.123000' }],
    'with the names of a tracer': ['{"message":"x","level":"warn","logger":{"name":"orders"},"dd":{"trace_id":"123"}}', { severity: 'warning', processName: 'orders', description: 'orders', attributes: { dd: { trace_id: '123' } } }],
    'with a logger beside its service': ['{"message":"x","service":"shop","logger":{"name":"orders","thread_name":"main"}}', { processName: 'shop', description: 'orders', attributes: { logger: { thread_name: 'main' } } }],
    'with the name of a logger': ['{"message":"x","service":"shop","logger_name":"orders"}', { processName: 'shop', description: 'orders', attributes: null }],
    'with a status of HTTP': ['{"message":"x","status":500}', { severity: 'info', attributes: { status: 500 } }],
    'with a status of HTTP beside a level': ['{"message":"x","status":"404","level":"warn"}', { severity: 'warning', attributes: { status: '404' } }]
  }
  for (const [what, [log, record]] of Object.entries(examples)) {
    await t.test(`${what} becomes a log of ours`, async (t) => t.strictSame(Object.entries(record), Object.keys(record).map((name) => [name, (decoded(decode, log)[0] as any)[name]])))
  }

  await t.test('has the severity of its status', async (t) => {
    const statuses = { emergency: 'critical', Alert: 'critical', critical: 'critical', fatal: 'critical', error: 'error', err: 'error', WARN: 'warning', warning: 'warning', notice: 'info', info: 'info', OK: 'info', success: 'info', debug: 'debug', trace: 'debug', 0: 'critical', 3: 'error', 7: 'debug' }
    for (const [status, severity] of Object.entries(statuses)) {
      t.match(decoded(decode, JSON.stringify({ message: 'x', status })), [{ severity, attributes: null }], status)
    }
  })

  await t.test('is a line of a text, unless the text or the line is JSON', async (t) => {
    const messages = (body: string | Buffer) => piecesOf(decodeDatadogText(Buffer.from(body as string), arrival)).map((piece) => 'message' in piece ? piece.message : piece.reason)
    const apache = ['[Fri Nov 20 09:15:44 2026] [notice] workerEnv.init() ok /etc/httpd/conf/workers2.properties', '[Fri Nov 20 09:15:46 2026] [error] [client 192.0.2.9] Directory index forbidden']
    t.strictSame(messages(`${apache.join('\r\n')}\n`), apache)
    t.strictSame(messages('{not json} but a line\nsecond line\n'), ['{not json} but a line', 'second line'])
    t.strictSame(messages('{"message":"a"}\nplain\n[{"message":"b"},{"message":"c"}]\n[1,2]\n'), ['a', 'plain', 'b', 'c', '[1,2]'])
    t.strictSame(messages(JSON.stringify([{ message: 'a' }, { message: 'b' }], null, 2)), ['a', 'b'])
    t.strictSame(messages('{"message":"a"}\n{"message":"b"}'), ['a', 'b'], 'as browsers send it')
    t.strictSame(messages(Buffer.from('[Größe]\nGröße', 'latin1')), ['[Größe]', 'Größe'])
  })

  await t.test('is none where an agent only asks', async (t) => {
    for (const body of ['', '{}', ' { }\n', '[]']) t.strictSame(decoded(decode, body), [])
    t.match(decodeAgain({ source: 'datadog', record: captured, recordSha256: null, createdAt: arrival }), [{ message: 'hello' }])
  })

  await t.test('may be anything', async (t) => {
    survives(t, decode, [captured, '[{"message":"a","ddtags":"a:b,a:c,d,__proto__:x","timestamp":1714557600123,"status":"warn"}]'])
    survives(t, (body) => decodeDatadogText(body, arrival, { ddtags: 'a:b' }), [captured, 'a\nb\n'])
  })

  await t.test('keeps every attribute, typed', async () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), attributes, (message, attributes) => {
      const [record] = decoded(decode, JSON.stringify([{ message, ...attributes }])) as LogRecord[]
      return (record!.message === message || message === '') && isDeepStrictEqual(record!.attributes ?? {}, attributes)
    }))
  })
})

for (const database of databases) {
  t.test(`Datadog's intake on ${database.name}`, async (t) => {
    const service = await startService(t, database, { settings: { LOGGER_BODY_LIMIT: '100000' } })
    await createUser(service, 'alice')
    const token = await createToken(service, 'alice')
    const { port, knex } = service
    const key = { 'dd-api-key': token }
    const send = (body: string | Buffer, path = '/api/v2/logs', headers: Record<string, string> = key) => post(port, path, body, headers)
    t.beforeEach(() => knex('user_logs').delete())

    const ways: Array<[path: string, headers: Record<string, string>, status: number]> = [
      ['/api/v2/logs', key, 202], [`/api/v2/logs?dd-api-key=${token}`, {}, 202], ['/v1/input', key, 200], [`/v1/input/${token}`, {}, 200]
    ]
    for (const [path, headers, status] of ways) {
      await t.test(`POST ${path.replace(token, 'TOKEN')} is ${status}, packed or not`, async (t) => {
        t.match(await send(captured, path, headers), { status, body: '{}' })
        t.match(await send(gzipSync(captured), path, { ...headers, 'content-encoding': 'gzip' }), { status, body: '{}' })
        t.match(await arrived(knex), Array(2).fill({ message: 'hello', process: 'shop', attributes: { ddsource: 'nodejs', ddtags: { env: 'dev' }, hostname: 'h', user: '7' } }))
      })
    }

    await t.test('what the URL says holds for logs that do not, and for lines', async (t) => {
      const path = '/api/v2/logs?ddtags=team:a,env:prod&service=theirs&ddsource=curl'
      t.match(await send(captured, path), { status: 202 })
      t.match(await send('one\ntwo\n', path, { ...key, 'content-type': 'text/plain' }), { status: 202 })
      t.match(await arrived(knex), [
        { message: 'hello', process: 'shop', attributes: { ddsource: 'nodejs', ddtags: { env: ['dev', 'prod'], team: 'a' } } },
        { message: 'one', process: 'theirs', attributes: { ddsource: 'curl', ddtags: { env: 'prod', team: 'a' } } },
        { message: 'two' }
      ])
    })

    await t.test('a key is told whether it is good', async (t) => {
      t.match(await http(port, 'GET', '/api/v1/validate', key), { status: 200, body: '{"valid":true}' })
      t.match(await http(port, 'GET', '/api/v1/validate', { 'dd-api-key': 'wrong' }), { status: 403, body: '{"errors":["Forbidden"]}' })
    })

    await t.test('a bad log costs only itself and waits as a dead letter', async (t) => {
      t.match(await send('[{"message":"a"},7,{"message":"b"}]'), { status: 202, body: '{}', headers: { 'x-error-detail': '1 of 3 logs can\'t be used; the first is log 1: a log must be a JSON object' } })
      t.equal(await count(knex), 2)
      t.match(await knex('dead_letters'), [{ source: 'datadog', record: '7' }])
    })

    await t.test('an agent that only asks is answered, and nothing is stored', async (t) => {
      for (const body of ['', '{}']) t.match(await send(body), { status: 202, body: '{}' })
      t.equal(await count(knex), 0)
    })

    const read = await createToken(service, 'alice', ['read'])
    const refusals: Record<string, [body: string, headers: Record<string, string>, status: number]> = {
      'no key': [captured, {}, 401],
      'a wrong key': [captured, { 'dd-api-key': 'wrong' }, 403],
      'a token that may not write': [captured, { 'dd-api-key': read }, 403],
      'a broken body': ['[{"message":', key, 400],
      'a body that is too large': [`[{"message":"${'x'.repeat(100_000)}"}]`, key, 413]
    }
    for (const [what, [body, headers, status]] of Object.entries(refusals)) {
      await t.test(`${what} is refused in Datadog's forms, and nothing is stored`, async (t) => {
        const two = await send(body, undefined, headers)
        t.equal(two.status, status)
        t.match(JSON.parse(two.body), { errors: [{ status: String(status), title: String, detail: String }] })
        const one = await send(body, '/v1/input', headers)
        t.equal(one.status, status)
        t.match(JSON.parse(one.body), { code: status, message: String })
        t.equal(await count(knex), 0)
      })
    }
  })
}
