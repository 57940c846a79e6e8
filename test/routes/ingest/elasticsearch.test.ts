import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import fc from 'fast-check'
import t from 'tap'
import { decodeBulk, type BulkItem } from '../../../src/decode/elasticsearch.ts'
import { piecesOf } from '../../helpers/fuzz.ts'
import { loggerbot as plugin } from '../../../src/index.ts'
import type { LogRecord } from '../../../src/model/record.ts'
import type { MysqlOptions } from '../../../src/store/dialects/dialect.ts'
import { Proxy } from '../../helpers/proxy.ts'
import { until } from '../../helpers/until.ts'
import { loggerbot, root } from '../../helpers/command.ts'
import { databases, environmentOf, mariadb, openKnex, temporaryFolder } from '../../helpers/databases.ts'
import { http, post } from '../../helpers/http.ts'
import { apiKey, arrived, basic, count, createToken, createUser, startService } from '../../helpers/service.ts'

const arrival = '2026-01-02 12:00:00.000000'
const decode = (body: string | Buffer, target?: string) => piecesOf(decodeBulk(Buffer.from(body as string), target, arrival))
const lines = (...values: unknown[]) => values.map((value) => `${typeof value === 'string' ? value : JSON.stringify(value)}\n`).join('')
const create = { create: { _index: 'logs' } }
const reasonOf = ({ piece }: BulkItem) => piece && 'reason' in piece ? piece.reason : undefined

t.test('decodeBulk', async (t) => {
  const documents: Record<string, [document: Record<string, unknown>, record: Record<string, unknown>]> = {
    'nothing known': [{ a: 1 }, { eventAt: arrival, severity: 'info', message: '{"a":1}', processName: 'logs', pid: 0, description: '', attributes: { _index: 'logs', a: 1 } }],
    'the Elastic Common Schema, nested': [
      { '@timestamp': '2026-01-02T03:04:05.678Z', message: 'm', log: { level: 'WARN', logger: 'a.B', origin: { line: 7 } }, service: { name: 'shop', id: 'x' }, process: { pid: 12, thread: { id: 1 } } },
      { eventAt: '2026-01-02 03:04:05.678000', severity: 'warning', message: 'm', processName: 'shop', pid: 12, description: 'a.B', attributes: { log: { origin: { line: 7 } }, service: { id: 'x' }, process: { thread: { id: 1 } } } }
    ],
    'the Elastic Common Schema, dotted': [
      { 'log.level': 'error', 'process.name': 'shop', 'process.pid': 12, 'ecs.version': '1.6' },
      { severity: 'error', processName: 'shop', pid: 12, attributes: { _index: 'logs', 'ecs.version': '1.6' } }
    ],
    'a logger beside a process': [{ msg: 'm', name: 'shop', logger: 'orders' }, { processName: 'shop', description: 'orders', attributes: { logger: undefined } }],
    'a logger alone': [{ 'log.logger': 'orders' }, { processName: 'orders', description: 'orders' }],
    'pino\'s': [{ level: 50, time: 1767323045678, msg: 'm', name: 'shop', pid: 12, hostname: 'h' }, { eventAt: '2026-01-02 03:04:05.678000', severity: 'error', message: 'm', processName: 'shop', pid: 12, attributes: { hostname: 'h' } }],
    'Fluent Bit\'s': [{ '@timestamp': '2026-01-02T03:04:05.678Z', log: 'line' }, { message: 'line' }],
    'a severity of syslog': [{ log: { syslog: { severity: { code: 4, name: 'Warning' } } } }, { severity: 'warning', message: '{"log":{"syslog":{"severity":{"code":4,"name":"Warning"}}}}', attributes: { log: { syslog: { severity: { code: 4 } } } } }],
    'nanoseconds as a number': [{ time: 1767323045678901234n }, { eventAt: '2026-01-02 03:04:05.678901' }],
    'what can\'t be read as its name says': [{ '@timestamp': 'soon', level: 'loud', pid: -1 }, { eventAt: arrival, severity: 'info', pid: 0, attributes: { '@timestamp': 'soon', level: 'loud', pid: -1 } }],
    'a time that can\'t be right': [{ '@timestamp': '1970-01-01T00:00:35Z', msg: 'm' }, { eventAt: arrival, attributes: { '@timestamp': '1970-01-01T00:00:35Z' } }],
    'names in any case, one step down': [{ Level: 'FTL', Fields: { Message: 'm' } }, { severity: 'critical', message: 'm', attributes: { _index: 'logs' } }],
    'numbers beyond 2^53': [{ big: 12345678901234567890n }, { attributes: { big: '12345678901234567890' } }]
  }
  for (const [what, [document, record]] of Object.entries(documents)) {
    await t.test(`maps ${what}`, async (t) => {
      const text = JSON.stringify(document, (_, value) => typeof value === 'bigint' ? `#${value}` : value).replaceAll(/"#(\d+)"/g, '$1')
      t.match(decode(lines(create, text)), [{ piece: record }])
    })
  }

  const asked: Record<string, [body: string, items: Array<Record<string, unknown>>]> = {
    'each action, in order': [
      lines({ create: { _index: 'a' } }, { msg: 'm' }, { index: { _index: 'b', _id: 'x' } }, { msg: 'm' }, { update: { _id: 7 } }, { doc: { msg: 'm' } }, { delete: { _index: 'c', _id: 'y' } }, { index: { op_type: 'create' } }, { msg: 'm' }),
      [{ action: 'create', index: 'a' }, { action: 'index', index: 'b', id: 'x', piece: { attributes: { _index: 'b', _id: 'x' } } }, { action: 'update', index: 'logs', id: '7', piece: { message: 'm' } }, { action: 'delete', index: 'c', id: 'y', piece: undefined }, { action: 'create' }]
    ],
    'an action with other keys beside it, which Elasticsearch 8 ignores': [
      lines({ index: { _index: 'a', pipeline: null }, attempts: 0 }, { msg: 'm' }, { attempts: 1, create: { _index: 'b' } }, { msg: 'n' }),
      [{ action: 'index', index: 'a', piece: { message: 'm' } }, { action: 'create', index: 'b', piece: { message: 'n' } }]
    ],
    'a document in Latin-1': [Buffer.from(lines({ create: {} }, { msg: 'Größe' }), 'latin1') as unknown as string, [{ piece: { message: 'Größe' } }]],
    'the upsert of an update without a doc': [lines({ update: { _id: 'x' } }, { script: 's', upsert: { msg: 'm' } }), [{ piece: { message: 'm' } }]],
    'a last line without an end, lines that end as in Windows, and blank ones': ['\n\r\n{"create":{}}\r\n{"msg":"a"}\r\n\n{"create":{}}\n{"msg":"b"}', [{ piece: { message: 'a' } }, { piece: { message: 'b' } }]],
    'a document that is no object, beside others': [
      lines(create, [1], create, '{"msg":', create, { msg: 'm' }, create, '', create),
      [{ piece: { reason: 'the document must be a JSON object', index: 0, raw: '{"create":{"_index":"logs"}}\n[1]' } }, { piece: { reason: /^body must be JSON/, index: 1 } }, { piece: { message: 'm' } }, { piece: { reason: 'the document is missing' } }, { piece: { reason: 'the document is missing' } }]
    ],
    'a document without a field, which says nothing': [
      lines(create, {}, { index: { _id: 'x' } }, {}, { update: { _id: 'y' } }, { doc: {}, filler: 'x'.repeat(70_000) }),
      [0, 1, 2].map((index) => ({ piece: { reason: 'a log must have a field', index } }))
    ],
    'an update without a document': [lines({ update: { _id: 'x' } }, { script: 's' }), [{ piece: { reason: 'an update must have a doc that is a JSON object' } }]],
    'lines that ask for nothing known, up to the next that does': [
      lines({ upsert: {} }, { msg: 'lost' }, 'nonsense', { create: 1 }, { create: {}, index: {} }, create, { msg: 'm' }, { msg: 'more' }),
      [{ isMalformed: true, action: 'index', piece: { reason: /^the line before a document must be/, raw: /^\{"upsert":\{\}\}\n\{"msg":"lost"\}\nnonsense\n.*\n.*$/ } }, { piece: { message: 'm' } }, { isMalformed: true, piece: { raw: '{"msg":"more"}' } }]
    ]
  }
  for (const [what, [body, items]] of Object.entries(asked)) {
    await t.test(`reads ${what}`, async (t) => {
      const read = decode(body)
      t.match(read, items)
      t.equal(read.length, items.length)
    })
  }

  await t.test('gives what was encoded', async (t) => {
    const text = fc.string({ unit: 'grapheme' })
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 3 }, text, fc.boolean(), fc.constant(null), fc.maxSafeInteger(), fc.array(tie('value')), fc.dictionary(text.map((name) => `x${name}`), tie('value'), { noNullPrototype: true }))
    }))
    const log = fc.record({ id: fc.option(fc.string({ minLength: 1 })), message: text, fields: fc.dictionary(text.map((name) => `x${name}`), value, { noNullPrototype: true }) })
    fc.assert(fc.property(fc.array(log), (logs) => {
      const items = decode(lines(...logs.flatMap(({ id, message, fields }) => [{ index: { _index: 'i', _id: id } }, { ...fields, message }])))
      t.strictSame(items.map(({ id = null, piece }) => {
        const { message, attributes } = piece as LogRecord
        return { id, message, attributes }
      }), logs.map(({ id, message, fields }) => ({ id, message: message || JSON.stringify({ ...fields, message }), attributes: { ...fields, _index: 'i', ...id !== null && { _id: id } } })))
    }))
  })

  await t.test('reads any bytes, and what is left of real bodies', async (t) => {
    const real = JSON.parse(readFileSync(join(root, 'test/fixtures/elasticsearch.json'), 'utf8')) as string[]
    for (const body of real) t.notOk(decode(body).some(reasonOf))
    const cut = fc.record({ body: fc.constantFrom(...real), at: fc.nat(500), byte: fc.nat(255), doubled: fc.boolean() }).map(({ body, at, byte, doubled }) => {
      const bytes = Buffer.from(doubled ? body.slice(0, at) + body : body)
      if (bytes.length > 0) bytes[at % bytes.length] = byte
      return bytes.subarray(0, doubled ? undefined : at + 200)
    })
    fc.assert(fc.property(fc.oneof(cut, fc.uint8Array({ maxLength: 500 }).map((bytes) => Buffer.from(bytes))), (body) => {
      const items = piecesOf(decodeBulk(body, undefined, arrival))
      t.ok(items.length <= body.length)
    }), { numRuns: 2000 })
  })

  await t.test('never looks at more than a hundred bad lines at a time', async (t) => {
    const items = decode('1\n'.repeat(1001))
    t.equal(items.length, 11)
    t.equal(items.map(({ piece }) => (piece as { raw: string }).raw.split('\n').length).reduce((one, other) => one + other), 1001)
  })
})

for (const database of databases) {
  t.test(`Elasticsearch's _bulk on ${database.name}`, async (t) => {
    const service = await startService(t, database, { settings: { LOGGER_BODY_LIMIT: '100000' } })
    const other = await startService(t, database, { database: service.options })
    const { port, knex } = service
    await createUser(service, 'alice')
    await createUser(service, 'bob')
    const token = await createToken(service, 'alice')
    const key = { authorization: `ApiKey ${token}` }
    const bulk = (body: string | Buffer, path = '/_bulk', headers: Record<string, string> = {}, to = service) => post(to.port, path, body, { ...key, 'content-type': 'application/x-ndjson', ...headers })
    const env = environmentOf(service.options)
    t.beforeEach(async () => {
      for (const table of ['user_logs', 'ingest_batches', 'dead_letters']) await knex(table).delete()
    })

    await t.test('answers every item in order, in compact JSON, its keys as Elasticsearch has them', async (t) => {
      const answer = await bulk(lines({ create: { _index: 'a' } }, { msg: 'one' }, { index: { _index: 'a', _id: 'x' } }, { msg: 'two' }, { delete: { _index: 'a', _id: 'y' } }, { create: {} }, [1], 'nonsense', { update: { _id: 'z' } }, { doc: { msg: 'three' } }), '/b/_bulk')
      t.match(answer, { status: 200, headers: { 'x-elastic-product': 'Elasticsearch', 'content-type': /^application\/json/ } })
      t.match(answer.body, /^\{"took":\d+,"errors":true,"items":\[\{"create":\{"_index":"a","_id":"[\w-]{20}","_version":1,"result":"created","_shards":\{"total":1,"successful":1,"failed":0\},"_seq_no":0,"_primary_term":1,"status":201\}\},/)
      t.match(JSON.parse(answer.body).items, [
        { create: { status: 201 } },
        { index: { _index: 'a', _id: 'x', result: 'created', status: 201 } },
        { delete: { _index: 'a', _id: 'y', result: 'not_found', status: 404 } },
        { create: { _index: 'b', _id: null, status: 400, error: { type: 'document_parsing_exception', reason: 'the document must be a JSON object' } } },
        { index: { _index: 'b', status: 400, error: { type: 'illegal_argument_exception' } } },
        { update: { _index: 'b', _id: 'z', result: 'created', status: 201 } }
      ])
      t.strictSame((await arrived(knex)).map(({ message }) => message).sort(), ['one', 'three', 'two'])
      t.notOk(JSON.parse((await bulk(lines(create, { msg: 'm' }, { delete: { _id: 'y' } }))).body).errors, 'nothing to delete is no error')
    })

    await t.test('answers 200 with an error for each item where no document can be a log', async (t) => {
      for (const path of ['/_bulk', '/elasticsearch/logs/_bulk']) {
        const { status, body } = await bulk(lines(create, {}, create, [1], { index: { _index: 'logs', _id: 'x' } }, '{"msg":'), path)
        t.equal(status, 200)
        t.equal(JSON.parse(body).errors, true)
        t.match(JSON.parse(body).items, [
          { create: { _index: 'logs', status: 400, error: { type: 'document_parsing_exception', reason: 'a log must have a field' } } },
          { create: { status: 400, error: { reason: 'the document must be a JSON object' } } },
          { index: { _id: 'x', status: 400, error: { reason: /^body must be JSON/ } } }
        ])
      }
      t.equal(await count(knex), 0)
      t.match((await knex('dead_letters').orderBy('id')).map(({ record }) => record).sort(), ['{"create":{"_index":"logs"}}\n[1]', '{"create":{"_index":"logs"}}\n{}', /\{"msg":$/])
      t.match(await post(port, '/logs/_doc', {}, key), { status: 400, body: /"reason":"a log must have a field"/ })
    })

    await t.test('takes one document at a time, and one of the same _id and content once', async (t) => {
      for (const prefix of ['', '/elasticsearch']) {
        const index = `logs${prefix.length}`
        const answer = await post(port, `${prefix}/${index}/_doc`, { msg: 'a' }, key)
        t.match(answer, { status: 201, headers: { 'x-elastic-product': 'Elasticsearch', 'content-type': /^application\/json/ } })
        t.match(JSON.parse(answer.body), { _index: index, _id: /^[\w-]{20}$/, _version: 1, result: 'created', _shards: { total: 1, successful: 1, failed: 0 }, _seq_no: 0, _primary_term: 1, status: undefined })
        for (const [method, path, msg] of [['PUT', '_doc/x', 'b'], ['POST', '_doc/y', 'c'], ['PUT', '_create/z', 'd'], ['POST', '_create/w', 'e']] as const) {
          const url = `${prefix}/${index}/${path}`
          t.match(await http(port, method, url, key, JSON.stringify({ msg })), { status: 201, body: /"result":"created"/ }, url)
          t.match(await http(port, method, url, key, JSON.stringify({ msg })), { status: 200, body: /"result":"noop"/ }, url)
        }
        t.match((await arrived(knex, { p_name: index })).map(({ message, attributes }) => [message, attributes!._id]).sort(), [['a', undefined], ['b', 'x'], ['c', 'y'], ['d', 'z'], ['e', 'w']])
      }
      t.match(await post(port, '/logs/_doc', '[1]', key), { status: 400, body: /"type":"illegal_argument_exception","reason":"the document must be a JSON object"/ })
      t.match(await knex('dead_letters'), [{ source: 'elasticsearch', record: '{"create":{"_index":"logs"}}\n[1]' }])
      t.match(await post(port, '/logs/_doc', '{"msg":"x"}'), { status: 401, body: /security_exception/ })
    })

    await t.test('keeps the same bytes as a dead letter once, however often they come', async (t) => {
      for (let i = 0; i < 3; i++) await bulk(lines(create, [1], create, { msg: String(i) }))
      t.equal((await knex('dead_letters')).length, 1)
      t.equal(await count(knex), 3)
    })

    await t.test('takes POST and PUT, any content type, packed or not, under both paths and the prefix', async (t) => {
      const body = lines(create, { msg: 'm' })
      for (const path of ['/_bulk', '/logs/_bulk', '/elasticsearch/_bulk', '/elasticsearch/logs/_bulk', '/_bulk?filter_path=errors&pipeline=x']) {
        for (const method of ['POST', 'PUT']) t.equal((await http(port, method, path, key, body)).status, 200, `${method} ${path}`)
      }
      t.equal((await bulk(gzipSync(body), '/_bulk', { 'content-encoding': 'gzip' })).status, 200)
      for (const version of [8, 9]) {
        const answer = await bulk(body, '/_bulk', { 'content-type': `application/vnd.elasticsearch+x-ndjson; compatible-with=${version}`, accept: `application/vnd.elasticsearch+json; compatible-with=${version}` })
        t.match(answer, { status: 200, headers: { 'content-type': new RegExp(`^application/vnd\\.elasticsearch\\+json; *compatible-with=${version}`) } })
      }
      t.equal(await count(knex), 13)
    })

    await t.test('stores an _id once, within a request, across requests and instances, and answers noop', async (t) => {
      const body = lines(...Array.from({ length: 50 }, (_, id) => [{ create: { _index: 'a', _id: id % 40 } }, { msg: `${id % 40}` }]).flat())
      const answers = await Promise.all([service, other, service, other].map((to) => bulk(body, '/_bulk', {}, to)))
      const items = answers.flatMap(({ body }) => JSON.parse(body).items) as Array<{ create: { result: string, status: number } }>
      t.equal(items.filter(({ create: { result, status } }) => result === 'created' && status === 201).length, 40)
      t.equal(items.filter(({ create: { result, status } }) => result === 'noop' && status === 200).length, 160)
      t.equal(await count(knex), 40)

      await bulk(lines({ create: { _index: 'b', _id: 1 } }, { msg: '1' }))
      await bulk(lines({ create: { _index: 'a', _id: 1 } }, { msg: '1' }), '/_bulk', basic('bob'))
      t.equal(await count(knex), 42, 'that of another index or user is another one')
    })

    await t.test('stores an _id with another content as well, within a request and across requests', async (t) => {
      const before = await count(knex)
      const disk = (percent: number) => [{ index: { _index: 'state', _id: 'latest' } }, { msg: `disk ${percent} % full` }]
      const results = async (...documents: object[]) => JSON.parse((await bulk(lines(...documents))).body).items.map(({ index }: { index: { result: string } }) => index.result)
      t.strictSame(await results(...disk(10)), ['created'])
      t.strictSame(await results(...disk(100), ...disk(10), ...disk(50), ...disk(100)), ['created', 'noop', 'created', 'noop'])
      t.strictSame(await results(...disk(50)), ['noop'])
      t.strictSame(await results({ index: { _index: 'state', _id: 'latest2' } }, disk(50)[1]!), ['created'], 'the same of another _id')
      t.equal(await count(knex), before + 4)
    })

    await t.test('keeps what it rejects as dead letters, which can be replayed', async (t) => {
      await bulk(lines(create, { msg: 'good' }, { create: { _id: 'x' } }, '{"msg":"bad"'), '/shop/_bulk')
      const [letter] = await knex('dead_letters')
      t.match(letter, { source: 'elasticsearch', record: '{"create":{"_index":"shop","_id":"x"}}\n{"msg":"bad"', reason: /^body must be JSON/ })
      t.match(await loggerbot(['dead-letters', 'replay'], { env }), { stdout: '0 stored, 1 left\n' })
      await knex('dead_letters').update({ record: `${letter.record}}` })
      t.match(await loggerbot(['dead-letters', 'replay'], { env }), { stdout: '1 stored, 0 left\n' })
      t.match((await arrived(knex)).find(({ message }) => message === 'bad'), { process: 'shop', attributes: { _index: 'shop', _id: 'x' } })
    })

    const good = lines(create, { msg: 'm' })
    const refused: Record<string, [status: number, type: string, body: string | Buffer, headers?: Record<string, string>]> = {
      'an empty body': [400, 'illegal_argument_exception', ''],
      'a body that is not packed as it says': [400, 'illegal_argument_exception', good, { 'content-encoding': 'gzip' }],
      'a bad Idempotency-Key': [400, 'illegal_argument_exception', good, { 'idempotency-key': 'é' }],
      'no credential': [401, 'security_exception', good, { authorization: '' }],
      'a wrong credential': [401, 'security_exception', good, { authorization: 'ApiKey bG9nczp3cm9uZw==' }],
      'a token without scope write': [403, 'security_exception', good, { authorization: `Bearer ${await createToken(service, 'alice', ['read'])}` }],
      'too much': [413, 'content_too_long_exception', lines(create, { msg: 'x'.repeat(100_000) })]
    }
    for (const [what, [status, type, body, headers]] of Object.entries(refused)) {
      await t.test(`answers ${status} to ${what} as Elasticsearch does, and stores nothing`, async (t) => {
        const answer = await bulk(body, '/_bulk', headers)
        t.match(answer, { status, headers: { 'x-elastic-product': 'Elasticsearch', 'content-type': /json/ } })
        const { error } = JSON.parse(answer.body)
        t.strictSame(JSON.parse(answer.body), { error: { root_cause: [{ type, reason: error.reason }], type, reason: error.reason }, status })
        if (status === 401) t.match(answer.headers['www-authenticate'], /Basic realm/)
        t.equal(await count(knex), 0)
        t.strictSame(await knex('dead_letters'), [])
      })
    }

    await t.test('answers 400 to a body with no action in it, and keeps it as a dead letter', async (t) => {
      t.match(await bulk(lines({ msg: 'm' }, 'nonsense')), { status: 400, body: /illegal_argument_exception/ })
      t.match(await knex('dead_letters'), [{ source: 'elasticsearch', record: '{"msg":"m"}\nnonsense' }])
      t.equal(await count(knex), 0)
      await knex('dead_letters').delete()
    })

    await t.test('answers 403 to the administrator\'s key, whose logs would be nobody\'s', async (t) => {
      for (const path of ['/_bulk', '/api/logs']) t.match(await post(port, path, good, { 'x-api-key': apiKey }), { status: 403, headers: { 'x-error-detail': /belong to a user/ } })
    })

    await t.test('takes a key as Elasticsearch\'s clients send it', async (t) => {
      for (const authorization of [`ApiKey ${token}`, `ApiKey ${Buffer.from(`id:${token}`).toString('base64')}`, `Bearer ${token}`, `Basic ${Buffer.from(`elastic:${token}`).toString('base64')}`, basic('alice').authorization]) {
        t.equal((await bulk(good, '/_bulk', { authorization })).status, 200, authorization.slice(0, 7))
      }
    })

    await t.test('tells its clients what they ask before they send', async (t) => {
      const asked: Record<string, object> = {
        'GET /': { version: { number: '8.17.0', build_flavor: 'default' }, tagline: 'You Know, for Search' },
        'GET /_license': { license: { type: 'basic', status: 'active' } },
        'GET /_xpack': { features: { ilm: { available: true } } },
        'GET /_cluster/health': { status: 'green' },
        'GET /_nodes/http': { nodes: {} },
        'GET /_index_template/filebeat': {},
        'GET /_ilm/policy/filebeat': {},
        'GET /_ingest/pipeline/filebeat': {},
        'PUT /_template/logstash': { acknowledged: true },
        'PUT /_index_template/filebeat': { acknowledged: true },
        'PUT /_data_stream/filebeat': { acknowledged: true },
        'PUT /logs': { acknowledged: true },
        'POST /logs/_refresh': { _shards: { failed: 0 } },
        'GET /_all/_refresh': { _shards: { failed: 0 } }
      }
      for (const prefix of ['', '/elasticsearch']) {
        for (const [request, body] of Object.entries(asked)) {
          const [method, path] = request.split(' ') as [string, string]
          const answer = await http(port, method, prefix + path, key, method === 'PUT' ? '{"index_patterns":["filebeat"]}' : undefined)
          t.match(answer, { status: 200, headers: { 'x-elastic-product': 'Elasticsearch' } }, request)
          t.match(JSON.parse(answer.body), body)
          t.match(await http(port, method, prefix + path), { status: 401, headers: { 'x-elastic-product': 'Elasticsearch' } })
        }
        for (const path of ['/', '/_cat/health', '/_index_template/filebeat', '/logs']) t.equal((await http(port, 'HEAD', prefix + path, key)).status, 200, `HEAD ${path}`)
      }
      t.match(await http(port, 'GET', '/elasticsearch/_search', key), { status: 404, headers: { 'x-elastic-product': 'Elasticsearch' }, body: /resource_not_found_exception/ })
    })

    await t.test('shadows nothing else, and goes where it is switched off', async (t) => {
      t.equal((await http(port, 'HEAD', '/healthz')).status, 200)
      t.match(await http(port, 'GET', '/nowhere'), { status: 404, body: '{"code":404,"message":"NotFound"}' })
      t.equal((await http(port, 'PUT', '/send_logs')).status, 405)
      const without = await startService(t, database, { database: service.options, settings: { LOGGER_ELASTICSEARCH: '' } })
      for (const path of ['/_bulk', '/elasticsearch/_bulk', '/elasticsearch']) t.match(await http(without.port, path.endsWith('bulk') ? 'POST' : 'GET', path, key), { status: 404, body: '{"code":404,"message":"NotFound"}' })
      const newer = await startService(t, database, { database: service.options, settings: { LOGGER_ELASTICSEARCH: '9.4.1' } })
      t.match(JSON.parse((await http(newer.port, 'GET', '/', key)).body), { version: { number: '9.4.1' } })
    })

    await t.test('keeps to its prefix in a host app, whose own first page stays', async (t) => {
      const host = Fastify()
      host.get('/', async () => 'of the host')
      host.register(plugin, { database: service.options })
      t.teardown(() => host.close())
      await host.listen({ host: '127.0.0.1', port: 0 })
      const { port } = host.server.address() as AddressInfo
      t.match(await http(port, 'GET', '/', key), { status: 200, body: 'of the host' })
      t.equal((await http(port, 'POST', '/_bulk', key, good)).status, 404)
      t.equal((await http(port, 'POST', '/elasticsearch/_bulk', key, good)).status, 200)
    })
  })
}

t.test('Elasticsearch\'s _bulk while the database is away', async (t) => {
  const direct = await mariadb.create(t) as MysqlOptions
  const proxy = await Proxy.start(t, direct.port!)
  const start = (spool: string) => startService(t, mariadb, { database: { ...direct, host: proxy.host, port: proxy.port }, settings: { LOGGER_SPOOL_DIR: spool, LOGGER_DB_TIMEOUT: '1000' } })
  const spooling = await start(join(temporaryFolder(t), 'spool'))
  const bare = await start('')
  const knex = openKnex(t, direct)
  await createUser(spooling, 'alice')
  const key = { authorization: `ApiKey ${await createToken(spooling, 'alice')}` }
  const send = ({ port }: { port: number }) => post(port, '/_bulk', lines({ create: { _index: 'logs', _id: 'x' } }, { msg: 'named' }, create, { msg: 'nameless' }), key)
  for (const { port } of [spooling, bare]) t.equal((await post(port, '/_bulk', lines({ delete: { _id: 'x' } }), key)).status, 200)

  await proxy.setMode('refuse')
  t.match(await send(bare), { status: 503, headers: { 'retry-after': /^\d+$/, 'x-elastic-product': 'Elasticsearch' }, body: /unavailable_shards_exception/ }, 'without a spool: come again')
  t.match(await send(spooling), { status: 200, headers: { 'x-log-stored': 'spool' }, body: /"errors":false/ }, 'with one: acknowledged')
  await proxy.setMode('pass')
  await until('the logs are home', async () => await count(knex) === 2)
  t.match(JSON.parse((await send(bare)).body).items, [{ create: { result: 'noop', status: 200 } }, { create: { status: 201 } }], 'its _id is known after that')
  t.strictSame((await arrived(knex)).map(({ message }) => message).sort(), ['named', 'nameless', 'nameless'])
})
