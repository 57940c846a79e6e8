// Whatever comes, decoding takes time in proportion to its bytes, and stands in nobody's way.
import { Readable } from 'node:stream'
import t from 'tap'
import { decodeDatadog } from '../../../src/decode/datadog.ts'
import { collect, type Step } from '../../../src/decode/steps.ts'
import { decodeBulkPieces } from '../../../src/decode/elasticsearch.ts'
import { limitAttributes } from '../../../src/decode/record/fields.ts'
import { decodeGelf } from '../../../src/decode/gelf/index.ts'
import { bounded, maxAttributes } from '../../../src/decode/limits.ts'
import { decodeHec } from '../../../src/decode/hec.ts'
import { decodeJournalEntry } from '../../../src/decode/journal.ts'
import { decodeJsonLog, jsonReading } from '../../../src/decode/json/logs.ts'
import { decodeLoki } from '../../../src/decode/loki/index.ts'
import { decodeOtlp } from '../../../src/decode/otlp/index.ts'
import { encodeBytes } from '../../../src/decode/protobuf.ts'
import { decodePythonRecord } from '../../../src/decode/python-record.ts'
import { decodeSeq } from '../../../src/decode/seq.ts'
import { decodeSyslog } from '../../../src/decode/syslog/index.ts'
import { unsnap } from '../../../src/decode/unpack/snappy.ts'
import { unzstd } from '../../../src/decode/unpack/zstd.ts'
import { TooLarge } from '../../../src/errors.ts'
import { databases } from '../../helpers/databases.ts'
import { piecesOf } from '../../helpers/fuzz.ts'
import { growsLinearly } from '../../helpers/growth.ts'
import { post } from '../../helpers/http.ts'
import { count, createUser, log, send, startService } from '../../helpers/service.ts'

const arrival = '2026-01-02 03:04:05.000000'

const json = (body: Buffer) => decodeJsonLog(body, 0, { reading: jsonReading, arrival })
const datadog = (body: Buffer) => decodeDatadog(body, arrival)
const hec = (body: Buffer) => decodeHec(body, arrival)
const seq = (body: Buffer) => decodeSeq(body, arrival)
const gelf = (body: Buffer) => decodeGelf(body, arrival)
const bulk = (body: Buffer) => decodeBulkPieces(body, arrival)
const journal = (body: Buffer) => decodeJournalEntry(body, 0, arrival)
const lokiJson = (body: Buffer) => decodeLoki(body, 'json', arrival)
const lokiProtobuf = (body: Buffer) => decodeLoki(body, 'protobuf', arrival)
const otlpJson = (body: Buffer) => decodeOtlp(body, 'json', arrival)
const python = function * (body: Buffer): Generator<Step, void, void> { yield yield * decodePythonRecord(body, arrival) }
const otlpProtobuf = (body: Buffer) => decodeOtlp(body, 'protobuf', arrival)

const list = (size: number, element: (index: number) => unknown) => Array.from({ length: size }, (_, index) => element(index))
/** `{"a":1,"a_":1,"a__":1}`: each name is the one before with `_` at its end. */
const colliding = (size: number) => Object.fromEntries(list(size, (index) => [`a${'_'.repeat(index)}`, 1]) as Array<[string, number]>)
const wide = (size: number) => Object.fromEntries(list(size, (index) => [`name${index}`, index]) as Array<[string, number]>)

/** Bodies by their size, small enough that none is refused for its size. */
const bodies: Record<string, [decode: (body: Buffer) => Iterable<Step>, small: number, body: (size: number) => unknown]> = {
  'Datadog: a tag that comes again': [datadog, 900, (size) => [{ message: 'x', ddtags: 'a:1,'.repeat(size) }]],
  'Datadog: tags of all names': [datadog, 900, (size) => [{ message: 'x', ddtags: list(size, (index) => `t${index}`).join() }]],
  'Datadog: more tags than are kept apart': [datadog, 20_000, (size) => [{ message: 'x', ddtags: 'a:1,'.repeat(size) }]],
  'Datadog: commas': [datadog, 100_000, (size) => [{ message: 'x', ddtags: ','.repeat(size) }]],
  'HEC: many names': [hec, 1000, (size) => ({ event: wide(size), fields: wide(size) })],
  'Seq: many names': [seq, 1000, (size) => ({ Timestamp: 'x', ...wide(size), Properties: wide(size) })],
  'GELF: many names': [gelf, 1000, (size) => ({ short_message: 'm', ...Object.fromEntries(Object.keys(wide(size)).flatMap((name) => [[name, 1], [`_${name}`, 2]])) })],
  'JSON: a list in a list': [json, 3000, (size) => [list(size, () => ({}))]],
  'JSON: a log of many lists': [json, 3000, (size) => ({ msg: 'm', list: list(size, () => []) })],
  'JSON: blanks': [json, 100_000, (size) => `${' '.repeat(size)}{}`],
  'Python: a field that comes again': [python, 4000, (size) => `msg=m${'&a=1'.repeat(size)}`],
  'Python: many names': [python, 4000, (size) => `msg=m${list(size, (index) => `&n${index}=1`).join('')}`],
  'Python: escapes': [python, 50_000, (size) => `msg=${'%41+%'.repeat(size)}`],
  'Seq: a template of one property': [seq, 2000, (size) => ({ '@mt': '{A}'.repeat(size), A: 1 })],
  'Seq: a template of braces': [seq, 6000, (size) => ({ '@mt': '{'.repeat(size) })],
  'journal: a field that comes again': [journal, 3000, (size) => `MESSAGE=m\n${'A=\n'.repeat(size)}`],
  '_bulk: actions without a document': [bulk, 9000, (size) => '{"delete":{}}\n'.repeat(size)],
  '_bulk: lines that are none': [bulk, 9000, (size) => '{\n'.repeat(size)],
  'Loki: empty streams': [lokiJson, 30_000, (size) => ({ streams: list(size, () => ({})) })],
  'Loki: streams without entries': [lokiJson, 10_000, (size) => ({ streams: list(size, () => ({ values: [] })) })],
  'Loki: a member before all others': [lokiJson, 30_000, (size) => `{"streams":[{${'"a":1,'.repeat(size)}"values":[["1","m"]]}]}`],
  'Loki, protobuf: empty streams': [lokiProtobuf, 50_000, (size) => Buffer.alloc(2 * size, Buffer.from([0x0a, 0]))],
  'Loki, protobuf: metadata without a name': [lokiProtobuf, 4000, (size) => encodeBytes(1, encodeBytes(2, Buffer.alloc(2 * size, Buffer.from([0x1a, 0]))))],
  'OTLP: empty resources': [otlpJson, 30_000, (size) => ({ resourceLogs: list(size, () => ({})) })],
  'OTLP: empty scopes': [otlpJson, 30_000, (size) => ({ resourceLogs: [{ scopeLogs: list(size, () => ({})) }] })],
  'OTLP, protobuf: empty resources': [otlpProtobuf, 50_000, (size) => Buffer.alloc(2 * size, Buffer.from([0x0a, 0]))],
  'OTLP, protobuf: empty scopes': [otlpProtobuf, 50_000, (size) => encodeBytes(1, Buffer.alloc(2 * size, Buffer.from([0x12, 0])))],
  'OTLP, protobuf: attributes without a name': [otlpProtobuf, 4000, (size) => encodeBytes(1, encodeBytes(2, encodeBytes(2, Buffer.alloc(2 * size, Buffer.from([0x32, 0])))))]
}
for (const [what, [decode, small, body]] of Object.entries(bodies)) {
  await t.test(`decodes in linear time ${what}`, async (t) => {
    growsLinearly(t, what, {
      small,
      input (size) {
        const value = body(size)
        return Buffer.isBuffer(value) ? value : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
      },
      work: (body) => [...decode(body)]
    })
  })
}

/** What Snappy's header says of a length, in as many bytes whatever the length. */
const snappyLength = (length: number) => Buffer.from([0, 7, 14].map((shift) => (length >> shift & 0x7f) | 0x80).concat(length >> 21))

await t.test('unpacks Snappy in linear time', async (t) => {
  growsLinearly(t, 'literals of a byte', { small: 100_000, input: (size) => Buffer.concat([snappyLength(size), Buffer.alloc(2 * size, Buffer.from([0, 0x61]))]), work: (packed) => unsnap(packed, Infinity) })
  growsLinearly(t, 'copies of four bytes', { small: 100_000, input: (size) => Buffer.concat([snappyLength(1 + 4 * size), Buffer.from([0, 0x61]), Buffer.alloc(2 * size, Buffer.from([1, 1]))]), work: (packed) => unsnap(packed, Infinity) })
})

await t.test('unpacks Zstandard in turns, in proportion to what comes of it', async (t) => {
  /** A frame of blocks that each repeat one byte. */
  const frame = (blocks: number, size: number) => {
    const block = (isLast: number) => Buffer.from([isLast | 1 << 1 | (size << 3 & 0xff), size >> 5 & 0xff, size >> 13 & 0xff, 0x61])
    return Buffer.concat([Buffer.from('28b52ffd0058', 'hex'), ...Array<Buffer>(blocks - 1).fill(block(0)), block(1)])
  }
  const unpack = async (packed: Buffer) => {
    const start = process.cpuUsage()
    let bytes = 0
    for await (const part of unzstd(Readable.from([packed], { objectMode: false }))) bytes += part.length
    const { user, system } = process.cpuUsage(start)
    return { bytes, ms: (user + system) / 1000 }
  }
  /** The first run compiles the code. */
  const best = async (packed: Buffer) => {
    const runs = [await unpack(packed), await unpack(packed), await unpack(packed)]
    return runs.reduce((one, other) => one.ms < other.ms ? one : other)
  }
  for (const [blocks, size] of [[300, 1], [20, 128 * 1024]] as const) {
    const small = await best(frame(blocks, size))
    const large = await best(frame(10 * blocks, size))
    t.equal(large.bytes, 10 * small.bytes)
    t.ok(large.ms < 50 * Math.max(small.ms, 1), `${large.ms} ms of CPU for ten times what took ${small.ms}`)
  }
})

await t.test('does not fill in a template of Seq without bound', async (t) => {
  const event = (template: string) => Buffer.from(JSON.stringify({ '@mt': template, A: 'x'.repeat(1_000_000) }))
  for (const template of ['{A}'.repeat(10_000), '{A}'.repeat(30_000)]) t.match(piecesOf(seq(event(template))), [{ message: template }])
  t.match(piecesOf(seq(event('{A}{A}'))), [{ message: 'x'.repeat(2_000_000) }])
})

await t.test('keeps more labels than a stream has as one text', async (t) => {
  const stream = wide(1001)
  const [record] = piecesOf(lokiJson(Buffer.from(JSON.stringify({ streams: [{ stream, values: [['1', 'm']] }] }))))
  t.match(record, { message: 'm', attributes: { labels: JSON.stringify(stream) } })
})

await t.test('finds what is a log\'s own behind ten thousand other fields', async (t) => {
  const fields = { ...wide(12_000), level: 'error' }
  for (const [decode, body] of [
    [json, { ...fields, msg: 'm' }],
    [hec, { event: { ...fields, msg: 'm' } }],
    [gelf, { ...fields, level: 3, short_message: 'm' }],
    [datadog, { ...fields, message: 'm' }],
    [seq, { Timestamp: '2026-01-01T00:00:00Z', Properties: wide(12_000), Level: 'Error', RenderedMessage: 'm' }]
  ] as const) t.match(piecesOf(decode(Buffer.from(JSON.stringify(body)))), [{ message: 'm', severity: 'error', attributes: { name0: 0, more_attributes: /"name11999":11999/ } }])
})

// Their bodies grow with the square of how many names there are.
for (const [what, decode, body] of [
  ['HEC', hec, (size: number) => ({ event: colliding(size), fields: colliding(size) })],
  ['Seq', seq, (size: number) => ({ Timestamp: 'x', ...colliding(size), Properties: colliding(size) })]
] as const) {
  await t.test(`decodes in linear time ${what}: names that collide`, async (t) => {
    growsLinearly(t, what, { small: 10_000, input: (bytes) => Buffer.from(JSON.stringify(body(Math.round(Math.sqrt(bytes))))), work: (body) => [...decode(body)] })
  })
}

await t.test('decodes in linear time syslog: parameters that come again', async (t) => {
  const message = (size: number) => ({ bytes: Buffer.from(`<13>1 - - - - - [loggerbot ${'token="x" '.repeat(size)}] m`), arrivedAt: 0, address: '' })
  growsLinearly(t, 'tokens', { small: 4000, input: message, work: decodeSyslog })
  t.equal(decodeSyslog(message(40_000)).token, 'x')
  t.throws(() => decodeSyslog(message(1_100_000)), { code: 'LOGGER_BAD_REQUEST' })
})

await t.test('refuses what walks too far, in turns with others', async (t) => {
  for (const [decode, body] of [
    [lokiProtobuf, Buffer.alloc(4_000_000, Buffer.from([0x0a, 0]))],
    [otlpProtobuf, Buffer.alloc(4_000_000, Buffer.from([0x0a, 0]))],
    [lokiJson, Buffer.from(`{"streams":[${'{},'.repeat(1_500_000)}{}]}`)],
    [bulk, Buffer.from('{"delete":{}}\n'.repeat(200_000))]
  ] as const) {
    let turns = 0
    let isDone = false
    const count = () => {
      turns++
      if (!isDone) setImmediate(count)
    }
    setImmediate(count)
    await t.rejects(collect(bounded(decode(body))), TooLarge)
    isDone = true
    t.ok(turns > 3, `${turns} turns`)
  }
})

await t.test('keeps what is beyond the attributes of a log as one text', async (t) => {
  const [record] = piecesOf(json(Buffer.from(JSON.stringify({ msg: 'm', ...wide(maxAttributes + 5), ['x'.repeat(2000)]: true }))))
  const { attributes } = record as { attributes: Record<string, unknown> }
  t.equal(Object.keys(attributes).length, maxAttributes)
  const more = JSON.parse(attributes.more_attributes as string)
  t.strictSame({ ...attributes, more_attributes: undefined, ...more }, { ...wide(maxAttributes + 5), ['x'.repeat(2000)]: true, more_attributes: undefined })
  t.strictSame(limitAttributes({ more_attributes: 1, ['y'.repeat(2000)]: 2 }), { more_attributes: 1, more_attributes_: `{"${'y'.repeat(2000)}":2}` })
})

for (const database of databases) {
  await t.test(`POST /send_logs on ${database.name} reads a large body in turns, and takes 100,000 logs at most`, async (t) => {
    const service = await startService(t, database)
    await createUser(service, 'alice')
    const logs = (count: number, msg: unknown = 'm') => Array.from({ length: count }, () => log({ msg }))
    const wrong = '0'.repeat(32)
    t.equal((await send(service, 'alice', wrong, logs(50_000))).status, 403)
    t.match(await send(service, 'alice', wrong, [...logs(50_000), log({ level: 'loud' })]), { status: 400, headers: { 'x-error-detail': /^data\.logs\[50000\]\.level must be/ } })
    t.match(await post(service.port, '/send_logs', `{"data":${'[{}],'.repeat(100_000)}}`, { 'x-user-token': wrong }), { status: 400, headers: { 'x-error-detail': 'body must be JSON' } })
    const body = JSON.stringify({ data: { user: 'alice', pid: 1, p_name: 'p', post_time: '2020-05-05T12:22:23', logs: Array(100_001).fill({ level: 1, msg: '', event_at: '2020-05-05T12:22', p_description: '' }) } })
    t.match(await post(service.port, '/send_logs', body, { 'x-user-token': wrong }), { status: 413, headers: { 'x-error-detail': 'data.logs must hold at most 100000 logs' } })
    t.equal(await count(service.knex), 0)
  })
}
