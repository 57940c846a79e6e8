import { isDeepStrictEqual } from 'node:util'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import { decodeHec, decodeHecLines, decodeHecText } from '../../../src/decode/hec.ts'
import type { LogRecord } from '../../../src/model/record.ts'
import { Proxy } from '../../helpers/proxy.ts'
import type { MysqlOptions } from '../../../src/store/dialects/dialect.ts'
import { loggerbot } from '../../helpers/command.ts'
import { databases, environmentOf, mariadb, sqlite, temporaryFolder } from '../../helpers/databases.ts'
import { attributes, decoded, piecesOf, survives } from '../../helpers/fuzz.ts'
import { growsLinearly } from '../../helpers/growth.ts'
import { http, post } from '../../helpers/http.ts'
import { arrived, count, createToken, createUser, startService } from '../../helpers/service.ts'

const arrival = '2026-01-01 00:00:00.000000'
const decode = (body: Buffer) => decodeHec(body, arrival)
/** As splunk-logging sends it. */
const captured = '{"time":"1714557600.123","host":"h1","source":"app","sourcetype":"httpevent","index":"main","event":{"message":{"event":"hello","user":7},"severity":"info"}}{"time":"1795411256.316","event":{"message":"plain text","severity":"error"}}'

t.test('an envelope of HEC', async (t) => {
  const examples: Record<string, [envelope: string, record: Partial<LogRecord>]> = {
    'with a text': ['{"event":"hello"}', { message: 'hello', eventAt: arrival, severity: 'info', processName: '-', attributes: null }],
    'with an object that has a message': ['{"event":{"msg":"hello","user":7,"level":"warn","pid":12}}', { message: 'hello', severity: 'warning', pid: 12, attributes: { user: 7 } }],
    'with an object that has none': ['{"event":{"user":7,"level":"warn"}}', { message: '{"user":7,"level":"warn"}', severity: 'warning', attributes: { user: 7 } }],
    'with an object for the message': ['{"event":{"message":{"user":7},"severity":"error"}}', { message: '{"user":7}', severity: 'error', attributes: { message: { user: 7 } } }],
    'with an object for the message, and a text in it': ['{"event":{"message":{"event":"hello","user":7}}}', { message: 'hello', attributes: { message: { user: 7 } } }],
    'with a level by its name': ['{"event":{"message":"x","Level":"WRN"}}', { severity: 'warning', attributes: null }],
    'with JSON in a text': ['{"event":"{\\"level\\":50,\\"time\\":1714557600123,\\"pid\\":7,\\"msg\\":\\"hello\\",\\"user\\":1}","sourcetype":"t"}', { message: 'hello', severity: 'error', eventAt: '2024-05-01 10:00:00.123000', pid: 7, attributes: { user: 1, sourcetype: 't' } }],
    'with its own time alone': ['{"event":{"message":"x","time":"2024-05-01T10:00:00Z"}}', { eventAt: '2024-05-01 10:00:00.000000', attributes: null }],
    'with its own time beside that of the envelope': ['{"time":1714557600,"event":{"message":"x","time":"2024-05-01T11:00:00Z"}}', { eventAt: '2024-05-01 10:00:00.000000', attributes: { time: '2024-05-01T11:00:00Z' } }],
    'with a time that can\'t be right': ['{"event":"x","time":35}', { eventAt: arrival, attributes: { time: 35 } }],
    'with JSON in a text, and a time of its own': ['{"event":"{\\"time\\":1714557600123,\\"msg\\":\\"hello\\"}","time":1763630100}', { message: 'hello', eventAt: '2025-11-20 09:15:00.000000', attributes: { time: 1714557600123 } }],
    'with a list': ['{"event":[1,"a"]}', { message: '[1,"a"]', attributes: null }],
    'with a number that a double cannot hold': ['{"event":{"message":"x","id":9007199254740993}}', { message: 'x', attributes: { id: '9007199254740993' } }],
    'with seconds as a number': ['{"event":"x","time":1714557600.123}', { eventAt: '2024-05-01 10:00:00.123000' }],
    'with seconds as a text': ['{"event":"x","time":"1714557600.123456"}', { eventAt: '2024-05-01 10:00:00.123456' }],
    'with milliseconds': ['{"event":"x","time":1714557600123}', { eventAt: '2024-05-01 10:00:00.123000' }],
    'with nanoseconds': ['{"event":"x","time":1714557600123456789}', { eventAt: '2024-05-01 10:00:00.123456' }],
    'with a time that is none': ['{"event":"x","time":"soon"}', { eventAt: arrival, attributes: { time: 'soon' } }],
    'with origins': ['{"event":"x","host":"h","source":"s","sourcetype":"t","index":"i"}', { processName: 's', attributes: { host: 'h', source: 's', sourcetype: 't', index: 'i' } }],
    'with a sourcetype alone': ['{"event":"x","sourcetype":"t"}', { processName: 't', attributes: { sourcetype: 't' } }],
    'with a logger': ['{"event":{"message":"x","logger":"orders"},"sourcetype":"t"}', { processName: 'orders', description: 'orders' }],
    'with a logger beside its source': ['{"event":{"message":"x","logger":"orders"},"source":"s"}', { processName: 's', description: 'orders', attributes: { source: 's' } }],
    'with a logger beside its process': ['{"event":{"message":"x","name":"shop"},"fields":{"logger":"orders"}}', { processName: 'shop', description: 'orders', attributes: null }],
    'with fields': ['{"event":"x","fields":{"service":"shop","severity":"error","n":1}}', { processName: 'shop', severity: 'error', attributes: { n: 1 } }],
    'with the same names everywhere': ['{"event":{"message":"x","host":"a"},"fields":{"host":"b"},"host":"c"}', { attributes: { host: 'a', host_: 'b', host__: 'c' } }],
    'of Docker\'s driver': ['{"event":{"line":"hello","source":"stdout","tag":"web","attrs":{"env":"dev"}},"time":"1763630100.123456","host":"node1"}', { message: 'hello', severity: 'info', processName: 'web', eventAt: '2025-11-20 09:15:00.123456', attributes: { source: 'stdout', tag: 'web', attrs: { env: 'dev' }, host: 'node1' } }],
    'of Docker\'s driver, from stderr': ['{"event":{"line":"oh no","source":"stderr","tag":"web"},"source":"shop"}', { message: 'oh no', severity: 'error', processName: 'shop', attributes: { source: 'stderr', tag: 'web', source_: 'shop' } }],
    'of Docker\'s driver, with an object for a line': ['{"event":{"line":{"level":"warn","msg":"json line","tag":"own"},"source":"stderr","tag":"web"}}', { message: 'json line', severity: 'warning', processName: 'web', attributes: { tag: 'own', source: 'stderr', tag_: 'web' } }],
    'with fields that are none': ['{"event":"x","fields":[1]}', { attributes: { fields: [1] } }]
  }
  for (const [what, [envelope, record]] of Object.entries(examples)) {
    await t.test(`${what} becomes a log`, async (t) => t.match(decoded(decode, envelope), [record]))
  }

  await t.test('says in Splunk\'s words what it lacks', async (t) => {
    for (const [envelope, reason] of [['{}', 'Event field is required'], ['{"event":null}', 'Event field is required'], ['{"event":""}', 'Event field cannot be blank'], ['{"event":{}}', 'Event field cannot be blank']] as const) {
      t.match(decoded(decode, envelope), [{ source: 'hec', index: 0, reason, raw: envelope }])
    }
  })

  await t.test('stands beside others in any form', async (t) => {
    const one = '{"event":"a"}'
    const other = '{"event":"b"}'
    for (const body of [one + other, `${one}\n${other}\n`, `[${one},${other}]`, `\ufeff${one}\r\n${other}`, `${one} nonsense\n${other}`]) {
      t.strictSame(decoded(decode, body).filter((piece) => 'message' in piece).map(({ message }) => message), ['a', 'b'], body)
    }
  })

  await t.test('may be anything', async (t) => survives(t, decode, [captured, '[{"event":{"a":[1,2.5,null]},"fields":{"b":"c"}}]']))

  await t.test('keeps every value of an event, typed', async () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), attributes, (message, attributes) => {
      const [record] = decoded(decode, JSON.stringify({ event: { ...attributes, message } })) as LogRecord[]
      return record!.message === message && isDeepStrictEqual(record!.attributes ?? {}, attributes)
    }))
  })
})

t.test('a text of HEC', async (t) => {
  const messages = (body: string) => piecesOf(decodeHecText(Buffer.from(body), arrival, { source: 's' })).map((piece) => 'message' in piece ? piece.message : piece.reason)
  await t.test('is envelopes, or lines', async (t) => {
    t.strictSame(messages('{"event":"a"}{"event":"b"}'), ['a', 'b'])
    t.strictSame(messages('[notice] one\ntwo\n'), ['[notice] one', 'two'])
    t.strictSame(messages('one\n{"event":"two"}\n{"event":""}\n{three}'), ['one', 'two', 'Event field cannot be blank', '{three}'])
  })
  await t.test('may be anything', async (t) => survives(t, (body) => decodeHecText(body, arrival), ['[line]\n{"event":"a"}\n', captured]))
})

t.test('lines of HEC', async (t) => {
  await t.test('are a log each, with the origin that the request gave', async (t) => {
    const lines = [...decodeHecLines(Buffer.from('one\r\n\n  two \n{"event":"three"}'), arrival, { source: 's', time: '1714557600' })]
    t.match(lines, [{ message: 'one', processName: 's', eventAt: '2024-05-01 10:00:00.000000', attributes: { source: 's' } }, { message: '  two ' }, { message: 'three' }])
  })
  await t.test('may be those of a container, as Kubernetes keeps them', async (t) => {
    const lines = Buffer.from('2025-05-01T10:00:00.123456789Z stderr F {"level":"warn","msg":"slow"}\n2025-05-01T12:00:00.5+02:00 stdout P first part')
    t.match([...decodeHecLines(lines, arrival)], [
      { eventAt: '2025-05-01 10:00:00.123456', message: 'slow', severity: 'warning', attributes: { stream: 'stderr' } },
      { eventAt: '2025-05-01 10:00:00.500000', message: 'first part', severity: 'info', attributes: { stream: 'stdout', logtag: 'P' } }
    ])
  })
  await t.test('are read as Latin-1 where they are not UTF-8', async (t) => {
    t.match([...decodeHecLines(Buffer.from([0x67, 0xfc, 0x6e, 10, 0xc3, 0xbc]), arrival)], [{ message: 'gün' }, { message: 'ü' }])
  })
  await t.test('may be anything', async (t) => survives(t, (body) => decodeHecLines(body, arrival), ['raw line\nanother\n', captured]))
})

t.test('a body of more logs than memory should hold is refused whole, one of blank lines at once', async (t) => {
  const service = await startService(t, sqlite)
  await createUser(service, 'alice')
  const splunk = { authorization: `Splunk ${await createToken(service, 'alice')}` }
  t.match(await post(service.port, '/services/collector/raw', 'a\n'.repeat(100_001), splunk), { status: 413, headers: { 'x-error-detail': 'a request must hold at most 100000 logs' } })
  t.match(await post(service.port, '/services/collector/event', '{}'.repeat(100_001), splunk), { status: 413 })
  t.equal(await count(service.knex), 0)

  const blank = (lines: number) => Buffer.from(' \n'.repeat(lines) + '  a')
  t.strictSame(piecesOf(decodeHecLines(blank(4_000_000), arrival)).map((piece) => 'message' in piece && piece.message), ['  a'])
  growsLinearly(t, 'blank lines', { small: 400_000, input: blank, work: (body) => [...decodeHecLines(body, arrival)] })
})

t.test('while the database is away', async (t) => {
  const direct = await mariadb.create(t) as MysqlOptions
  const proxy = await Proxy.start(t, direct.port!)
  const database = { ...direct, host: proxy.host, port: proxy.port }
  const spooling = await startService(t, mariadb, { database, settings: { LOGGER_SPOOL_DIR: temporaryFolder(t) } })
  // It answers once its logs have waited for the database this long.
  const without = await startService(t, mariadb, { database, settings: { LOGGER_DB_TIMEOUT: '500', LOGGER_SPOOL_DIR: '' } })
  await createUser(spooling, 'alice')
  const splunk = { authorization: `Splunk ${await createToken(spooling, 'alice')}` }
  t.match(await post(spooling.port, '/services/collector', captured, splunk), { status: 200 })
  t.match(await post(without.port, '/services/collector', '', splunk), { status: 400, body: '{"text":"No data","code":5}' }, 'the token is known')
  await proxy.setMode('refuse')

  await t.test('events go to the spool', async (t) => {
    t.match(await post(spooling.port, '/services/collector', captured, splunk), { status: 200, body: '{"text":"Success","code":0}', headers: { 'x-log-stored': 'spool' } })
  })
  await t.test('without a spool the server is busy', async (t) => {
    t.match(await post(without.port, '/services/collector', captured, splunk), { status: 503, body: '{"text":"Server is busy","code":9}', headers: { 'retry-after': '5' } })
  })
  await proxy.setMode('pass')
})

for (const database of databases) {
  t.test(`Splunk's HEC on ${database.name}`, async (t) => {
    const service = await startService(t, database, { settings: { LOGGER_BODY_LIMIT: '100000' } })
    await createUser(service, 'alice')
    const token = await createToken(service, 'alice')
    const { port, knex } = service
    const splunk = { authorization: `Splunk ${token}`, 'content-type': 'application/x-www-form-urlencoded' }
    const send = (body: string | Buffer, path = '/services/collector/event', headers: Record<string, string> = splunk) => post(port, path, body, headers)
    t.beforeEach(async () => {
      // Without its batch, a request is not one that comes again.
      for (const table of ['user_logs', 'ingest_batches']) await knex(table).delete()
    })

    for (const path of ['/services/collector', '/services/collector/event', '/services/collector/event/1.0']) {
      await t.test(`${path} takes envelopes`, async (t) => {
        t.match(await send(captured, path), { status: 200, body: '{"text":"Success","code":0}', headers: { 'content-type': /^application\/json/ } })
        t.match(await arrived(knex), [
          { at: /^2024-05-01 10:00:00\.123/, level: 'info', process: 'app', message: 'hello', attributes: { message: { user: 7 }, host: 'h1', index: 'main' } },
          { at: /^2026-11-23/, level: 'error', process: '-', message: 'plain text', attributes: null }
        ])
      })
    }

    await t.test('/services/collector/raw takes lines, and origins from the URL', async (t) => {
      for (const path of ['/services/collector/raw', '/services/collector/raw/1.0']) {
        t.match(await send('one\ntwo\n', `${path}?sourcetype=st&channel=00872DC6-AC83-4EDE-8AFE-8413C3825C4C&host=h`), { status: 200, body: '{"text":"Success","code":0}' })
      }
      t.match(await arrived(knex), ['one', 'two', 'one', 'two'].map((message) => ({ process: 'st', message, attributes: { host: 'h', sourcetype: 'st' } })))
    })

    await t.test('gzip is unpacked', async (t) => {
      t.match(await send(gzipSync(captured), undefined, { ...splunk, 'content-encoding': 'gzip' }), { status: 200 })
      t.equal(await count(knex), 2)
    })

    await t.test('health is told to everybody', async (t) => {
      for (const path of ['/services/collector/health', '/services/collector/health/1.0']) t.match(await http(port, 'GET', path), { status: 200, body: '{"text":"HEC is healthy","code":17}' })
    })

    await t.test('a bad event costs only itself, is told of, and waits as a dead letter', async (t) => {
      const bad = '{"event":"cut'
      t.match(await send(`{"event":"a"}${bad}\n{"event":"b"}`), { status: 200, body: '{"text":"Success","code":0,"invalid-event-number":1}', headers: { 'x-error-detail': /^1 of 3 logs can't be used; the first is log 1: body must be JSON/ } })
      t.strictSame((await arrived(knex)).map(({ message }) => message), ['a', 'b'])
      t.match(await knex('dead_letters'), [{ source: 'hec', reason: /^body must be JSON/, record: bad }])

      await knex('dead_letters').update({ record: `${bad} no more"}` })
      t.match(await loggerbot(['dead-letters', 'replay'], { env: environmentOf(service.options) }), { code: 0, stdout: '1 stored, 0 left\n' })
      t.ok((await arrived(knex)).some(({ message }) => message === 'cut no more'))
    })

    const read = await createToken(service, 'alice', ['read'])
    const refusals: Record<string, [body: string | Buffer, headers: Record<string, string>, status: number, answer: string]> = {
      'no token': [captured, {}, 401, '{"text":"Token is required","code":2}'],
      'a malformed authorization': [captured, { authorization: 'Splunk' }, 401, '{"text":"Invalid authorization","code":3}'],
      'an unknown token': [captured, { authorization: 'Splunk 11111111-2222-3333-4444-555555555555' }, 403, '{"text":"Invalid token","code":4}'],
      'a token that may not write': [captured, { authorization: `Splunk ${read}` }, 403, '{"text":"Invalid token","code":4}'],
      'an empty body': ['', splunk, 400, '{"text":"No data","code":5}'],
      'an empty list': ['[]', splunk, 400, '{"text":"No data","code":5}'],
      'broken JSON': ['{"event":', splunk, 400, '{"text":"Invalid data format","code":6,"invalid-event-number":0}'],
      'no event': ['{"time":1}', splunk, 400, '{"text":"Event field is required","code":12,"invalid-event-number":0}'],
      'a blank event': ['{"event":""}', splunk, 400, '{"text":"Event field cannot be blank","code":13,"invalid-event-number":0}'],
      'a body that is too large': [`{"event":"${'x'.repeat(100_000)}"}`, splunk, 413, '{"text":"Request entity too large","code":27}'],
      'a gzip bomb': [gzipSync(Buffer.alloc(10_000_000)), { ...splunk, 'content-encoding': 'gzip' }, 413, '{"text":"Request entity too large","code":27}'],
      'a broken gzip': ['no gzip', { ...splunk, 'content-encoding': 'gzip' }, 400, '{"text":"Invalid data format","code":6}']
    }
    for (const [what, [body, headers, status, answer]] of Object.entries(refusals)) {
      await t.test(`${what} is refused in Splunk's words, and nothing is stored`, async (t) => {
        t.match(await send(body, undefined, headers), { status, body: answer })
        t.equal(await count(knex), 0)
      })
    }
  })
}
