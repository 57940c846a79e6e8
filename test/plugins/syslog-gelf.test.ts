import { readFileSync } from 'node:fs'
import t from 'tap'
import { deflateSync, gzipSync } from 'node:zlib'
import { GelfChunks } from '../../src/decode/gelf/chunks.ts'
import { kindOf } from '../../src/decode/syslog/port.ts'
import { root } from '../helpers/command.ts'
import { databases, sqlite } from '../helpers/databases.ts'
import { createToken, stored } from '../helpers/service.ts'
import { metric, openTcp, sendUdp, startSyslog, untilStored } from '../helpers/syslog.ts'
import { until } from '../helpers/until.ts'

const captured: Record<string, string> = JSON.parse(readFileSync(`${root}test/fixtures/gelf-udp.json`, 'utf8'))
const attributesOf = ({ attributes }: { attributes?: unknown }) => (typeof attributes === 'string' ? JSON.parse(attributes) : attributes)

/** A GELF message, cut into the given number of chunks. */
function chunksOf (message: Buffer, count: number, id = '12345678'): Buffer[] {
  const size = Math.ceil(message.length / count)
  return Array.from({ length: count }, (_, place) => Buffer.concat([Buffer.of(0x1e, 0x0f), Buffer.from(id), Buffer.of(place, count), message.subarray(place * size, (place + 1) * size)]))
}

for (const database of databases) {
  t.test(`GELF at the port of syslog on ${database.name}`, async (t) => {
    const service = await startSyslog(t, database, { settings: { LOGGER_BODY_LIMIT: '200000' } })
    const { knex, syslogPort } = service
    const userId = async (name: string) => (await knex('users').where('username', name).first()).id
    const messages = async () => (await stored(knex)).map(({ log_msg: message }) => message).sort()
    t.beforeEach(() => knex('user_logs').delete())

    await t.test('comes by UDP, as gelf-pro sends it', async (t) => {
      await sendUdp(syslogPort, ...['first', 'second'].map((name) => Buffer.from(captured[name]!, 'base64')))
      await untilStored(service, 2)
      for (const log of await stored(knex)) t.match(log, { user_id: await userId('alice'), p_name: 'shop', p_description: 'vm', log_event_at: /^2026-11-23 / })
      t.strictSame(await messages(), ['failed', 'hello'])
    })

    await t.test('comes by UDP plain, by gzip, by zlib, and in chunks in any order', async (t) => {
      const message = (text: string) => Buffer.from(JSON.stringify({ version: '1.1', host: 'web1', short_message: text, level: 3, timestamp: 1714557600.123, _pid: 12, _logger: 'shop', _order: 7, pad: 'x'.repeat(300) }))
      await sendUdp(syslogPort, message('plain'), gzipSync(message('gzip')), deflateSync(message('zlib'), { level: 9 }), deflateSync(message('zlib fast'), { level: 1 }),
        ...chunksOf(message('chunks'), 5, 'aaaaaaaa').reverse(), ...chunksOf(gzipSync(message('packed chunks')), 2, 'bbbbbbbb'), ...chunksOf(message('one chunk'), 1, 'cccccccc'))
      await untilStored(service, 7)
      t.strictSame(await messages(), ['chunks', 'gzip', 'one chunk', 'packed chunks', 'plain', 'zlib', 'zlib fast'])
      for (const log of await stored(knex)) {
        t.match(log, { log_level: 'error', p_name: 'shop', pid: 12, log_event_at: /^2024-05-01 10:00:00.123/ })
        t.match(attributesOf(log), { host: 'web1', order: 7 })
      }
    })

    await t.test('comes by TCP with NUL or a line feed behind each, and so does JSON for Logstash', async (t) => {
      const socket = await openTcp(t, syslogPort)
      socket.end('{"version":"1.1","host":"h","short_message":"by NUL","level":4}\0{"short_message":"by line"}\n{"user":7,"level":"warn","message":"of Logstash","@timestamp":"2026-01-02T03:04:05Z"}\n{"level":"error","ms":5}\n{"broken":\n<14>syslog\n')
      await untilStored(service, 6)
      t.strictSame(await messages(), ['by NUL', 'by line', 'of Logstash', 'syslog', '{"broken":', '{"level":"error","ms":5}'])
      const logs = await stored(knex)
      t.match(logs.find(({ log_msg: message }) => message === 'by NUL'), { log_level: 'warning', p_description: 'h', p_name: '-' })
      t.match(logs.find(({ log_msg: message }) => message === 'of Logstash'), { log_level: 'warning', log_event_at: /^2026-01-02 03:04:05/, p_description: '127.0.0.1' })
    })

    await t.test('is read as Graylog reads near-JSON', async (t) => {
      await sendUdp(syslogPort, '{"short_message":"a comma","level":3,}', gzipSync('{"short_message":"two\nlines","level":3}'), '{"message":"of Logstash","level":"error",}')
      const socket = await openTcp(t, syslogPort)
      socket.end('{"short_message":"by TCP","level":3,}\0')
      await untilStored(service, 4)
      t.strictSame(await messages(), ['a comma', 'by TCP', 'of Logstash', 'two\nlines'])
      for (const log of await stored(knex)) t.equal(log.log_level, 'error')
    })

    await t.test('is its token\'s user\'s, and the token is stored nowhere', async (t) => {
      const token = await createToken(service, 'bob')
      await sendUdp(syslogPort, gzipSync(JSON.stringify({ short_message: 'of bob', _loggerbot_token: token })), JSON.stringify({ message: 'of bob, too', _loggerbot_token: token }))
      await untilStored(service, 2)
      const logs = await stored(knex)
      for (const log of logs) t.equal(log.user_id, await userId('bob'))
      t.notMatch(JSON.stringify(logs), /lb_|loggerbot_token/)
    })

    await t.test('what is neither text nor GELF is dropped and counted', async (t) => {
      const before = { binary: await metric(service, 'lost_total{reason="binary"}'), malformed: await metric(service, 'lost_total{reason="malformed"}'), long: await metric(service, 'lost_total{reason="too_long"}') }
      await sendUdp(syslogPort, Buffer.from('93a873686f702e776562ce6b03d0c283a36d7367a568656c6c6f', 'hex'), Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3]), Buffer.from([0x78, 0x9c, 0xff, 0xff, 0xff]), gzipSync(Buffer.from([1, 2, 3, 0])),
        gzipSync(Buffer.alloc(1_000_000, 0x20)), '{"_loggerbot_token":"lb_secret",')
      await until('all are counted', async () => await metric(service, 'lost_total{reason="binary"}') === before.binary + 4 &&
        await metric(service, 'lost_total{reason="malformed"}') === before.malformed + 1 && await metric(service, 'lost_total{reason="too_long"}') === before.long + 1)
      t.strictSame(await stored(knex), [])
    })

    await t.test('a wrong count costs one message, and not the connection', async (t) => {
      const socket = await openTcp(t, syslogPort)
      socket.write('12 <14>one more<14>two\n99999999 <14>too long\n<14>three\n500 <14>four9 <14>five\n9 <14>six..9 <14>seven')
      await untilStored(service, 7)
      t.strictSame(await messages(), ['five', 'four', 'one more', 'seven', 'six..', 'three', 'two'])
      socket.end('!\n<14>eight\n')
      await until('the rest is stored', async () => (await messages()).includes('eight'))
    })
  })
}

t.test('GelfChunks', async (t) => {
  const message = Buffer.from('0123456789')
  const [first, second] = chunksOf(message, 2)

  await t.test('tells messages apart by sender and id, and takes a chunk once', async (t) => {
    const chunks = new GelfChunks(1_000_000, 1000)
    for (const address of ['a', 'b', 'a']) t.equal(chunks.add(first!, address, 0), undefined)
    t.equal(chunks.add(chunksOf(message, 2, 'another!')[1]!, 'a', 0), undefined)
    t.equal(chunks.add(second!, 'a', 1)?.toString(), '0123456789')
    t.equal(chunks.add(second!, 'b', 1)?.toString(), '0123456789')
    t.equal(chunks.lost, 0)
  })

  await t.test('forgets a message after five seconds', async (t) => {
    const chunks = new GelfChunks(1_000_000, 1000)
    chunks.add(first!, 'a', 0)
    t.equal(chunks.add(second!, 'a', 5000), undefined)
    t.equal(chunks.lost, 1)
    chunks.forgetOld(10_000)
    t.equal(chunks.lost, 2)
    t.equal(chunks.memory, 0)
  })

  await t.test('drops what breaks its rules', async (t) => {
    const chunks = new GelfChunks(1_000_000, 1000)
    const header = (...bytes: number[]) => Buffer.concat([Buffer.from([0x1e, 0x0f]), Buffer.from('12345678'), Buffer.from(bytes)])
    for (const wrong of [header(), header(0), header(0, 0), header(2, 2), header(0, 129), header(0, 255)]) t.equal(chunks.add(wrong, 'a', 0), undefined)
    t.equal(chunks.lost, 6)
    chunks.add(header(0, 2), 'a', 0)
    chunks.add(header(1, 3), 'a', 0)
    t.equal(chunks.lost, 7)
    chunks.add(Buffer.concat([header(0, 2), Buffer.alloc(1001)]), 'b', 0)
    t.equal(chunks.lost, 8)
  })

  await t.test('holds as much as it may, whatever comes', async (t) => {
    const chunks = new GelfChunks(100_000, 10_000)
    for (let id = 0; id < 5000; id++) chunks.add(chunksOf(Buffer.alloc(id % 3000), 128, String(id).padStart(8, '0'))[0]!, 'a', 0)
    t.ok(chunks.memory <= 100_000, `${chunks.memory}`)
    t.ok(chunks.lost > 4000)
    chunks.forgetOld(5000)
    t.equal(chunks.memory, 0)
  })
})

t.test('kindOf tells what a message is by its first bytes', async (t) => {
  for (const [kind, ...all] of [
    ['text', '<13>x', 'hello', 'x^2 + y', 'x', '', 'caf\xe9', 'a\tb\x1b[31mred\x1b[0m', 'Python\0', '[1,2]', '\ufeffhello'],
    ['json', '{"a":1}', ' {"a":1}', '\ufeff{"a":1}'],
    ['packed', '\x1f\x8b\x08', '\x78\x9c\xff', '\x78\xda\xff', '\x78\x01\xff', '\x78\x5e\xff'],
    ['chunk', '\x1e\x0f12345678\x00\x01'],
    ['binary', '\x16\x03\x01\x02', '\x82\xa3msg\xa5hello', '\x93\xa4', 'a\0b']
  ] as const) {
    for (const text of all) t.equal(kindOf(Buffer.from(text, text.includes('\ufeff') ? 'utf8' : 'latin1')), kind, JSON.stringify(text))
  }
})

t.test('GELF without a user or a token is dropped', async (t) => {
  const service = await startSyslog(t, sqlite, { settings: { LOGGER_SYSLOG_USER: '' } })
  await sendUdp(service.syslogPort, '{"short_message":"x"}', '{"short_message":"x","_loggerbot_token":"wrong"}', '{"short_message":"x","_loggerbot_token":7}')
  await until('all are counted', async () => await metric(service, 'lost_total{reason="unknown"}') === 3)
})
