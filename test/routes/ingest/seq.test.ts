import { isDeepStrictEqual } from 'node:util'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import { decodeAgain } from '../../../src/decode/replay.ts'
import { decodeSeq } from '../../../src/decode/seq.ts'
import type { LogRecord } from '../../../src/model/record.ts'
import { databases } from '../../helpers/databases.ts'
import { attributes, decoded, survives } from '../../helpers/fuzz.ts'
import { post } from '../../helpers/http.ts'
import { arrived, count, createToken, createUser, startService } from '../../helpers/service.ts'

const arrival = '2026-01-01 00:00:00.000000'
const decode = (body: Buffer) => decodeSeq(body, arrival)
const clef = '{"@t":"2024-05-01T10:00:00.1234567Z","@mt":"Hello, {User}","@l":"Warning","User":"alice"}'
const older = '{"Events":[{"Timestamp":"2024-05-01T10:00:00.123Z","Level":"Error","MessageTemplate":"Hello, {User}","Exception":"Oh no","Properties":{"User":"alice","SourceContext":"Shop.Orders"}}]}'

t.test('an event of Seq', async (t) => {
  const examples: Record<string, [event: string, record: Partial<LogRecord>]> = {
    'in CLEF': [clef, { message: 'Hello, alice', severity: 'warning', eventAt: '2024-05-01 10:00:00.123456', processName: '-', attributes: { '@mt': 'Hello, {User}', User: 'alice' } }],
    'with a message': ['{"@t":"2024-05-01T10:00:00+02:00","@m":"told","@mt":"{A}"}', { message: 'told', severity: 'info', eventAt: '2024-05-01 08:00:00.000000', attributes: { '@mt': '{A}' } }],
    'with everything': ['{"@t":"2024-05-01T10:00:00Z","@m":"m","@x":"System.Exception: x","@i":"a1b2","@tr":"t","Application":"Shop","ProcessId":7,"SourceContext":"Shop.Orders"}', { processName: 'Shop', pid: 7, description: 'Shop.Orders', attributes: { exception: 'System.Exception: x', '@i': 'a1b2', '@tr': 't' } }],
    'with an exception alone': ['{"@x":"Oh no"}', { message: 'Oh no', eventAt: arrival, attributes: { exception: 'Oh no' } }],
    'with escaped names': ['{"@m":"x","@@user":1,"@@mt":2,"@mt":"t"}', { attributes: { '@user': 1, '@@mt': 2, '@mt': 't' } }],
    'with the name of an exception taken': ['{"@m":"x","@x":"a","exception":"b"}', { attributes: { '@x': 'a', exception: 'b' } }],
    'with a resource': ['{"@m":"x","@ra":{"service":{"name":"shop","version":"1"}}}', { processName: 'shop', attributes: { '@ra': { service: { version: '1' } } } }],
    'with an empty message': ['{"@m":"","@mt":"Hello, {User}","User":"alice"}', { message: 'Hello, alice' }],
    'with nothing to say': ['{"@m":"","User":"alice"}', { message: '{"@m":"","User":"alice"}', attributes: { User: 'alice' } }],
    'with a short level': ['{"@m":"x","@l":"WRN"}', { severity: 'warning', attributes: null }],
    'with a time that can\'t be right': ['{"@m":"x","@t":"0001-01-01T00:00:00Z"}', { eventAt: arrival, attributes: { '@t': '0001-01-01T00:00:00Z' } }],
    'with levels of others': ['{"@m":"x","@l":"fatal"}', { severity: 'critical', attributes: null }],
    'with a level that is none': ['{"@m":"x","@l":"loud"}', { severity: 'info', attributes: { '@l': 'loud' } }],
    'in the older format': [older, { message: 'Hello, alice', severity: 'error', eventAt: '2024-05-01 10:00:00.123000', description: 'Shop.Orders', attributes: { '@mt': 'Hello, {User}', exception: 'Oh no', User: 'alice' } }],
    'in the older format, with odd properties': ['{"MessageTemplate":"{A}","Id":1,"Properties":{"@mt":"p","Id":2,"A":[1]}}', { message: '[1]', attributes: { '@mt': '{A}', '@@mt': 'p', Id: 1, Id_: 2, A: [1] } }]
  }
  for (const [what, [event, record]] of Object.entries(examples)) {
    await t.test(`${what} becomes a log`, async (t) => t.strictSame(Object.entries(record), Object.keys(record).map((name) => [name, (decoded(decode, event)[0] as any)[name]])))
  }

  await t.test('has its template filled in', async (t) => {
    const fields = { User: 'alice', N: 12.5, List: [1, 'a'], Obj: { a: null }, None: null, 0: 'zero', 'a.b': true }
    const rendered: Record<string, string> = {
      'Hello, {User}!': 'Hello, alice!',
      '{N} {@Obj} {$List} {None} {0} {a.b}': '12.5 {"a":null} [1,"a"] null zero true',
      '{N:0.00} {N,8} {N,-8:000} {User:l}': 'first 12.5 second alice',
      '{{User}} {{{User}}}': '{User} {alice}',
      '{Missing} {} { User': '{Missing} {} { User',
      '{toString}': '{toString}'
    }
    for (const [template, message] of Object.entries(rendered)) {
      t.match(decoded(decode, JSON.stringify({ '@mt': template, '@r': ['first', 'second'], ...fields })), [{ message }], template)
    }
  })

  await t.test('of no format is rejected', async (t) => {
    t.match(decoded(decode, '{"hello":1}'), [{ source: 'seq', reason: /^an event must have @t/, raw: '{"hello":1}' }])
    t.match(decodeAgain({ source: 'seq', record: clef, recordSha256: null, createdAt: arrival }), [{ message: 'Hello, alice' }])
  })

  await t.test('stands beside others in either format', async (t) => {
    const event = JSON.stringify(JSON.parse(older).Events[0])
    for (const body of [`${clef}\n${clef}\n`, `[${clef},${clef}]`, `{ "Events" : [${event},\n${event}] }\n`, `{"Events":[${event},${event},{"MessageTemplate":"cut`]) {
      t.equal(decoded(decode, body).filter((piece) => 'message' in piece).length, 2, body)
    }
  })

  await t.test('may be anything', async (t) => survives(t, decode, [clef, `${clef}\n${clef}`, older, '{"@mt":"{A:0} {{ {B}","@r":["1"],"A":1,"@@B":{"c":[2]}}']))

  await t.test('keeps every property, typed, in both formats', async () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), attributes, (message, properties) => {
      const [one] = decoded(decode, JSON.stringify({ '@m': message, ...properties })) as LogRecord[]
      const [other] = decoded(decode, JSON.stringify({ Events: [{ RenderedMessage: message, Properties: properties }] })) as LogRecord[]
      return [one, other].every((record) => (record!.message === message || message === '') && isDeepStrictEqual(record!.attributes ?? {}, properties))
    }))
  })
})

for (const database of databases) {
  t.test(`Seq's ingestion on ${database.name}`, async (t) => {
    const service = await startService(t, database, { settings: { LOGGER_BODY_LIMIT: '100000' } })
    await createUser(service, 'alice')
    const token = await createToken(service, 'alice')
    const { port, knex } = service
    const key = { 'x-seq-apikey': token, 'content-type': 'application/vnd.serilog.clef' }
    const send = (body: string | Buffer, path = '/ingest/clef', headers: Record<string, string> = key) => post(port, path, body, headers)
    const done = { status: 201, body: '{"MinimumLevelAccepted":null}' }
    t.beforeEach(() => knex('user_logs').delete())

    for (const path of ['/ingest/clef', '/api/events/raw', '/api/events/raw?clef']) {
      await t.test(`POST ${path} takes both formats, packed or not`, async (t) => {
        t.match(await send(clef, path), done)
        t.match(await send(older, path, { ...key, 'content-type': 'application/json' }), done)
        t.match(await send(gzipSync(clef), path, { ...key, 'content-encoding': 'gzip' }), done)
        t.match(await arrived(knex), [
          { at: /10:00:00\.123000/, level: 'error', description: 'Shop.Orders', message: 'Hello, alice', attributes: { User: 'alice', exception: 'Oh no' } },
          { at: /10:00:00\.123456/, level: 'warning', message: 'Hello, alice', attributes: { User: 'alice' } },
          { message: 'Hello, alice' }
        ])
      })
    }

    await t.test('its older format may name Events without quotes, and a template that is the message is left out', async (t) => {
      t.match(await send('{Events:[{"Timestamp":"2024-05-01T10:00:00Z","Level":"Error","MessageTemplate":"plain","Properties":{"a":1}}]}'), done)
      t.match(await send('{"@t":"2024-05-01T10:00:01Z","@mt":"Hello, {User}","User":"alice"}'), done)
      t.strictSame((await arrived(knex)).map(({ message, attributes }) => [message, attributes]), [['plain', { a: 1 }], ['Hello, alice', { User: 'alice', '@mt': 'Hello, {User}' }]])
    })

    await t.test('too many logs are 503, as its clients drop a batch at 429', async (t) => {
      const slow = await startService(t, database, { database: service.options, settings: { LOGGER_USER_RATE: '1' } })
      const many = Array.from({ length: 1000 }, () => clef).join('\n')
      await post(slow.port, '/ingest/clef', many, key)
      const answer = await post(slow.port, '/ingest/clef', many, key)
      t.match(answer, { status: 503, headers: { 'retry-after': /^\d+$/ }, body: /"Error":"more logs than the user may send"/ })
    })

    await t.test('the key may stand in the URL, and a body that asks for the level alone is answered', async (t) => {
      t.match(await send(clef, `/api/events/raw?apiKey=${token}`, {}), done)
      t.match(await send('{"Events":[]}'), done)
      t.match(await send(''), done)
      t.equal(await count(knex), 1)
    })

    await t.test('a bad event costs only itself and waits as a dead letter', async (t) => {
      t.match(await send(`${clef}\n{"@m":"cut\n${clef}`), { ...done, headers: { 'x-error-detail': /^1 of 3 logs can't be used; the first is log 1: body must be JSON/ } })
      t.equal(await count(knex), 2)
      t.match(await knex('dead_letters'), [{ source: 'seq', record: '{"@m":"cut' }])
    })

    const read = await createToken(service, 'alice', ['read'])
    const refusals: Record<string, [body: string, headers: Record<string, string>, status: number, detail: RegExp]> = {
      'no key': [clef, {}, 401, /credential/],
      'a wrong key': [clef, { 'x-seq-apikey': 'wrong' }, 401, /credential/],
      'a token that may not write': [clef, { 'x-seq-apikey': read }, 403, /scope write/],
      'a broken body': ['{"@t":', key, 400, /body must be JSON/],
      'a body that is too large': [`{"@m":"${'x'.repeat(100_000)}"}`, key, 413, /100000 bytes/]
    }
    for (const [what, [body, headers, status, detail]] of Object.entries(refusals)) {
      await t.test(`${what} is refused in Seq's form, and nothing is stored`, async (t) => {
        const answer = await send(body, undefined, headers)
        t.equal(answer.status, status)
        t.match(JSON.parse(answer.body), { Error: detail })
        t.equal(await count(knex), 0)
      })
    }
  })
}
