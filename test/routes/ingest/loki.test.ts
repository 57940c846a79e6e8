import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import snappy from 'snappyjs'
import t from 'tap'
import { decodeLoki } from '../../../src/decode/loki/index.ts'
import { parseLabels } from '../../../src/decode/loki/labels.ts'
import { encodeBytes, encodeInteger } from '../../../src/decode/protobuf.ts'
import type { LogRecord } from '../../../src/model/record.ts'
import { loggerbot } from '../../helpers/command.ts'
import { databases, environmentOf } from '../../helpers/databases.ts'
import { growsLinearly } from '../../helpers/growth.ts'
import { http, post } from '../../helpers/http.ts'
import { mutated } from '../../helpers/mutated.ts'
import { arrived, count, createToken, createUser, startService } from '../../helpers/service.ts'

/** What pino-loki and winston-loki sent, the last of them packed by snappy. */
const captured: { pino: string, winston: string, protobuf: string } = JSON.parse(readFileSync(new URL('../../fixtures/loki.json', import.meta.url), 'utf8'))
const packed = Buffer.from(captured.protobuf, 'base64')
const unpacked = Buffer.from(snappy.uncompress(packed))
const arrival = '2026-11-23 12:00:00.000000'

const push = (stream: unknown, ...values: unknown[]) => Buffer.from(JSON.stringify({ streams: [{ stream, values }] }))
const pieces = (body: Buffer, encoding: 'json' | 'protobuf' = 'json') => [...decodeLoki(body, encoding, arrival)]
const only = (stream: unknown, ...entry: unknown[]) => pieces(push(stream, entry))[0] as LogRecord

interface Entry { seconds: number, nanoseconds: number, line: string, metadata: Record<string, string> }
const entryOf = ({ seconds, nanoseconds, line, metadata }: Entry) => encodeBytes(2, Buffer.concat([
  encodeBytes(1, Buffer.concat([encodeInteger(1, seconds), encodeInteger(2, nanoseconds)])), encodeBytes(2, line),
  ...Object.entries(metadata).map(([name, value]) => encodeBytes(3, Buffer.concat([encodeBytes(1, name), encodeBytes(2, value)])))
]))
const protobufPush = (labels: string, ...entries: Entry[]) => encodeBytes(1, Buffer.concat([encodeBytes(1, labels), ...entries.map(entryOf)]))

t.test('what clients send is read', async (t) => {
  t.match(pieces(Buffer.from(captured.pino)), [
    { eventAt: '2026-11-23 05:19:05.678000', severity: 'info', processName: 'shop', message: 'hello', attributes: { env: 'dev', hostname: 'vm', recordId: '123' } },
    { severity: 'error' }, { severity: 'warning' }
  ])
  const expected = [
    { eventAt: '2026-11-23 05:19:09.681000', severity: 'info', processName: 'shop', message: 'hello {"user":7,"level":"info"}' },
    { severity: 'error', message: 'failed {"err":"boom","level":"error"}', attributes: { key: 'v' } },
    { severity: 'debug', message: 'dbg ünïcode {"level":"debug"}' }
  ]
  t.match(pieces(Buffer.from(captured.winston)), expected)
  t.match(pieces(unpacked, 'protobuf'), expected.map(({ eventAt: _eventAt, ...others }) => others))
})

t.test('the mapping', async (t) => {
  await t.test('takes the time to the microsecond, or that of arrival', async (t) => {
    t.equal(only({}, '1700000000123456789', 'x').eventAt, '2023-11-14 22:13:20.123456')
    t.equal((pieces(Buffer.from('{"streams":[{"values":[[1700000000123456789,"x"]]}]}'))[0] as LogRecord).eventAt, '2023-11-14 22:13:20.123456', 'a number is not rounded')
    for (const time of ['', 'x', null, {}, '9'.repeat(30)]) t.equal(only({}, time, 'x').eventAt, arrival)
    t.equal((pieces(protobufPush('{}', { seconds: 1_700_000_000, nanoseconds: 123_456_789, line: 'x', metadata: {} }), 'protobuf')[0] as LogRecord).eventAt, '2023-11-14 22:13:20.123456')
    t.equal((pieces(protobufPush('{}', { seconds: 0, nanoseconds: 0, line: 'x', metadata: {} }), 'protobuf')[0] as LogRecord).eventAt, arrival)
  })

  await t.test('finds severity, process, pid and description among labels and metadata', async (t) => {
    t.match(only({ job: 'j', service_name: 's', detected_level: 'warn', logger: 'orders' }, '', 'x', { pid: '7', a: 'b' }),
      { severity: 'warning', processName: 's', pid: 7, description: 'orders', attributes: { job: 'j', a: 'b' } })
    t.match(only({ container: 'c', level: 'unknown', severity: 'crit' }, '', 'x'), { severity: 'critical', processName: 'c', attributes: { level: 'unknown' } })
    t.match(only({}, '', '{"level":"error"}'), { severity: 'error', processName: '-', message: '{"level":"error"}', attributes: null }, 'and within the line')
  })

  await t.test('reads JSON in a line, whose level and message count, and keeps no line empty that has labels', async (t) => {
    t.match(only({ app: 'shop', level: 'info' }, '1700000000000000000', '{"level":50,"time":1600000000000,"name":"other","pid":7,"msg":"boom","user":1}'),
      { eventAt: '2023-11-14 22:13:20.000000', severity: 'error', processName: 'shop', pid: 7, message: 'boom', attributes: { time: 1600000000000, name: 'other', user: 1 } })
    t.match(only({ app: 'shop' }, '', '{"app":"other","msg":""}'), { message: '{"app":"other","msg":""}', processName: 'shop', attributes: { app: 'other' } })
    t.match(only({ app: 'shop' }, '', '["a"]'), { message: '["a"]', attributes: null })
    t.match(only({ app: 'shop', Level: 'WRN' }, '', ''), { message: '{"app":"shop","Level":"WRN"}', severity: 'warning', attributes: null })
  })

  await t.test('keeps a time that can\'t be right', async (t) => {
    t.match(only({ a: 'b' }, '35', 'x'), { eventAt: arrival, attributes: { a: 'b', time: '35' } })
    t.match(pieces(protobufPush('{a="b",time="c"}', { seconds: 9_999_999_999, nanoseconds: 1, line: 'x', metadata: {} }), 'protobuf'), [{ eventAt: arrival, attributes: { a: 'b', time: 'c', time_: '9999999999000000001' } }])
  })

  await t.test('keeps both of a label and a metadata of one name', async (t) => {
    t.match(only({ a: 'label', level: 'info' }, '', 'x', { a: 'metadata', level: 'info' }), { attributes: { a: 'label', a_extracted: 'metadata' } })
  })

  const texts: Record<string, Record<string, string>> = {
    '{}': {},
    '{a="b",c="d\\"e"}': { a: 'b', c: 'd"e' },
    ' { a = "b" , c=`d\\"e` , } ': { a: 'b', c: 'd\\"e' },
    '{a="\\n\\t\\\\\\u00e9\\x41\\101\\U0001F642}, c=\\"x"}': { a: '\n\t\\éAA🙂}, c="x' },
    '{__proto__="x"}': Object.fromEntries([['__proto__', 'x']]),
    '{a="b",c="d "e" f"}': { a: 'b', labels: '{a="b",c="d "e" f"}' },
    '{a="b"': { labels: '{a="b"' },
    'nothing of the kind': { labels: 'nothing of the kind' },
    '{a=b}': { labels: '{a=b}' }
  }
  for (const [text, labels] of Object.entries(texts)) await t.test(`reads the labels ${text}`, async (t) => t.strictSame(parseLabels(text), labels))
})

t.test('any stream comes out of both encodings as it was', async () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((text) => !/\p{Cs}/u.test(text))
  const name = fc.stringMatching(/^x[a-z_]{0,5}$/)
  const quote = (value: string) => `"${value.replaceAll(/["\\]/g, '\\$&').replaceAll('\n', '\\n')}"`
  fc.assert(fc.property(fc.dictionary(name, text, { maxKeys: 3 }), fc.dictionary(name.map((name) => `y${name}`), text, { maxKeys: 3 }), text, fc.nat({ max: 999_999_999 }), (labels, metadata, line, nanoseconds) => {
    const time = 1_700_000_000_000_000_000n + BigInt(nanoseconds)
    const labelText = `{${Object.entries(labels).map(([name, value]) => `${name}=${quote(value)}`).join(', ')}}`
    const records = [only(labels, String(time), line, metadata), pieces(protobufPush(labelText, { seconds: 1_700_000_000, nanoseconds, line, metadata }), 'protobuf')[0] as LogRecord]
    const attributes = { ...labels, ...metadata }
    for (const record of records) {
      const [is, was] = [[record.message, record.attributes ?? {}, record.eventAt], [line || (Object.keys(attributes).length > 0 ? JSON.stringify(attributes) : ''), attributes, `2023-11-14 22:13:20.${String(nanoseconds).padStart(9, '0').slice(0, 6)}`]].map((value) => JSON.stringify(value))
      if (is !== was) throw new Error(`${is} is not ${was}`)
    }
  }), { numRuns: 500 })
})

t.test('whatever bytes come, the decoder ends, and throws nothing', async () => {
  const bodies = [Buffer.from(captured.pino), Buffer.from(captured.winston), unpacked]
  for (const encoding of ['json', 'protobuf'] as const) {
    fc.assert(fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)), ...bodies.map(mutated)), (body) => {
      for (const piece of pieces(body, encoding)) JSON.stringify(piece)
    }), { numRuns: 3000 })
  }
})

t.test('hostile requests are bounded', async (t) => {
  t.throws(() => pieces(push({}, ...Array.from({ length: 100_001 }, () => []))), { code: 'LOGGER_TOO_LARGE' }, 'in number')
  t.throws(() => pieces(push({ a: 'x'.repeat(1024 * 1024) }, ...Array.from({ length: 1000 }, () => []))), { code: 'LOGGER_TOO_LARGE' }, 'in what logs share')
  const hostile: Record<string, (bytes: number) => string> = {
    backslashes: (bytes) => `{a="${'\\'.repeat(bytes)}`,
    labels: (bytes) => `{${'a="b",'.repeat(bytes / 6)}`,
    braces: (bytes) => '{'.repeat(bytes) + '}',
    blanks: (bytes) => `{${' '.repeat(bytes)}}`
  }
  for (const [what, input] of Object.entries(hostile)) growsLinearly(t, what, { small: 6000, input, work: parseLabels })
  growsLinearly(t, 'a long value', { small: 800_000, input: (bytes) => `{a="${'x'.repeat(bytes)}"}`, work: parseLabels })
})

for (const database of databases) {
  t.test(`POST /loki/api/v1/push on ${database.name}`, async (t) => {
    const service = await startService(t, database, { settings: { LOGGER_BODY_LIMIT: '200000' } })
    const { port, knex } = service
    await createUser(service, 'alice')
    const token = await createToken(service, 'alice')
    const authorization = { authorization: `Bearer ${token}` }
    const protobuf = { ...authorization, 'content-type': 'application/x-protobuf' }
    const env = environmentOf(service.options)
    const path = '/loki/api/v1/push'
    t.beforeEach(async () => {
      // Without its batch, a request is not one that comes again.
      for (const table of ['user_logs', 'dead_letters', 'ingest_batches']) await knex(table).delete()
    })

    await t.test('GET /ready says that it is', async (t) => {
      t.match(await http(port, 'GET', '/ready'), { status: 200, body: 'ready\n', headers: { 'content-type': 'text/plain; charset=utf-8' } })
    })

    const good: Record<string, [headers: Record<string, string>, body: string | Buffer]> = {
      JSON: [authorization, captured.winston],
      'JSON under another content type': [{ ...authorization, 'content-type': 'text/plain' }, captured.winston],
      'JSON, by Basic with a token for the password': [{ authorization: `Basic ${Buffer.from(`me:${token}`).toString('base64')}` }, captured.winston],
      'JSON in gzip': [{ ...authorization, 'content-encoding': 'gzip' }, gzipSync(captured.winston)],
      'protobuf in snappy that it does not tell of': [protobuf, packed],
      'protobuf in snappy that it tells of': [{ ...protobuf, 'content-encoding': 'snappy' }, packed]
    }
    for (const [what, [headers, body]] of Object.entries(good)) {
      await t.test(`stores ${what} and answers 204 without a body`, async (t) => {
        t.match(await post(port, path, body, headers), { status: 204, body: '' })
        t.match((await arrived(knex)).map(({ level, process, message }) => ({ level, process, message: message.slice(0, 5) })).sort((a, b) => a.level < b.level ? -1 : 1), [
          { level: 'debug', process: 'shop', message: 'dbg ü' }, { level: 'error', process: 'shop', message: 'faile' }, { level: 'info', process: 'shop', message: 'hello' }
        ])
      })
    }

    await t.test('tells JSON from protobuf without a content type, too', async (t) => {
      for (const body of [captured.winston, packed]) t.match(await http(port, 'POST', path, authorization, body), { status: 204 })
      t.equal(await count(knex), 6)
    })

    await t.test('answers 204 to what holds no logs', async (t) => {
      t.match(await post(port, path, '{"streams":[]}', authorization), { status: 204 })
    })

    const partly: Record<string, [headers: Record<string, string>, body: Buffer]> = {
      'loki-json': [authorization, push({ app: 'shop' }, ['1700000000000000000', 'good'], 5, ['1700000000000000000', 'good'])],
      'loki-protobuf': [protobuf, snappy.compress(encodeBytes(1, Buffer.concat([
        encodeBytes(1, '{app="shop"}'), encodeBytes(2, encodeBytes(2, 'good')), encodeBytes(2, Buffer.from([0x12, 9])), encodeBytes(2, encodeBytes(2, 'good'))
      ])))]
    }
    for (const [source, [headers, body]] of Object.entries(partly)) {
      await t.test(`stores the good lines of ${source}, tells of the others in a header, and keeps them as dead letters`, async (t) => {
        t.match(await post(port, path, body, headers), { status: 204, headers: { 'x-error-detail': /^1 of \d+ logs can't be used; the first is log 1: / } })
        t.match(await arrived(knex), [{ process: 'shop', message: 'good' }, { process: 'shop', message: 'good' }])
        t.match(await loggerbot(['dead-letters', 'list'], { env }), { stdout: new RegExp(`"source":"${source}"`) })
        t.match(await loggerbot(['dead-letters', 'replay'], { env }), { stdout: '0 stored, 1 left\n' })
      })
    }

    await t.test('what a decoder refused once is stored by a replay once it can be read', async (t) => {
      await post(port, path, partly['loki-json']![1], authorization)
      await knex('user_logs').delete()
      await knex('dead_letters').update({ record: push({ app: 'shop' }, ['', 'mended']).toString() })
      t.match(await loggerbot(['dead-letters', 'replay'], { env }), { stdout: '1 stored, 0 left\n' })
      t.match(await arrived(knex), [{ process: 'shop', message: 'mended' }])
    })

    await knex('dead_letters').delete()
    const unusable: Record<string, [headers: Record<string, string>, body: string | Buffer, source: string]> = {
      'broken JSON': [authorization, '{"streams":[', 'loki-json'],
      'a body with no line that can be used': [authorization, push({}, 'x'), 'loki-json'],
      'broken protobuf': [protobuf, snappy.compress(Buffer.from('nonsense')), 'loki-protobuf']
    }
    for (const [what, [headers, body, source]] of Object.entries(unusable)) {
      await t.test(`answers 400 as text to ${what}, and keeps it as a dead letter`, async (t) => {
        t.match(await post(port, path, body, headers), { status: 400, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: /^1 of 1 logs can't be used; the first is log 0: .*\n$/ })
        t.match(await knex('dead_letters'), [{ source }])
        t.equal(await count(knex), 0)
        await knex('dead_letters').delete()
      })
    }

    const refused: Record<string, [headers: Record<string, string>, body: string | Buffer, status: number]> = {
      'no credential': [{}, captured.winston, 401],
      'a wrong token': [{ authorization: 'Bearer lb_wrong' }, captured.winston, 401],
      'a token that may not write': [{ authorization: `Bearer ${await createToken(service, 'alice', ['read'])}` }, captured.winston, 403],
      'an empty body': [authorization, '', 400],
      'an empty body in protobuf': [protobuf, '', 400],
      'protobuf that is not packed': [protobuf, unpacked, 400],
      'a body that is too large': [authorization, Buffer.alloc(200_001, ' '), 413],
      'one that is too large unpacked': [protobuf, snappy.compress(Buffer.alloc(200_001)), 413]
    }
    for (const [what, [headers, body, status]] of Object.entries(refused)) {
      await t.test(`answers ${status} as text to ${what}, and stores nothing`, async (t) => {
        t.match(await post(port, path, body, headers), { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: /^[^{].*\n$/ })
        t.equal(await count(knex), 0)
        t.equal((await knex('dead_letters')).length, 0)
      })
    }

    await t.test('a database that is away is 503, to be sent again', async (t) => {
      const hasty = await startService(t, database, { database: service.options, settings: { LOGGER_DB_TIMEOUT: '500' } })
      await knex.schema.renameTable('user_logs', 'gone')
      t.match(await post(hasty.port, path, packed, protobuf), { status: 503, headers: { 'retry-after': /^\d+$/ }, body: 'the database is unavailable\n' })
      await knex.schema.renameTable('gone', 'user_logs')
    })
  })
}
