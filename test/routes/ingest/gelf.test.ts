import { isDeepStrictEqual } from 'node:util'
import { deflateSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import { decodeAgain } from '../../../src/decode/replay.ts'
import { decodeGelf } from '../../../src/decode/gelf/index.ts'
import type { LogRecord } from '../../../src/model/record.ts'
import { databases } from '../../helpers/databases.ts'
import { attributes, decoded, piecesOf, survives } from '../../helpers/fuzz.ts'
import { post } from '../../helpers/http.ts'
import { arrived, count, createToken, createUser, startService } from '../../helpers/service.ts'

const arrival = '2026-01-01 00:00:00.000000'
const decode = (body: Buffer) => decodeGelf(body, arrival)
/** As curl sent it. */
const captured = '{"version":"1.1","host":"h","short_message":"hi","level":3,"_user":7}'

t.test('a message of GELF', async (t) => {
  const examples: Record<string, [message: string, record: Partial<LogRecord>]> = {
    'as curl sends it': [captured, { message: 'hi', severity: 'error', eventAt: arrival, processName: '-', attributes: { host: 'h', user: 7 } }],
    'with all that GELF names': ['{"version":"1.1","host":"h","short_message":"hi","full_message":"hi\\nat a","timestamp":1714557600.123,"level":4,"_pid":12,"_logger":"shop"}', { eventAt: '2024-05-01 10:00:00.123000', severity: 'warning', pid: 12, processName: 'shop', description: 'shop', attributes: { host: 'h', full_message: 'hi\nat a' } }],
    'with an empty message and fields': ['{"short_message":"","host":"h","_user":7}', { message: '{"short_message":"","host":"h","user":7}', attributes: { host: 'h', user: 7 } }],
    'with a level by its name': ['{"short_message":"hi","level":"WARN"}', { severity: 'warning', attributes: null }],
    'with a time that can\'t be right': ['{"short_message":"hi","timestamp":35.5}', { eventAt: arrival, attributes: { timestamp: 35.5 } }],
    'with a logger beside its process': ['{"short_message":"hi","facility":"shop","_LoggerName":"orders"}', { processName: 'shop', description: 'orders', attributes: null }],
    'with a time and a level in text': ['{"short_message":"hi","timestamp":"1714557600.5","level":"7"}', { eventAt: '2024-05-01 10:00:00.500000', severity: 'debug', attributes: null }],
    'with the deprecated fields': ['{"short_message":"hi","facility":"shop","file":"a.js","line":7}', { processName: 'shop', attributes: { file: 'a.js', line: 7 } }],
    'with additional fields by the names of others': ['{"short_message":"hi","host":"h","_host":"other","__a":1,"_a":2,"_version":3,"___proto__":4}', { attributes: { host: 'h', _host: 'other', __a: 1, a: 2, version: 3, ___proto__: 4 } }],
    'with a full message alone': ['{"version":"1.1","full_message":"hi"}', { message: 'hi', attributes: null }]
  }
  for (const [what, [message, record]] of Object.entries(examples)) {
    await t.test(`${what} becomes a log`, async (t) => t.strictSame(Object.entries(record), Object.keys(record).map((name) => [name, (decoded(decode, message)[0] as any)[name]])))
  }

  await t.test('without a message is rejected', async (t) => {
    for (const message of ['{"host":"h"}', '{"short_message":""}']) t.match(decoded(decode, message), [{ source: 'gelf', reason: /^short_message/, raw: message }])
    t.match(decodeAgain({ source: 'gelf', record: captured, recordSha256: null, createdAt: arrival }), [{ message: 'hi' }])
  })

  await t.test('stands beside others on lines, in a list, or in a row', async (t) => {
    for (const body of [`${captured}\n${captured}\n`, `[${captured},\n${captured}]`, captured + captured]) t.equal(decoded(decode, body).length, 2)
  })

  await t.test('is read as Graylog reads near-JSON', async (t) => {
    const hi = { message: 'hi', attributes: { host: 'h' } }
    const read: Record<string, object[]> = {
      '{"short_message":"hi","host":"h",}': [hi],
      '{"short_message":"hi","host":"h" , }\n{"short_message":"hi","host":"h",\n}': [hi, hi],
      '[{"short_message":"hi","host":"h",},]': [hi],
      '{"short_message":"a","_list":[1,2,],"_inner":{"b":",}",},}': [{ message: 'a', attributes: { list: [1, 2], inner: { b: ',}' } } }],
      '{"short_message":"a\tb \x1b[31mred"}': [{ message: 'a\tb \x1b[31mred' }],
      '{"version":"1.1","short_message":"it failed","full_message":"it failed\n  at a \\"b\\"\r\n\n  at c","_user":7,}': [{ message: 'it failed', attributes: { full_message: 'it failed\n  at a "b"\r\n\n  at c', user: 7 } }],
      '{"short_message":"hi","host":"h"}\0': [hi]
    }
    for (const [body, records] of Object.entries(read)) t.match(decoded(decode, body), records, body)
    t.match(piecesOf(decode(Buffer.from('{"short_message":"Größe",}', 'latin1'))), [{ message: 'Größe' }])

    for (const refused of ['{,}', '{"short_message":"a",,}', '{"short_message":"a","_list":[,]}', '{"short_message":,}', "{'short_message':'a'}", '{short_message:"a"}', '{"short_message":"a" "b":1}', '{"short_message":"\\x41"}', '{"short_message":"a"']) {
      t.match(decoded(decode, refused), [{ source: 'gelf', reason: /^body must be JSON/, raw: refused }], refused)
    }
    t.match(decoded(decode, '{"host":"h",}'), [{ reason: /^short_message/, raw: '{"host":"h",}' }], 'the bytes are kept as they came')
    t.match(decoded(decode, '{"short_message":"cut he\n{"short_message":"whole"}'), [{ raw: '{"short_message":"cut he' }, { message: 'whole' }])
  })

  await t.test('may be anything', async (t) => survives(t, decode, [captured, captured.replace('}', ',}').replace('hi', 'h\n\ti'), `[${captured},{"short_message":"a","timestamp":1714557600.123,"_b":{"c":[1]}}]`]))

  await t.test('keeps every additional field, typed', async () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), attributes, (message, attributes) => {
      const additional = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`_${name}`, value]))
      const [record] = decoded(decode, JSON.stringify({ version: '1.1', short_message: message, ...additional })) as LogRecord[]
      return record!.message === message && isDeepStrictEqual(record!.attributes ?? {}, attributes)
    }))
  })
})

for (const database of databases) {
  t.test(`GELF over HTTP on ${database.name}`, async (t) => {
    const service = await startService(t, database, { settings: { LOGGER_BODY_LIMIT: '100000' } })
    await createUser(service, 'alice')
    const bearer = { authorization: `Bearer ${await createToken(service, 'alice')}` }
    const { port, knex } = service
    const send = (body: string | Buffer, headers: Record<string, string> = bearer) => post(port, '/gelf', body, headers)
    t.beforeEach(() => knex('user_logs').delete())

    await t.test('is 202 without a body once it is stored, packed or not', async (t) => {
      t.match(await send(captured), { status: 202, body: '' })
      t.match(await send(gzipSync(captured), { ...bearer, 'content-encoding': 'gzip' }), { status: 202, body: '' })
      t.match(await send(deflateSync(captured), { ...bearer, 'content-encoding': 'deflate' }), { status: 202, body: '' })
      t.strictSame((await arrived(knex)).map(({ message, level, attributes }) => ({ message, level, attributes })), Array(3).fill({ message: 'hi', level: 'error', attributes: { host: 'h', user: 7 } }))
    })

    await t.test('is unpacked by its first byte, whatever the headers say', async (t) => {
      const ways: Array<[body: string | Buffer, headers: Record<string, string>]> = [
        [gzipSync(captured), {}], [deflateSync(captured), {}], [deflateSync(captured, { level: 1 }), { 'content-encoding': 'gzip' }],
        [gzipSync(captured), { 'content-encoding': 'deflate' }], [captured, { 'content-encoding': 'gzip' }]
      ]
      for (const [body, headers] of ways) t.match(await send(body, { ...bearer, ...headers }), { status: 202 })
      t.equal(await count(knex), ways.length)
      t.equal((await send(gzipSync(`{"short_message":"${'x'.repeat(100_000)}"}`))).status, 413)
      t.equal((await send(gzipSync(captured).subarray(0, 30))).status, 400)
    })

    await t.test('a bad message costs only itself and waits as a dead letter', async (t) => {
      t.match(await send(`${captured}\n{"host":"h"}\n${captured}`), { status: 202, body: '', headers: { 'x-error-detail': '1 of 3 logs can\'t be used; the first is log 1: short_message must be a text that is not empty' } })
      t.equal(await count(knex), 2)
      t.match(await knex('dead_letters'), [{ source: 'gelf', record: '{"host":"h"}' }])
    })

    const read = await createToken(service, 'alice', ['read'])
    const refusals: Record<string, [body: string, headers: Record<string, string>, status: number, detail: RegExp]> = {
      'no credential': [captured, {}, 401, /credential/],
      'a wrong token': [captured, { authorization: 'Bearer lb_wrong' }, 401, /credential/],
      'a token that may not write': [captured, { authorization: `Bearer ${read}` }, 403, /scope write/],
      'an empty body': ['', bearer, 400, /body must hold a log/],
      'a broken body': ['{"short_message":', bearer, 400, /1 of 1 logs can't be used; the first is log 0: body must be JSON/],
      'a body that is too large': [`{"short_message":"${'x'.repeat(100_000)}"}`, bearer, 413, /100000 bytes/]
    }
    for (const [what, [body, headers, status, detail]] of Object.entries(refusals)) {
      await t.test(`${what} is refused, and nothing is stored`, async (t) => {
        const answer = await send(body, headers)
        t.match(answer, { status })
        t.match(JSON.parse(answer.body), { code: status, detail })
        t.equal(await count(knex), 0)
      })
    }
  })
}
