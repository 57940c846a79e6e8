import { once } from 'node:events'
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { brotliCompressSync, constants, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { compress as snap } from 'snappyjs'
import t, { type Test } from 'tap'
import type { MysqlOptions } from '../../../src/store/dialects/dialect.ts'
import { Proxy } from '../../helpers/proxy.ts'
import { until } from '../../helpers/until.ts'
import { loggerbot, serve } from '../../helpers/command.ts'
import { databases, environmentOf, mariadb, openKnex, temporaryFolder } from '../../helpers/databases.ts'
import { packBrotli } from '../../helpers/hostile.ts'
import { http, post, type Answer } from '../../helpers/http.ts'
import { apiKey, arrived, basic, count, createToken, createUser, startService } from '../../helpers/service.ts'

const mebibyte = 1024 * 1024
const lines = '{"msg":"packed","i":1}\n{"msg":"packed","i":2}\n{"msg":"packed","i":3}\n'
/** The lines, by `zstd -19 --check`. */
const zstd = Buffer.from('KLUv/SRFHQEA2HsibXNnIjoicGFja2VkIiwiaSI6MX0KMjN9CgIAQBGVnk22Efel', 'base64')
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const packings: Record<string, Buffer> = {
  gzip: gzipSync(lines),
  'x-gzip': gzipSync(lines),
  deflate: deflateSync(lines),
  br: brotliCompressSync(lines),
  zstd,
  snappy: Buffer.from(snap(Buffer.from(lines))),
  identity: Buffer.from(lines)
}

/** A zstd frame; each of its blocks, of four bytes, unpacks to 128 KB of one byte. */
function zstdBomb (blocks: number, byte: string): Buffer {
  const block = (isLast: boolean) => {
    const bytes = Buffer.alloc(4)
    bytes.writeUIntLE((128 * 1024 << 3) + 2 + Number(isLast), 0, 3)
    bytes.write(byte, 3)
    return bytes
  }
  return Buffer.concat([Buffer.from('28b52ffd0068', 'hex'), ...Array.from({ length: blocks }, (_, index) => block(index === blocks - 1))])
}

/** A gzip member without its end, made of one packed MB: packing all of it takes seconds. */
function gzipBomb (megabytes: number, byte: string): Buffer {
  const [header, piece] = [gzipSync('').subarray(0, 10), deflateRawSync(Buffer.alloc(mebibyte, byte), { finishFlush: constants.Z_FULL_FLUSH })]
  return Buffer.concat([header, ...Array.from({ length: megabytes }, () => piece)])
}

/** Posts what is yielded, in HTTP chunks. */
async function stream (port: number, path: string, headers: Record<string, string>, body: Iterable<string | Buffer>): Promise<Answer> {
  const outgoing = request({ host: '127.0.0.1', port, method: 'POST', path, headers, agent: false })
  const answered = once(outgoing, 'response')
  // A server that refuses a body does not read it to its end.
  outgoing.on('error', () => {})
  for (const part of body) {
    if (!outgoing.write(part)) await Promise.race([once(outgoing, 'drain'), answered])
    if (outgoing.destroyed) break
  }
  outgoing.end()
  const [incoming] = await answered
  return { status: incoming.statusCode, headers: incoming.headers, body: await text(incoming) }
}

for (const database of databases) {
  t.test(`POST /api/logs on ${database.name}`, async (t) => {
    const service = await startService(t, database, { settings: { LOGGER_BODY_LIMIT: String(1024 * 1024) } })
    const { port, knex } = service
    await createUser(service, 'alice')
    const token = await createToken(service, 'alice')
    const reader = await createToken(service, 'alice', ['read'])
    t.beforeEach(() => Promise.all(['user_logs', 'dead_letters', 'ingest_batches'].map((table) => knex(table).delete())))
    const logs = (body: string | Buffer, headers: Record<string, string> = {}, path = '/api/logs') => http(port, 'POST', path, { ...bearer(token), ...headers }, body)
    const told = async (body: string | Buffer, headers?: Record<string, string>, path?: string) => {
      const answer = await logs(body, headers, path)
      t.equal(answer.status, 200, answer.body)
      return JSON.parse(answer.body)
    }
    const messages = async () => (await arrived(knex)).map(({ message }) => message)
    const one = async (log: string, path?: string) => {
      await knex('user_logs').delete()
      t.strictSame(await told(log, {}, path), { accepted: 1, rejected: 0, errors: [] }, log)
      return (await arrived(knex))[0]!
    }

    await t.test('lets in by every place that a credential has', async (t) => {
      const base64 = (text: string) => Buffer.from(text).toString('base64')
      const good: Array<Record<string, string>> = [
        bearer(token), { authorization: `bearer ${token}` }, { authorization: `Splunk ${token}` }, { authorization: `Token ${token}` },
        { authorization: `ApiKey ${token}` }, { authorization: `ApiKey ${base64(`id:${token}`)}` },
        { authorization: `Basic ${base64(`anything:${token}`)}` }, { authorization: `Basic ${base64(`:${token}`)}` }, basic('alice'),
        { 'x-user-token': token }, { 'x-api-key': token }, { 'dd-api-key': token }, { 'x-seq-apikey': token }
      ]
      for (const headers of good) t.match(await http(port, 'POST', '/api/logs', headers, '{"msg":"in"}'), { status: 200, body: '{"accepted":1,"rejected":0,"errors":[]}' }, JSON.stringify(headers))
      t.equal(await count(knex), good.length)
    })

    await t.test('keeps out who shows nothing or something wrong, before the body is read', async (t) => {
      const wrong = `lb_${'x'.repeat(43)}`
      const bad: Array<Record<string, string>> = [
        {}, bearer(wrong), { authorization: token }, { authorization: 'Bearer' }, { authorization: `Splunk ${wrong}` }, { 'dd-api-key': wrong },
        { 'x-seq-apikey': wrong }, { 'x-user-token': wrong }, basic('alice', 'wrong'), basic('nobody'), { ...bearer(wrong), 'x-api-key': token }
      ]
      for (const headers of bad) {
        const answer = await http(port, 'POST', '/api/logs', { ...headers, 'content-encoding': 'unheard-of' }, 'no JSON')
        t.match(answer, { status: 401, headers: { 'www-authenticate': /^Bearer/ } }, JSON.stringify(headers))
        t.match(JSON.parse(answer.body), { code: 401, message: 'Unauthorized', detail: /credential/ })
      }
      t.match(await http(port, 'POST', '/api/logs', bearer(reader), 'no JSON'), { status: 403, body: /scope write/ })
      t.equal(await count(knex), 0)
    })

    await t.test('answers HEAD to a credential that is good, and to no other', async (t) => {
      t.equal((await http(port, 'HEAD', '/api/logs', bearer(token))).status, 200)
      t.equal((await http(port, 'HEAD', '/api/logs')).status, 401)
      t.equal((await http(port, 'HEAD', '/api/logs', bearer(reader))).status, 403)
    })

    for (const [coding, packed] of Object.entries(packings)) {
      await t.test(`unpacks ${coding}`, async (t) => {
        t.equal((await told(packed, { 'content-encoding': coding })).accepted, 3)
        t.strictSame((await arrived(knex)).map(({ attributes }) => attributes), [{ i: 1 }, { i: 2 }, { i: 3 }])
        if (coding === 'identity') return
        const details = [packed.subarray(0, packed.length - 6), Buffer.from('garbage, and more of it'), Buffer.alloc(40, 0xff)]
        for (const broken of details) t.match(await logs(broken, { 'content-encoding': coding }), { status: 400, body: /packed/ }, `${broken.length} broken bytes`)
      })
    }

    await t.test('refuses what it can\'t unpack', async (t) => {
      for (const coding of ['lzma', 'gzip, br', 'constructor']) t.match(await logs(lines, { 'content-encoding': coding }), { status: 400, body: /Content-Encoding must be gzip/ }, coding)
      // A window of 2 GB, of which nothing is used.
      t.match(await logs(Buffer.from('28b52ffd00a8' + '01000061'.repeat(5), 'hex'), { 'content-encoding': 'zstd' }), { status: 400, body: /window/ })
    })

    const forms: Record<string, [body: string, stored?: string[]]> = {
      'one object': ['{"msg":"a"}', ['a']],
      'a list': ['[{"msg":"a"},{"msg":"b"}]', ['a', 'b']],
      'a list of none': ['[]', []],
      'an object with a list of logs': ['{"logs":[{"msg":"a"},{"msg":"b"}]}', ['a', 'b']],
      'the same, pretty-printed': [JSON.stringify({ logs: [{ msg: 'a' }, { msg: 'b', deep: { list: [1, { x: [] }] } }] }, null, 2)],
      'several of those': ['{"logs":[{"msg":"a"}]}\n{ "logs" : [{"msg":"b"}] }'],
      'objects without anything between': ['{"msg":"a"}{"msg":"b"}'],
      'objects with commas between': ['{"msg":"a"},{"msg":"b"},'],
      lines: ['{"msg":"a"}\n{"msg":"b"}\n'],
      'lines that end in CRLF, some of them empty': ['\r\n{"msg":"a"}\r\n\r\n{"msg":"b"}\r\n'],
      'pretty-printed objects': [`${JSON.stringify({ msg: 'a', x: { y: [1] } }, null, 2)}\n${JSON.stringify({ msg: 'b' }, null, '\t')}`],
      'a byte order mark': ['\ufeff[{"msg":"a"},{"msg":"b"}]'],
      'two files with one each': ['\ufeff{"msg":"a"}\n\ufeff{"msg":"b"}\n'],
      'a JSON text sequence': ['\x1e{"msg":"a"}\n\x1e{"msg":"b"}\n'],
      nothing: ['', []],
      'white space': [' \r\n\t', []]
    }
    for (const [what, [body, stored = ['a', 'b']]] of Object.entries(forms)) {
      await t.test(`takes ${what}`, async (t) => {
        t.strictSame(await told(body), { accepted: stored.length, rejected: 0, errors: [] })
        t.strictSame(await messages(), stored)
      })
    }

    await t.test('takes any content type, and none', async (t) => {
      for (const type of ['application/json', 'application/x-ndjson', 'application/x-www-form-urlencoded', 'text/plain; charset=utf-8', 'application/octet-stream']) {
        t.equal((await told('{"msg":"a"}', { 'content-type': type })).accepted, 1, type)
      }
      t.equal((await told('{"msg":"a"}')).accepted, 1)
      t.equal((await stream(port, '/api/logs', bearer(token), ['{"msg":', '"a"}'])).status, 200)
    })

    await t.test('finds each part under the names that loggers give it', async (t) => {
      const at = '2026-01-02 03:04:05.678000'
      const logs: Record<string, string> = {
        pino: '{"level":50,"time":1767323045678,"pid":7,"hostname":"vm","name":"shop","msg":"m","order":1}',
        bunyan: '{"name":"shop","hostname":"vm","pid":7,"level":50,"msg":"m","time":"2026-01-02T03:04:05.678Z","v":0,"order":1}',
        winston: '{"level":"error","message":"m","service":"shop","timestamp":"2026-01-02T03:04:05.678Z","pid":"7"}',
        ECS: '{"@timestamp":"2026-01-02T03:04:05.678Z","log.level":"error","message":"m","service.name":"shop","process.pid":7}',
        'ECS, nested': '{"@timestamp":"2026-01-02T03:04:05.678Z","log":{"level":"error","origin":{"file":{"line":3}}},"message":"m","service":{"name":"shop"},"process":{"pid":7}}',
        zap: '{"level":"error","ts":1767323045.678,"logger":"shop","msg":"m","pid":7}',
        'Google\'s': '{"severity":"ERROR","text":"m","date":"2026-01-02 03:04:05.678","process":"shop","pid":7}'
      }
      for (const [who, log] of Object.entries(logs)) t.match(await one(log), { at, level: 'error', process: 'shop', pid: 7, description: who === 'zap' ? 'shop' : '', message: 'm' }, who)
      t.strictSame((await one(logs['ECS, nested']!)).attributes, { log: { origin: { file: { line: 3 } } } })
      t.strictSame((await one(logs.pino!)).attributes, { hostname: 'vm', order: 1 })
      for (const name of ['logger', 'logger_name', 'loggerName', 'log.logger']) {
        t.match(await one(`{"${name}":"orders","service":"shop"}`), { process: 'shop', description: 'orders', attributes: null }, name)
        t.match(await one(`{"${name}":"orders","msg":"m"}`), { process: 'orders', description: 'orders', attributes: null }, `${name} alone`)
      }
      t.match(await one('{"msg":"m","name":"shop","log":{"logger":"orders","level":"warn"},"logger":7}'), { process: 'shop', description: '7', level: 'warning', attributes: { log: { logger: 'orders' } } })
      t.match(await one('{"msg":{"a":[1]},"level":"loud","pid":-1,"name":""}'), { message: '{"a":[1]}', level: 'info', pid: 0, process: '-', attributes: { level: 'loud', pid: -1, name: '' } })
    })

    await t.test('takes other names from its parameters, and lets others be', async (t) => {
      const path = '/api/logs?message=what&time=when.at&level=how&process=who&pid=n&description=why'
      const log = await one('{"what":"m","when":{"at":1767323045},"how":"warn","who":"w","n":3,"why":"d","msg":"x"}', path)
      t.match(log, { at: '2026-01-02 03:04:05.000000', level: 'warning', process: 'w', pid: 3, description: 'd', message: 'm', attributes: { msg: 'x' } })
      for (const [query, detail] of [['time=', /time must be the name of the field that holds the time/], [`time=${'x'.repeat(101)}`, /time must be/], ['time=a&time=b', /time must be/]] as const) {
        t.match(await logs('{}', {}, `/api/logs?${query}`), { status: 400, body: detail }, query)
      }
      t.match(await one('{"what":"m","source":"x","msg":"y"}', '/api/logs?source=web&what=z&message=what'), { message: 'm', attributes: { source: 'x', msg: 'y' } })
    })

    await t.test('rounds no number', async (t) => {
      const { at, attributes } = await one('{"time":1767323045123456789,"big":9007199254740993,"list":[18446744073709551615],"n":0.1,"nan":NaN}')
      t.equal(at, '2026-01-02 03:04:05.123456')
      t.strictSame(attributes, { big: '9007199254740993', list: ['18446744073709551615'], n: 0.1, nan: 'NaN' })
    })

    await t.test('reads times in every unit, and takes arrival for what can be none', async (t) => {
      for (const time of ['1767323045.123456', '1767323045123.456', '1767323045123456', '1767323045123456000', '"1767323045123456"', '"2026-01-02T04:04:05.123456+01:00"']) {
        t.equal((await one(`{"time":${time}}`)).at, '2026-01-02 03:04:05.123456', time)
      }
      const year = new Date().getUTCFullYear()
      for (const time of ['1e300', '-1e21', '"yesterday"', 'true', '{"a":1}', '99999999999999999999', '""']) {
        const { at, attributes } = await one(`{"time":${time}}`)
        t.ok(Number(at.slice(0, 4)) - year <= 1, at)
        t.ok(Object.hasOwn(attributes!, 'time'), `${time} is kept`)
      }
    })

    await t.test('stores the good ones beside the bad ones, which become dead letters and can be replayed', async (t) => {
      const body = '{"msg":"a"}\nplain text\n{"msg":"cut sho\n{"msg":"b"}\n{"cut":\n{"msg":"c"}\n[1,"x"]\n{"__proto__":{"x":1},"msg":"p"}\n{"msg":"d"}\n{"msg":"\xff"}\n'
      const answer = await told(Buffer.from(body, 'latin1'))
      t.match(answer, { accepted: 6, rejected: 5, errors: [{ index: 2, reason: /^body must be JSON/ }, { index: 4 }, { index: 6, reason: 'a log must be a JSON object' }, { index: 7 }, { index: 8, reason: /__proto__/ }] })
      t.strictSame(await messages(), ['a', 'plain text', 'b', 'c', 'd', 'ÿ'])

      const env = environmentOf(service.options)
      const list = async () => (await loggerbot(['dead-letters', 'list'], { env })).stdout.trim().split('\n').map((line) => JSON.parse(line))
      t.match((await list()).map(({ source, record }) => [source, record]), [['json', '{"msg":"cut sho'], ['json', '{"cut":'], ['json', '1'], ['json', '"x"'], ['json', /proto/]])
      await knex('dead_letters').where({ record: '{"msg":"cut sho' }).update({ record: '[{"msg":"mended","n":1},{"msg":"too"}]' })
      t.match(await loggerbot(['dead-letters', 'replay'], { env }), { code: 0, stdout: '1 stored, 4 left\n' })
      t.strictSame((await messages()).sort(), ['a', 'b', 'c', 'd', 'mended', 'plain text', 'too', 'ÿ'])
    })

    await t.test('keeps thousands of bad ones, and tells a hundred', async (t) => {
      const answer = await told(`[{"msg":"a"},${Array.from({ length: 2500 }, (_, index) => index).join()}]`)
      t.match(answer, { accepted: 1, rejected: 2500, errors: { length: 100 } })
      t.equal(answer.errors.at(-1).index, 100)
      t.match(await knex('dead_letters').count({ count: '*' }), [{ count: 2500 }])
    })

    const useless: Record<string, [body: string | Buffer, detail: RegExp]> = {
      'an empty object': ['{}', /1 of 1 logs can't be used; the first is log 0: a log must have a field/],
      'a list of one': ['[{}]', /a log must have a field/],
      MessagePack: [Buffer.from('dd00000001de0001a36c6f67c3a464617461c3', 'hex'), /body must be JSON or lines of text/]
    }
    for (const [what, [body, detail]] of Object.entries(useless)) {
      await t.test(`refuses ${what}, of which nothing is a log`, async (t) => {
        const answer = await logs(body)
        t.match(answer, { status: 400, headers: { 'x-error-detail': detail } })
        t.match(JSON.parse(answer.body), { code: 400, message: 'BadRequest', detail })
        t.equal(await count(knex), 0)
        t.match(await knex('dead_letters').count({ count: '*' }), [{ count: 1 }])
      })
    }

    await t.test('keeps what is rejected as its bytes, once, and replays it', async (t) => {
      const bytes = Buffer.from('{"msg":"Gr\xf6\xdfe', 'latin1')
      for (const body of [bytes, Buffer.concat([Buffer.from('{"msg":"a"}\n'), bytes]), bytes, '[{"msg":"b"},base64:x]', '[{"msg":"b"},base64:x]']) await logs(body)
      const letters = await knex('dead_letters').orderBy('id').pluck('record')
      t.strictSame(letters, [bytes, Buffer.from('base64:x')].map((piece) => `base64:${piece.toString('base64')}`))
      await knex('dead_letters').where({ record: letters[0] }).update({ record: `base64:${Buffer.from('{"msg":"Gr\xf6\xdfe"}', 'latin1').toString('base64')}` })
      t.match(await loggerbot(['dead-letters', 'replay'], { env: environmentOf(service.options) }), { stdout: '1 stored, 1 left\n' })
      t.strictSame((await messages()).sort(), ['Größe', 'a', 'b', 'b'])
    })

    const texts: Record<string, [body: Buffer, type?: string]> = {
      'Latin-1 that says so': [Buffer.from('{"msg":"Größe"}', 'latin1'), 'application/json; charset=ISO-8859-1'],
      'Latin-1 that does not': [Buffer.from('{"msg":"Größe"}', 'latin1')],
      'Latin-1 that says to be UTF-8': [Buffer.from('{"msg":"Größe"}', 'latin1'), 'application/json; charset=utf-8'],
      'UTF-16 LE with a mark': [Buffer.from('\ufeff{"msg":"Größe"}', 'utf16le')],
      'UTF-16 LE that says so': [Buffer.from('{"msg":"Größe"}', 'utf16le'), 'application/json; charset="utf-16"'],
      'UTF-16 BE with a mark': [Buffer.from('\ufeff{"msg":"Größe"}', 'utf16le').swap16(), 'application/json; charset=utf-16'],
      'UTF-16 BE that says so': [Buffer.from('{"msg":"Größe"}', 'utf16le').swap16(), 'application/json;charset=UTF-16BE'],
      'UTF-8 that says so': [Buffer.from('\ufeff{"msg":"Größe"}'), 'application/json; charset=utf-8'],
      'a charset that is none': [Buffer.from('{"msg":"Größe"}'), 'application/json; charset=klingon']
    }
    await t.test('reads the charset that the text is in', async (t) => {
      for (const [what, [body, type]] of Object.entries(texts)) {
        await knex('user_logs').delete()
        t.equal((await told(body, type === undefined ? {} : { 'content-type': type })).accepted, 1, what)
        t.strictSame(await messages(), ['Größe'], what)
        await stream(port, '/api/logs', { ...bearer(token), ...type !== undefined && { 'content-type': type } }, Array.from(body, (byte) => Buffer.of(byte)))
        t.strictSame(await messages(), ['Größe', 'Größe'], `${what}, a byte at a time`)
      }
      t.equal((await told(Buffer.from('{"msg":"Größe"}\n{"msg":"fine: ö"}', 'latin1'))).accepted, 2)
    })

    await t.test('takes what Heroku drains', async (t) => {
      const frame = (message: string) => `${Buffer.byteLength(message)} ${message}`
      const body = Buffer.from(frame('<40>1 2026-01-02T03:04:05.678+00:00 host app web.3 - State changed\n') + frame('<187>1 2026-01-02T03:04:06+00:00 d.1 heroku router - [a] at=error "ü" 7\n'))
      const heroku = { 'content-type': 'application/logplex-1', 'logplex-msg-count': '2' }
      t.strictSame(await told(body, heroku), { accepted: 2, rejected: 0, errors: [] })
      t.match(await arrived(knex), [
        { at: '2026-01-02 03:04:05.678000', process: 'app', description: 'host', message: 'State changed', attributes: { procid: 'web.3' } },
        { at: '2026-01-02 03:04:06.000000', level: 'error', process: 'heroku', description: 'd.1', message: '[a] at=error "ü" 7', attributes: { procid: 'router' } }
      ])
      t.equal(JSON.parse((await stream(port, '/api/logs', { ...bearer(token), ...heroku }, Array.from(body, (byte) => Buffer.of(byte)))).body).accepted, 2)
      for (const [broken, status, detail] of [['no length', 400, /each after its length/], [body.subarray(0, 40), 400, /end within a message/], ['99999999 <', 413, /one log/]] as const) {
        t.match(await logs(broken, heroku), { status, body: detail })
      }
    })

    await t.test('gives up where ten thousand are none', async (t) => {
      t.match(await logs('{"msg":"a"}\n' + '{}'.repeat(30_000)), { status: 400, body: /more than 10000 pieces can't be used/ })
      t.strictSame(await messages(), ['a'])
    })

    await t.test('refuses a log that is larger than a body may be, and stores what came before it', async (t) => {
      const answer = await logs(`{"msg":"a"}\n{"msg":"${'x'.repeat(1024 * 1024)}"}\n{"msg":"b"}`)
      t.match(answer, { status: 413, body: /one log must have 1048576 bytes at most/ })
      t.strictSame(await messages(), ['a'])
    })

    await t.test('is one with itself when it comes again by its key, in one portion or in several', async (t) => {
      const small = '{"msg":"a"}\n{"msg":"b"}'
      // Portions that are equal to the byte are no repetition of each other.
      const large = '{"msg":"equal"}\n'.repeat(3500)
      for (const [key, body, stored] of [['k1', small, 2], ['k2', large, 3500]] as const) {
        await knex('user_logs').delete()
        const first = await logs(body, { 'idempotency-key': key })
        t.match(first, { status: 200, body: `{"accepted":${stored},"rejected":0,"errors":[]}` })
        t.notOk(first.headers['idempotency-replayed'])
        t.equal(await count(knex), stored)
        t.match(await logs(body, { 'idempotency-key': key }), { status: 200, body: first.body, headers: { 'idempotency-replayed': 'true' } })
        t.equal(await count(knex), stored)
        t.notOk((await logs(`${body}\n{"msg":"more"}`, { 'idempotency-key': key })).headers['idempotency-replayed'])
      }
      t.match(await logs(small, { 'idempotency-key': '' }), { status: 400, body: /Idempotency-Key must be/ })
    })

    await t.test('is not stopped by tiny chunks', async (t) => {
      const answer = await stream(port, '/api/logs', bearer(token), Array.from(`[{"msg":"é🙂\\"","x":{"y":"]}"}},${'{"msg":"b"},'.repeat(50)}{"msg":"c"}]`, (character) => character))
      t.equal(JSON.parse(answer.body).accepted, 52)
      t.strictSame((await messages()).slice(0, 2), ['é🙂"', 'b'])
    })

    await t.test('takes no logs by the API key, which is nobody\'s', async (t) => {
      t.match(await http(port, 'POST', '/api/logs', { 'x-api-key': apiKey }, '{"msg":"a"}'), { status: 403, body: /belong to a user/ })
      t.equal(await count(knex), 0)
    })
  })
}

t.test('POST /api/logs while the database is away', async (t) => {
  const direct = await mariadb.create(t) as MysqlOptions
  const proxy = await Proxy.start(t, direct.port!)
  const there = { ...direct, host: proxy.host, port: proxy.port }
  const start = (folder: string) => startService(t, mariadb, { database: there, settings: { LOGGER_SPOOL_DIR: folder, LOGGER_DB_TIMEOUT: '1000' } })
  const [spooling, plain] = [await start(temporaryFolder(t)), await start('')]
  const knex = openKnex(t, direct)
  await createUser(spooling, 'alice')
  const token = await createToken(spooling, 'alice')
  for (const { port } of [spooling, plain]) t.equal((await post(port, '/api/logs', '{"msg":"before"}', bearer(token))).status, 200)

  await proxy.setMode('refuse')
  t.match(await post(spooling.port, '/api/logs', '{"msg":"kept"}\n{"bad', bearer(token)), { status: 200, body: /"accepted":1,"rejected":1/, headers: { 'x-log-stored': 'spool' } })
  const retry = { status: 503, headers: { 'retry-after': '5' } }
  t.match(await post(plain.port, '/api/logs', '{"msg":"not kept"}', bearer(token)), retry)
  t.match(await post(spooling.port, '/api/logs', '{"msg":"whose?"}', bearer(`lb_${'x'.repeat(43)}`)), retry)

  await proxy.setMode('pass')
  await until('all is home', async () => await count(knex) === 3)
  t.strictSame((await arrived(knex)).map(({ message }) => message).sort(), ['before', 'before', 'kept'])
  t.match(await knex('dead_letters'), [{ source: 'json', record: '{"bad' }])
})

t.test('a body without end takes constant memory', async (t) => {
  const served = await serve(t, [], { env: { LOGGER_DB_FILE: `${temporaryFolder(t)}/logs.sqlite`, LOGGER_API_KEY: apiKey } })
  await createUser(served, 'alice')
  const token = await createToken(served, 'alice')
  const memory = async () => Number(/^loggerbot_resident_memory_bytes (.*)$/m.exec((await http(served.port, 'GET', '/metrics')).body)![1]) / 1024 / 1024
  const chunk = Buffer.from(`{"msg":"${'x'.repeat(10_000)}"}\n`.repeat(100))
  function * chunks (length: number): Generator<Buffer> {
    for (let i = 0; i < length; i++) yield chunk
  }
  await stream(served.port, '/api/logs', bearer(token), chunks(20))
  const before = await memory()
  // What is not used any more may stay for some time: how much depends on what else the machine does.
  const most = 300

  await t.test('of 400 MB of logs', async (t) => {
    const answer = await stream(served.port, '/api/logs', bearer(token), chunks(400))
    t.match(answer, { status: 200, body: /"accepted":40000,/ })
    t.ok(await memory() - before < most, `${await memory() - before} MB more`)
  })

  const bombs: Record<string, [coding: string, body: Buffer, status: number]> = {
    'a gzip bomb of 400 MB of white space': ['gzip', gzipBomb(400, ' '), 413],
    'a gzip bomb of one log': ['gzip', gzipBomb(200, 'x'), 413],
    'a brotli bomb of 256 MB of white space': ['br', packBrotli(Buffer.alloc(256 * mebibyte, ' ')), 413],
    'a brotli bomb': ['br', packBrotli(Buffer.alloc(50 * mebibyte, 'x')), 413],
    'a zstd bomb of 400 MB of white space': ['zstd', zstdBomb(3200, ' '), 413],
    'a zstd bomb of one log': ['zstd', zstdBomb(1600, 'x'), 413],
    'a snappy block that says to be of 4 GB': ['snappy', Buffer.from('ffffffff0f00', 'hex'), 413]
  }
  async function takes (t: Test, path: string, coding: string, body: Buffer, status: number): Promise<void> {
    t.equal((await http(served.port, 'POST', path, { ...bearer(token), 'content-encoding': coding }, body)).status, status)
    t.ok(await memory() - before < most, `${await memory() - before} MB more`)
  }
  for (const [what, [coding, body, status]] of Object.entries(bombs)) await t.test(`of ${what}`, (t) => takes(t, '/api/logs', coding, body, status))
  for (const path of ['/v1/logs', '/loki/api/v1/push', '/_bulk', '/gelf']) {
    await t.test(`of a gzip bomb to ${path}, which takes bodies whole`, (t) => takes(t, path, 'gzip', bombs['a gzip bomb of one log']![1], 413))
  }
})
