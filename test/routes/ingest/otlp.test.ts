import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import { collect } from '../../../src/decode/steps.ts'
import { decodeOtlp } from '../../../src/decode/otlp/index.ts'
import { encodeBytes, encodeInteger, MessageReader } from '../../../src/decode/protobuf.ts'
import type { LogRecord } from '../../../src/model/record.ts'
import { piecesOf } from '../../helpers/fuzz.ts'
import { loggerbot } from '../../helpers/command.ts'
import { databases, environmentOf } from '../../helpers/databases.ts'
import { post } from '../../helpers/http.ts'
import { arrived, count, createToken, createUser, startService } from '../../helpers/service.ts'
import { mutated } from '../../helpers/mutated.ts'

/** What OpenTelemetry's exporters for JavaScript sent. */
const captured: { json: string, protobuf: string } = JSON.parse(readFileSync(new URL('../../fixtures/otlp.json', import.meta.url), 'utf8'))
const bodies = { json: Buffer.from(captured.json), protobuf: Buffer.from(captured.protobuf, 'base64') }
const encodings = ['json', 'protobuf'] as const
const types = { json: 'application/json', protobuf: 'application/x-protobuf' }
const arrival = '2026-11-23 12:00:00.000000'

const request = (logRecords: unknown, resource: unknown = {}, scope: unknown = {}) => Buffer.from(JSON.stringify({ resourceLogs: [{ resource, scopeLogs: [{ scope, logRecords }] }] }))
const fixed64 = (field: number, value: bigint) => {
  const bytes = Buffer.alloc(9, field * 8 + 1)
  bytes.writeBigUInt64LE(value, 1)
  return bytes
}
/** A request in protobuf of these LogRecords. */
const protobufRequest = (logs: Buffer[]) => encodeBytes(1, encodeBytes(2, Buffer.concat(logs.map((log) => encodeBytes(2, log)))))
const pieces = (body: Buffer, encoding: 'json' | 'protobuf' = 'json') => piecesOf(decodeOtlp(body, encoding, arrival))
const only = (log: unknown, resource?: unknown, scope?: unknown) => pieces(request([log], resource, scope))[0] as LogRecord

t.test('what the SDK sends', async (t) => {
  for (const encoding of encodings) {
    await t.test(`is read from ${encoding}`, async (t) => {
      const shared = { resource: { 'service.version': '1' }, scope: { version: '1.0.0' } }
      const attributes = { 'http.method': 'GET', n: 42, f: 1.5, ok: true, arr: ['a', 'b'], obj: { k: 1 } }
      const decoded = pieces(bodies[encoding], encoding) as LogRecord[]
      t.match(decoded, [
        { severity: 'error', message: 'failed', processName: 'shop', description: 'lg', postTime: arrival },
        { severity: 'info', message: 'x', attributes: { event_name: 'evt', body: { big: 9007199254740991 } } }
      ])
      t.strictSame(decoded[0]!.attributes, { ...attributes, ...shared })
      t.match(decoded[0]!.eventAt, /^2026-11-23 05:20:4[57]\.\d{6}$/)
    })
  }
})

t.test('the mapping', async (t) => {
  await t.test('takes the time, else the observed time, else that of arrival, to the microsecond', async (t) => {
    const [time, observed] = ['1700000000123456789', '1700000001000000000']
    t.match(only({ timeUnixNano: time, observedTimeUnixNano: observed }), { eventAt: '2023-11-14 22:13:20.123456', attributes: { observed_time_unix_nano: observed } })
    t.match(only({ timeUnixNano: '0', observedTimeUnixNano: observed }), { eventAt: '2023-11-14 22:13:21.000000', attributes: null })
    t.match(only({ timeUnixNano: '35', observedTimeUnixNano: observed }), { eventAt: '2023-11-14 22:13:21.000000', attributes: { time_unix_nano: '35' } })
    t.match(only({ observedTimeUnixNano: '35' }), { eventAt: arrival, attributes: { observed_time_unix_nano: '35' } })
    for (const time of [undefined, 0, 'x', null, {}, -1, 1.5, '99999999999999999999999']) t.equal(only({ timeUnixNano: time }).eventAt, arrival)
    t.equal((pieces(Buffer.from(request([{ timeUnixNano: 1 }]).toString().replace('1}', '1700000000123456789}')))[0] as LogRecord).eventAt, '2023-11-14 22:13:20.123456', 'a number is not rounded')
  })

  await t.test('knows the severities 1 to 24, and keeps what the column does not say', async (t) => {
    const severities = ['debug', 'debug', 'info', 'warning', 'error', 'critical']
    for (let number = 1; number <= 24; number++) {
      const { severity, attributes } = only({ severityNumber: number })
      t.equal(severity, severities[Math.floor((number - 1) / 4)])
      t.strictSame(attributes, number > 4 && number % 4 === 1 ? null : { severity_number: number })
    }
    t.match(only({ severityText: 'Fatal' }), { severity: 'critical', attributes: { severity_text: 'Fatal' } })
    t.match(only({ severityNumber: 17, severityText: 'ERROR' }), { severity: 'error', attributes: null })
    t.match(only({ severityNumber: 'SEVERITY_NUMBER_ERROR' }), { severity: 'error', attributes: { severity_number: 'SEVERITY_NUMBER_ERROR' } })
    t.match(only({ severityNumber: 99, severityText: 'odd' }), { severity: 'info', attributes: { severity_text: 'odd', severity_number: 99 } })
  })

  await t.test('reads values of every kind, nested ones too', async (t) => {
    const values: Array<[unknown, unknown]> = [
      [{ stringValue: 'text' }, 'text'], [{ stringValue: '' }, ''], [{ boolValue: false }, false], [{ intValue: '42' }, 42], [{ intValue: -42 }, -42],
      [{ intValue: '9223372036854775807' }, '9223372036854775807'], [{ doubleValue: 0.5 }, 0.5], [{ doubleValue: 'NaN' }, 'NaN'], [{ bytesValue: 'AQL/' }, 'AQL/'],
      [{ arrayValue: { values: [{ intValue: 1 }, { stringValue: 'x' }, {}] } }, [1, 'x', null]], [{ arrayValue: {} }, []],
      [{ kvlistValue: { values: [{ key: 'a', value: { kvlistValue: { values: [{ key: 'b', value: { intValue: '1' } }] } } }] } }, { a: { b: 1 } }], [{}, null]
    ]
    for (const [value, plain] of values) t.strictSame(only({ attributes: [{ key: 'a', value }] }).attributes, { a: plain })
    t.equal(only({ body: { arrayValue: { values: [{ intValue: 1 }] } } }).message, '[1]')
    t.equal(only({ body: { intValue: '5' } }).message, '5')
    t.equal(only({}).message, '')
  })

  await t.test('takes message and level out of a body that is a map', async (t) => {
    const body = (fields: Record<string, string>) => ({ kvlistValue: { values: Object.entries(fields).map(([key, stringValue]) => ({ key, value: { stringValue } })) } })
    t.match(only({ body: body({ message: 'slow', level: 'warn', order: '7' }) }), { message: 'slow', severity: 'warning', attributes: { body: { order: '7' } } })
    t.match(only({ severityNumber: 17, body: body({ message: 'slow', level: 'warn' }) }), { message: 'slow', severity: 'error' })
    t.match(only({ body: body({ order: '7' }) }), { message: '{"order":"7"}', attributes: null })
    t.match(only({ attributes: [{ key: 'order', value: { intValue: 7 } }] }), { message: '{"order":7}', attributes: { order: 7 } })
  })

  await t.test('keeps ids, flags and names beside the attributes, and those apart where one has the same name', async (t) => {
    const log = { traceId: '5B8EFFF798038103D269B633813FC60C', spanId: 'EEE19B7EC3C1B174', flags: 1, eventName: 'paid', droppedAttributesCount: 2 }
    const own = { trace_id: '5b8efff798038103d269b633813fc60c', span_id: 'eee19b7ec3c1b174', flags: 1, event_name: 'paid', dropped_attributes_count: 2 }
    t.strictSame(only(log).attributes, own)
    const attribute = (key: string, value: string) => ({ key, value: { stringValue: value } })
    t.strictSame(only({ ...log, attributes: [attribute('trace_id', own.trace_id)] }).attributes, own)
    t.strictSame(only({ ...log, attributes: [attribute('flags', 'red'), attribute('x', 'y')] }).attributes, { attributes: { flags: 'red', x: 'y' }, ...own })
  })

  await t.test('takes process and pid from the resource, wherever it stands, and the description from the scope', async (t) => {
    const resource = '{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}},{"key":"process.pid","value":{"intValue":"7"}},{"key":"host","value":{"stringValue":"h"}}]}'
    const scope = '{"name":"orders","attributes":[{"key":"a","value":{"intValue":1}}]}'
    const expected = { processName: 'shop', pid: 7, description: 'orders', attributes: { resource: { host: 'h', schema_url: 'r' }, scope: { a: 1, schema_url: 's' } } }
    t.match(pieces(Buffer.from(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{}],"schemaUrl":"s","scope":${scope}}],"schemaUrl":"r","resource":${resource}}],"unknown":[{}]}`)), [expected])
    t.match(pieces(Buffer.from(` {"resourceLogs" : [ {"resource":${resource}, "schemaUrl":"r","scopeLogs" :[{ "scope":${scope},"schemaUrl":"s","logRecords":[ {} , {}]} ] } ] } `)), [expected, expected])
    const [log] = pieces(encodeBytes(1, Buffer.concat([
      encodeBytes(2, Buffer.concat([encodeBytes(2, ''), encodeBytes(3, 's'), encodeBytes(1, encodeBytes(1, 'orders'))])),
      encodeBytes(1, encodeBytes(1, Buffer.concat([encodeBytes(1, 'service.name'), encodeBytes(2, encodeBytes(1, 'shop'))])))
    ])), 'protobuf')
    t.match(log, { processName: 'shop', description: 'orders', attributes: { scope: { schema_url: 's' } } })
  })

  await t.test('reads ids, times and flags from protobuf', async (t) => {
    const log = Buffer.concat([fixed64(1, 1700000000123456789n), encodeInteger(2, 13), encodeBytes(9, Buffer.from('5b8efff798038103d269b633813fc60c', 'hex')),
      encodeBytes(10, Buffer.from('eee19b7ec3c1b174', 'hex')), Buffer.from([8 * 8 + 5, 1, 0, 0, 0]), encodeInteger(7, 2), encodeBytes(6, Buffer.concat([encodeBytes(1, '__proto__'), encodeBytes(2, encodeBytes(7, 'x'))]))])
    const [record] = pieces(protobufRequest([log]), 'protobuf') as LogRecord[]
    t.match(record, { eventAt: '2023-11-14 22:13:20.123456', severity: 'warning' })
    t.equal(JSON.stringify(record!.attributes), '{"__proto__":"eA==","trace_id":"5b8efff798038103d269b633813fc60c","span_id":"eee19b7ec3c1b174","flags":1,"dropped_attributes_count":2}')
  })
})

/** A value, and as AnyValue in both encodings. */
interface Encoded { plain: unknown, json: unknown, protobuf: Buffer }

const text = fc.string({ unit: 'grapheme', maxLength: 8 }).filter((text) => !/\p{Cs}/u.test(text))
const double = fc.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => !Object.is(number, -0))
const doubleBytes = (number: number) => {
  const bytes = Buffer.alloc(9, 4 * 8 + 1)
  bytes.writeDoubleLE(number, 1)
  return bytes
}
const varint64 = (value: bigint) => {
  const bytes: number[] = [3 * 8]
  let left = BigInt.asUintN(64, value)
  for (; left > 127n; left >>= 7n) bytes.push(Number(left & 127n) | 128)
  return Buffer.from([...bytes, Number(left)])
}
const keyValue = (key: string, { protobuf }: Encoded) => Buffer.concat([encodeBytes(1, key), encodeBytes(2, protobuf)])
const { value } = fc.letrec<{ value: Encoded, list: Encoded, map: Encoded }>((tie) => ({
  value: fc.oneof({ maxDepth: 4 },
    text.map((plain) => ({ plain, json: { stringValue: plain }, protobuf: encodeBytes(1, plain) })),
    fc.boolean().map((plain) => ({ plain, json: { boolValue: plain }, protobuf: encodeInteger(2, Number(plain)) })),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((big) => ({ plain: Number.isSafeInteger(Number(big)) ? Number(big) : String(big), json: { intValue: String(big) }, protobuf: varint64(big) })),
    double.map((plain) => ({ plain, json: { doubleValue: plain }, protobuf: doubleBytes(plain) })),
    fc.uint8Array({ maxLength: 5 }).map((bytes) => ({ plain: Buffer.from(bytes).toString('base64'), json: { bytesValue: Buffer.from(bytes).toString('base64') }, protobuf: encodeBytes(7, bytes) })),
    tie('list'), tie('map')),
  list: fc.array(tie('value'), { maxLength: 3 }).map((values) => ({
    plain: values.map(({ plain }) => plain),
    json: { arrayValue: { values: values.map(({ json }) => json) } },
    protobuf: encodeBytes(5, Buffer.concat(values.map(({ protobuf }) => encodeBytes(1, protobuf))))
  })),
  map: fc.uniqueArray(fc.tuple(text, tie('value')), { maxLength: 3, selector: ([key]) => key }).map((members) => ({
    plain: Object.fromEntries(members.map(([key, { plain }]) => [key, plain])),
    json: { kvlistValue: { values: members.map(([key, { json }]) => ({ key, value: json })) } },
    protobuf: encodeBytes(6, Buffer.concat(members.map(([key, value]) => encodeBytes(1, keyValue(key, value)))))
  }))
}))

t.test('any value comes out of both encodings as it was', async () => {
  fc.assert(fc.property(value, (encoded) => {
    const fromJson = only({ attributes: [{ key: 'a', value: encoded.json }] }).attributes
    const [fromProtobuf] = pieces(protobufRequest([encodeBytes(6, keyValue('a', encoded))]), 'protobuf') as LogRecord[]
    for (const attributes of [fromJson, fromProtobuf!.attributes]) {
      if (JSON.stringify(attributes) !== JSON.stringify({ a: encoded.plain })) throw new Error(`${JSON.stringify(attributes)} is not ${JSON.stringify({ a: encoded.plain })}`)
    }
  }), { numRuns: 500 })
})

t.test('whatever bytes come, the decoder ends, and throws nothing', async () => {
  for (const encoding of encodings) {
    fc.assert(fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)), mutated(bodies.json), mutated(bodies.protobuf)), (body) => {
      for (const piece of pieces(body, encoding)) JSON.stringify(piece)
    }), { numRuns: 3000 })
  }
})

t.test('hostile requests are bounded', async (t) => {
  const nest = (levels: number) => {
    let value: Buffer = encodeBytes(1, 'deep')
    for (let level = 0; level < levels; level++) value = encodeBytes(5, encodeBytes(1, value))
    return protobufRequest([encodeBytes(5, value)])
  }
  await t.test('in depth', async (t) => {
    t.equal((pieces(nest(100), 'protobuf')[0] as LogRecord).message, '['.repeat(100) + '"deep"' + ']'.repeat(100))
    t.match(pieces(nest(101), 'protobuf'), [{ reason: 'a value must not be nested deeper than 100 levels' }])
    t.match(pieces(nest(20_000), 'protobuf'), [{ reason: 'a value must not be nested deeper than 100 levels' }])
    t.match(pieces(Buffer.from(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":${'{"arrayValue":{"values":['.repeat(100_000)}`)), [{ reason: /ends too early/ }])
  })
  await t.test('in number', async (t) => {
    const many = 200_000
    t.throws(() => pieces(protobufRequest(Array.from({ length: many }, () => Buffer.alloc(0))), 'protobuf'), { code: 'LOGGER_TOO_LARGE' })
    t.throws(() => pieces(request(Array.from({ length: many }, () => 1))), { code: 'LOGGER_TOO_LARGE' })
  })
  await t.test('in what logs share', async (t) => {
    const resource = { attributes: [{ key: 'a', value: { stringValue: 'x'.repeat(1024 * 1024) } }] }
    t.throws(() => pieces(request(Array.from({ length: 1000 }, () => ({})), resource)), { code: 'LOGGER_TOO_LARGE' })
    const scopes = Buffer.concat(Array.from({ length: 400_000 }, () => encodeBytes(2, '')))
    t.strictSame(pieces(encodeBytes(1, Buffer.concat([encodeBytes(1, encodeBytes(1, keyValue('a', { protobuf: encodeBytes(1, 'x'.repeat(1024 * 1024)) } as Encoded))), scopes])), 'protobuf'), [])
  })
  await t.test('in lengths, numbers and groups', async (t) => {
    for (const bytes of [[0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f], [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], Array(1000).fill(0xff), [0x08, ...Array(1000).fill(0xff), 1], [0x0b, 0x0c], [0x00], [0x0a], [0x0d, 1]]) {
      t.match(pieces(Buffer.from(bytes), 'protobuf'), [{ reason: /^body must be protobuf/ }])
    }
  })
})

t.test('8 MB are decoded in turns with others', async (t) => {
  const attributes = Array.from({ length: 10 }, (_, index) => ({ key: `attribute ${index}`, value: { intValue: index } }))
  const body = request(Array.from({ length: 12_000 }, (_, index) => ({ timeUnixNano: '1700000000123456789', body: { stringValue: `message ${index}` }, attributes })))
  t.ok(body.length > 6 * 1024 * 1024)
  let turns = 0
  let decoding = true
  const count = () => {
    turns++
    if (decoding) setImmediate(count)
  }
  setImmediate(count)
  const decoded = await collect(decodeOtlp(body, 'json', arrival))
  decoding = false
  t.equal(decoded.records.length, 12_000)
  t.ok(turns > 3, `${turns} turns`)
})

for (const database of databases) {
  t.test(`POST /v1/logs on ${database.name}`, async (t) => {
    const service = await startService(t, database, { settings: { LOGGER_BODY_LIMIT: '200000', LOGGER_DB_TIMEOUT: '2000' } })
    const { port, knex } = service
    await createUser(service, 'alice')
    const authorization = { authorization: `Bearer ${await createToken(service, 'alice')}` }
    const env = environmentOf(service.options)
    t.beforeEach(async () => {
      // Without its batch, a request is not one that comes again.
      for (const table of ['user_logs', 'ingest_batches']) await knex(table).delete()
    })

    /** Code and message of a google.rpc.Status. */
    const statusOf = (body: string, encoding: 'json' | 'protobuf') => {
      if (encoding === 'json') return JSON.parse(body)
      const status: { code?: unknown, message?: string } = {}
      const reader = new MessageReader(Buffer.from(body))
      while (reader.next()) {
        if (reader.field === 1) status.code = reader.integer()
        else status.message = reader.string()
      }
      return status
    }

    for (const encoding of encodings) {
      const headers = { ...authorization, 'content-type': types[encoding] }
      const full = { status: 200, headers: { 'content-type': types[encoding] }, body: encoding === 'json' ? '{}' : '' }

      await t.test(`stores what comes in ${encoding}, packed or not, on both paths, and answers an empty message`, async (t) => {
        t.match(await post(port, '/v1/logs', bodies[encoding], headers), full)
        await knex('ingest_batches').delete()
        t.match(await post(port, '/otlp/v1/logs', gzipSync(bodies[encoding]), { ...headers, 'content-encoding': 'gzip' }), full)
        t.equal(await count(knex), 4)
      })

      await t.test(`stores it in ${encoding} under another content type, too`, async (t) => {
        t.match(await post(port, '/v1/logs', bodies[encoding], { ...authorization, 'content-type': 'text/plain' }), full)
        t.equal(await count(knex), 2)
      })

      await t.test(`stores the good logs of ${encoding}, tells of the others, and keeps them as dead letters`, async (t) => {
        const good = encodeBytes(5, encodeBytes(1, 'good'))
        const body = encoding === 'json' ? request([{ body: { stringValue: 'good' } }, 5, { body: { stringValue: 'good' } }]) : protobufRequest([good, Buffer.from([0x2a, 9]), good])
        const answer = await post(port, '/v1/logs', body, headers)
        t.equal(answer.status, 200)
        if (encoding === 'json') t.strictSame(JSON.parse(answer.body), { partialSuccess: { rejectedLogRecords: '1', errorMessage: 'log 1: logRecords must hold objects' } })
        else t.strictSame(Buffer.from(answer.body), encodeBytes(1, Buffer.concat([encodeInteger(1, 1), encodeBytes(2, 'log 1: body must be protobuf: it ends within a field')])))
        t.strictSame((await arrived(knex)).map(({ message }) => message), ['good', 'good'])
        t.match(await loggerbot(['dead-letters', 'list'], { env }), { stdout: new RegExp(`"source":"otlp-${encoding}"`) })
        t.match(await loggerbot(['dead-letters', 'replay'], { env }), { stdout: '0 stored, 1 left\n' })
        await knex('dead_letters').delete()
      })

      await t.test(`stores what stands before the end of a ${encoding} body that was cut off`, async (t) => {
        t.equal((await post(port, '/v1/logs', encoding === 'json' ? bodies.json.subarray(0, -100) : Buffer.concat([bodies.protobuf, Buffer.from([0x0a, 9])]), headers)).status, 200)
        t.equal((await arrived(knex))[0]!.message, 'failed')
        await knex('dead_letters').delete()
      })

      const unusable = { 'a broken body': 'nonsense', 'a body with no log that can be used': encoding === 'json' ? request([1]) : protobufRequest([Buffer.from([1])]) }
      for (const [what, body] of Object.entries(unusable)) {
        await t.test(`answers 400 with a Status in ${encoding} to ${what}, and keeps it as a dead letter`, async (t) => {
          const answer = await post(port, '/v1/logs', body, headers)
          t.match(answer, { status: 400, headers: { 'content-type': types[encoding] } })
          t.match(statusOf(answer.body, encoding), { code: 3, message: /^1 of 1 logs can't be used; the first is log 0: / })
          t.match(await knex('dead_letters'), [{ source: `otlp-${encoding}` }])
          t.equal(await count(knex), 0)
          await knex('dead_letters').delete()
        })
      }

      const refused: Record<string, [headers: Record<string, string>, body: string | Buffer, status: number, code: number]> = {
        'no credential': [{ 'content-type': types[encoding] }, bodies[encoding], 401, 16],
        'a wrong token': [{ ...headers, authorization: 'Bearer lb_wrong' }, bodies[encoding], 401, 16],
        'a token that may not write': [{ ...headers, authorization: `Bearer ${await createToken(service, 'alice', ['read'])}` }, bodies[encoding], 403, 7],
        'a body that is not packed as it says': [{ ...headers, 'content-encoding': 'gzip' }, bodies[encoding], 400, 3],
        'a body that is too large': [headers, Buffer.alloc(200_001, ' '), 413, 8],
        'one that is too large unpacked': [{ ...headers, 'content-encoding': 'gzip' }, gzipSync(Buffer.alloc(200_001, ' ')), 413, 8]
      }
      for (const [what, [headers, body, status, code]] of Object.entries(refused)) {
        await t.test(`answers ${status} with a Status in ${encoding} to ${what}, and stores nothing`, async (t) => {
          const answer = await post(port, '/v1/logs', body, headers)
          t.match(answer, { status, headers: { 'content-type': types[encoding] } })
          t.match(statusOf(answer.body, encoding), { code, message: /./ })
          t.equal(await count(knex), 0)
          t.equal((await knex('dead_letters')).length, 0)
        })
      }
    }

    await t.test('an empty body is a request in protobuf, of no logs, and none in JSON', async (t) => {
      t.match(await post(port, '/v1/logs', '', { ...authorization, 'content-type': types.protobuf }), { status: 200, body: '' })
      t.match(await post(port, '/v1/logs', '', { ...authorization, 'content-type': types.json }), { status: 400 })
      t.match(await post(port, '/v1/logs', '{"resourceLogs":[]}', { ...authorization, 'content-type': types.json }), { status: 200, body: '{}' })
    })

    const strange: Record<string, [encoding: 'json' | 'protobuf', body: string | Buffer, detail: string]> = {
      'an empty object': ['json', '{}', 'body must have resourceLogs'],
      'an object of other names': ['json', '{"logs":[{"body":"x"}]}', 'body must have resourceLogs'],
      'a resource of other names': ['json', '{"resourceLogs":[{"resource":{},"instrumentationLibraryLogs":[{"logRecords":[{}]}]}]}', 'resourceLogs must have scopeLogs'],
      'a scope of other names': ['json', '{"resourceLogs":[{"scopeLogs":[{"logs":[{}]}]}]}', 'scopeLogs must have logRecords'],
      'a message of other fields': ['protobuf', encodeBytes(9, 'x'), 'body must have resource_logs']
    }
    for (const [what, [encoding, body, detail]] of Object.entries(strange)) {
      await t.test(`answers 400 to ${what}, of which nothing is a log, and keeps it`, async (t) => {
        await knex('dead_letters').delete()
        t.match(await post(port, '/v1/logs', body, { ...authorization, 'content-type': types[encoding] }), { status: 400, headers: { 'x-error-detail': `1 of 1 logs can't be used; the first is log 0: ${detail}` } })
        t.match(await knex('dead_letters'), [{ source: `otlp-${encoding}` }])
        await knex('dead_letters').delete()
      })
    }

    await t.test('reads JSON by the names of protobuf', async (t) => {
      const log = {
        time_unix_nano: '1700000000123456789',
        severity_number: 17,
        severity_text: 'Bad',
        trace_id: 'AB',
        event_name: 'e',
        dropped_attributes_count: 2,
        body: { string_value: 'hello' },
        attributes: [{ key: 'n', value: { int_value: '7' } }, { key: 'list', value: { array_value: { values: [{ bool_value: true }, { kvlist_value: { values: [{ key: 'd', value: { double_value: 0.5 } }] } }] } } }]
      }
      const resource = { attributes: [{ key: 'service.name', value: { string_value: 'shop' } }] }
      const body = { resource_logs: [{ resource, schema_url: 's', scope_logs: [{ scope: { name: 'orders' }, log_records: [log] }] }] }
      t.match(await post(port, '/v1/logs', body, { ...authorization, 'content-type': types.json }), { status: 200, body: '{}' })
      t.match(await arrived(knex), [{
        at: '2023-11-14 22:13:20.123456',
        level: 'error',
        process: 'shop',
        description: 'orders',
        message: 'hello',
        attributes: { n: 7, list: [true, { d: 0.5 }], trace_id: 'ab', event_name: 'e', dropped_attributes_count: 2, resource: { schema_url: 's' } }
      }])
    })

    await t.test('answers traces and metrics, of which none is kept, so that their senders go on', async (t) => {
      for (const path of ['/v1/traces', '/v1/metrics', '/otlp/v1/traces']) {
        t.match(await post(port, path, Buffer.from([0x0a, 0]), { ...authorization, 'content-type': types.protobuf }), { status: 200, body: '', headers: { 'content-type': types.protobuf } }, path)
        t.match(await post(port, path, '{"resourceSpans":[]}', { ...authorization, 'content-type': types.json }), { status: 200, body: '{}', headers: { 'content-type': types.json } }, path)
        t.equal((await post(port, path, '', { 'content-type': types.json })).status, 401, path)
      }
      t.equal(await count(knex), 0)
    })

    await t.test('the same request again under its Idempotency-Key is stored once', async (t) => {
      const headers = { ...authorization, 'content-type': types.protobuf, 'idempotency-key': 'a' }
      await post(port, '/v1/logs', bodies.protobuf, headers)
      t.match(await post(port, '/v1/logs', bodies.protobuf, headers), { status: 200, headers: { 'idempotency-replayed': 'true' } })
      t.equal(await count(knex), 2)
    })

    await t.test('what a decoder refused once is stored by a replay once it can be read', async (t) => {
      await post(port, '/v1/logs', request([{}, 5], { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] }), { ...authorization, 'content-type': types.json })
      await knex('user_logs').delete()
      await knex('dead_letters').update({ record: request([{ body: { stringValue: 'mended' } }]).toString() })
      t.match(await loggerbot(['dead-letters', 'replay'], { env }), { stdout: '1 stored, 0 left\n' })
      t.match(await arrived(knex), [{ message: 'mended' }])
    })

    await t.test('a database that is away is 503, to be sent again', async (t) => {
      await knex.schema.renameTable('user_logs', 'gone')
      const answer = await post(port, '/v1/logs', bodies.protobuf, { ...authorization, 'content-type': types.protobuf })
      t.match(answer, { status: 503, headers: { 'retry-after': /^\d+$/ } })
      t.match(statusOf(answer.body, 'protobuf'), { code: 14 })
      await knex.schema.renameTable('gone', 'user_logs')
    })
  })
}
