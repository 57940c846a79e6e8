// Tokens with `once`: each log that was stored is left out when it comes again within the window, in whatever batch.
import { join } from 'node:path'
import type { Knex } from 'knex'
import t from 'tap'
import { SentLogs } from '../../../src/decode/sent-logs.ts'
import { utcTime } from '../../../src/model/instant.ts'
import type { LogRecord } from '../../../src/model/record.ts'
import { forgetLogs } from '../../../src/store/recent-logs.ts'
import { loggerbot } from '../../helpers/command.ts'
import { databases, environmentOf, mariadb, openKnex, temporaryFolder, type TestMysqlOptions } from '../../helpers/databases.ts'
import { followTail } from '../../helpers/events.ts'
import { http, post } from '../../helpers/http.ts'
import { Proxy } from '../../helpers/proxy.ts'
import { basic, createToken, createUser, startService, stored } from '../../helpers/service.ts'
import { until } from '../../helpers/until.ts'

const time = '2024-05-01T10:00:00.123456Z'
const line = (msg: string, more = {}) => ({ time, msg, pid: 7, name: 'shop', order: 1, ...more })
const lines = (...messages: string[]) => messages.map((msg) => JSON.stringify(line(msg))).join('\n')
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const messages = async (knex: Knex) => (await stored(knex)).map(({ log_msg: message }) => message)
const metric = async (port: number, name: string) => Number(new RegExp(`^loggerbot_${name} (.*)$`, 'm').exec((await http(port, 'GET', '/metrics')).body)![1])

async function createOnceToken (port: number, user: string, once = '10m'): Promise<string> {
  const answer = await post(port, '/api/tokens', { name: 'shipper', scopes: ['write'], once }, basic(user))
  if (answer.status !== 201) throw new Error(`POST /api/tokens answered ${answer.status}: ${answer.body}`)
  return JSON.parse(answer.body).token
}

const nanoseconds = (at: number) => `17145576001234567${at}`
const seconds = (at: number) => Number(`1714557600.1234${at}`)

/** How logs of these messages come by each protocol, each with its own time. */
const protocols: Record<string, [path: string, body: (messages: string[]) => string]> = {
  'JSON lines': ['/api/logs', (messages) => lines(...messages)],
  OTLP: ['/v1/logs', (messages) => JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: messages.map((stringValue) => ({ timeUnixNano: nanoseconds(11), body: { stringValue } })) }] }] })],
  Loki: ['/loki/api/v1/push', (messages) => JSON.stringify({ streams: [{ stream: { app: 'shop' }, values: messages.map((text) => [nanoseconds(12), text]) }] })],
  HEC: ['/services/collector/event', (messages) => messages.map((event) => JSON.stringify({ time: seconds(13), event })).join('')],
  Datadog: ['/api/v2/logs', (messages) => JSON.stringify(messages.map((message) => ({ timestamp: 1714557600123, message })))],
  Seq: ['/api/events/raw', (messages) => messages.map((text) => JSON.stringify({ '@t': time, '@m': text })).join('\n')],
  Elasticsearch: ['/elasticsearch/logs/_bulk', (messages) => messages.map((message) => `{"create":{}}\n${JSON.stringify({ '@timestamp': time, message })}\n`).join('')]
}

for (const database of databases) {
  t.test(`a token with once on ${database.name}`, async (t) => {
    const service = await startService(t, database)
    const { port, knex } = service
    const other = await startService(t, database, { database: service.options })
    await createUser(service, 'alice')
    await createUser(service, 'bob')
    const token = await createOnceToken(port, 'alice')
    const send = (body: string, by = token, to = port, path = '/api/logs') => post(to, path, body, { ...bearer(by), 'content-type': 'application/json' })
    const proxy = await Proxy.start(t, port)
    t.beforeEach(async () => {
      for (const table of ['user_logs', 'ingest_batches', 'recent_logs', 'dead_letters']) await knex(table).delete()
    })

    await t.test('stores logs once that come again in other batches because the answer was lost', async (t) => {
      const [repeated, before] = [await metric(port, 'repeated_logs_total'), await metric(port, 'stored_logs_total')]
      const tail = await followTail(t, service, basic('alice'), '*')
      await proxy.setMode('lose')
      await t.rejects(send(lines('a', 'b', 'c'), token, proxy.port))
      await proxy.setMode('pass')
      for (const body of [lines('b'), lines('z', 'c', 'd'), lines('a', 'b', 'c', 'd', 'e'), lines('a', 'b')]) {
        t.match(await send(body, token, proxy.port), { status: 200, body: /"rejected":0/ })
      }
      t.strictSame(await messages(knex), ['a', 'b', 'c', 'z', 'd', 'e'])
      t.equal(await metric(port, 'repeated_logs_total') - repeated, 8)
      t.equal(await metric(port, 'stored_logs_total') - before, 6)
      const tailed = () => tail.events.flatMap(({ data }) => data === undefined ? [] : [JSON.parse(data).message])
      await tail.until('the last log is tailed', () => tailed().includes('e'))
      t.strictSame(tailed(), ['a', 'b', 'c', 'z', 'd', 'e'])
    })

    await t.test('knows them on another instance, as after a restart', async (t) => {
      await send(lines('a', 'b'))
      await send(lines('b', 'c'), token, other.port)
      await send(lines('c', 'a'))
      t.strictSame((await messages(knex)).sort(), ['a', 'b', 'c'])
    })

    for (const [protocol, [path, body]] of Object.entries(protocols)) {
      await t.test(`stores what comes by ${protocol} once`, async (t) => {
        for (const again of [['a', 'b', 'b'], ['b'], ['c', 'a'], ['b', 'b', 'a']]) t.ok((await send(body(again), token, port, path)).status < 300)
        t.strictSame((await messages(knex)).sort(), ['a', 'b', 'b', 'c'])
      })
    }

    await t.test('takes equal logs of one request for as many', async (t) => {
      await send(lines('a', 'a', 'a'))
      t.equal((await messages(knex)).length, 3)
      await send(lines('a', 'a'))
      await send(lines('a'))
      t.equal((await messages(knex)).length, 3)
      await send(lines('a', 'a', 'a', 'a'))
      t.equal((await messages(knex)).length, 4)
    })

    await t.test('counts them over all parts of a long request', async (t) => {
      const many = [...Array.from({ length: 1500 }, (_, index) => String(index)), '0', '1']
      await send(lines(...many))
      t.equal((await messages(knex)).length, 1502)
      await send(lines(...many.slice(700)))
      await send(lines(...many.slice(0, 900)))
      t.equal((await messages(knex)).length, 1502)
      await send(lines(...many, '0'))
      t.equal((await messages(knex)).length, 1503)
    })

    await t.test('tells logs apart by whatever is stored of them', async (t) => {
      const all = [{}, { time: '2024-05-01T10:00:00.123457Z' }, { msg: 'b' }, { pid: 8 }, { name: 'till' }, { level: 'error' }, { order: 2 }, { order: '1' }, { logger: 'x' }]
      for (const more of all) await send(JSON.stringify(line('a', more)))
      t.equal((await messages(knex)).length, all.length)
      for (const more of all) await send(JSON.stringify(Object.fromEntries(Object.entries(line('a', more)).reverse())))
      t.equal((await messages(knex)).length, all.length, 'in whatever order its names come')
    })

    await t.test('stores them again once the window is over, and knows them for another one', async (t) => {
      await send(lines('a', 'b'))
      await knex('recent_logs').update({ expires_at: utcTime(Date.now() - 1000) })
      await send(lines('b', 'a', 'c'))
      await send(lines('c', 'b', 'a'))
      t.strictSame((await messages(knex)).sort(), ['a', 'a', 'b', 'b', 'c'])
    })

    await t.test('leaves other tokens, users and passwords alone, and each knows its own', async (t) => {
      const plain = await createToken(service, 'alice')
      const another = await createOnceToken(port, 'alice', '1h')
      const bobs = await createOnceToken(port, 'bob')
      for (const by of [token, another, bobs, token, another, bobs, plain, plain]) await send(lines('a', 'b'), by)
      await post(port, '/api/logs', lines('a', 'b'), basic('alice'))
      t.equal((await messages(knex)).length, 2 * (3 + 2 + 1))
      t.equal((await knex('recent_logs')).length, 6, 'nothing is remembered of the others')
    })

    await t.test('stores each once of many overlapping requests at once, on two instances', async (t) => {
      const names = Array.from({ length: 30 }, (_, index) => `log ${index}`)
      const requests = names.map((_, index) => lines(...names.slice(index), ...names.slice(0, index / 2)))
      const answers = await Promise.all(requests.flatMap((body) => [send(body), send(body, token, other.port)]))
      t.strictSame(new Set(answers.map(({ status }) => status)), new Set([200]))
      t.strictSame((await messages(knex)).sort(), names.sort())
    })

    await t.test('remembers what became a dead letter, and what its neighbours became', async (t) => {
      const refuse = database.name === 'SQLite'
        ? "CREATE TRIGGER refuse BEFORE INSERT ON user_logs WHEN NEW.log_msg LIKE 'poison%' BEGIN SELECT RAISE(ABORT, 'no poison'); END"
        : "CREATE TRIGGER refuse BEFORE INSERT ON user_logs FOR EACH ROW IF NEW.log_msg LIKE 'poison%' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no poison'; END IF"
      await knex.raw(refuse)
      for (const body of [lines('a', 'poison 1', 'b'), lines('poison 1', 'c'), lines('a', 'poison 2', 'poison 1')]) t.equal((await send(body)).status, 200)
      await knex('recent_logs').update({ expires_at: utcTime(Date.now() - 1000) })
      for (let times = 0; times < 2; times++) t.equal((await send(lines('b', 'poison 2'))).status, 200)
      await knex.raw('DROP TRIGGER refuse')
      t.strictSame((await messages(knex)).sort(), ['a', 'b', 'b', 'c'])
      t.strictSame((await knex('dead_letters')).map(({ record }) => JSON.parse(record).message).sort(), ['poison 1', 'poison 2', 'poison 2'])
    })

    await t.test('goes with an Idempotency-Key', async (t) => {
      const keyed = (body: string) => post(port, '/api/logs', body, { ...bearer(token), 'idempotency-key': 'k' })
      await send(lines('a'))
      t.notOk((await keyed(lines('a', 'b'))).headers['idempotency-replayed'])
      t.equal((await keyed(lines('a', 'b'))).headers['idempotency-replayed'], 'true')
      t.strictSame(await messages(knex), ['a', 'b'])
    })

    await t.test('is listed with its window, and told who may not be understood', async (t) => {
      const listed = JSON.parse((await http(port, 'GET', '/api/tokens', basic('bob'))).body).tokens
      t.match(listed, [{ name: 'shipper', once: '10m' }])
      for (const [once, same] of [['1s', '1s'], ['90s', '90s'], ['120s', '2m'], ['60m', '1h'], ['24h', '24h'], ['1d', '24h']] as const) {
        await createOnceToken(port, 'alice', once)
        t.equal(JSON.parse((await http(port, 'GET', '/api/tokens', basic('alice'))).body).tokens.at(-1).once, same)
      }
      for (const once of ['', '0s', '10', '-10m', '1.5h', '25h', '2d', '1w', 'ten minutes', '10m ', 600, null, true]) {
        const answer = await post(port, '/api/tokens', { name: 'x', scopes: ['write'], once }, basic('alice'))
        t.equal(answer.status, 400, String(once))
        t.equal(JSON.parse(answer.body).detail, 'once must be a length of time from 1s to 1d, such as 10m')
      }
      t.match(JSON.parse((await post(port, '/api/tokens', { name: 'x', scopes: ['read'], once: '10m' }, basic('alice'))).body), { code: 400, detail: /scopes must include write/ })
    })

    await t.test('is made in the terminal, too', async (t) => {
      const env = environmentOf(service.options)
      const made = await loggerbot(['token', 'add', 'bob', 'fluent-bit', '--scopes', 'write', '--once', '15m'], { env })
      t.match(made, { code: 0, stdout: /stored once within 15m/ })
      t.match((await loggerbot(['token', 'list', 'bob'], { env })).stdout, / 15m +fluent-bit\n/)
      const [made1] = /lb_[\w-]{43}/.exec(made.stdout)!
      for (const body of [lines('a'), lines('a', 'b')]) await send(body, made1)
      t.strictSame(await messages(knex), ['a', 'b'])
      t.match(await loggerbot(['token', 'add', 'bob', 'x', '--scopes', 'write', '--once', '2d'], { env }), { code: 2, stderr: 'loggerbot: --once must be a length of time from 1s to 1d, such as 10m\n' })
      t.match(await loggerbot(['token', 'add', 'bob', 'x', '--once', '10m'], { env }), { code: 2, stderr: /--scopes must include write/ })
    })

    await t.test('is forgotten an hour after its window, and past a number of logs, the first to expire first', async (t) => {
      await send(lines('a', 'b', 'c', 'd'))
      const rows = await knex('recent_logs')
      for (const [index, minutes] of [-61, -59, 5, 10].entries()) {
        await knex('recent_logs').where('log_hash', rows[index].log_hash).update({ expires_at: utcTime(Date.now() + minutes * 60_000) })
      }
      const left = async () => (await knex('recent_logs')).length
      await forgetLogs(knex)
      t.equal(await left(), 3)
      await forgetLogs(knex, 2)
      t.equal(await left(), 2)
      t.equal((await knex('recent_logs').where('expires_at', '<', utcTime())).length, 0)
    })
  })
}

t.test('a token with once while its database is away', async (t) => {
  const direct = await mariadb.createMigrated(t) as TestMysqlOptions
  const proxy = await Proxy.start(t, direct.port)
  const settings = { LOGGER_SPOOL_DIR: join(temporaryFolder(t), 'spool') }
  const knex = openKnex(t, direct)
  const start = () => startService(t, mariadb, { database: { ...direct, host: proxy.host, port: proxy.port }, settings })
  const first = await start()
  await createUser(first, 'alice')
  const token = await createOnceToken(first.port, 'alice')
  const send = (port: number, ...messages: string[]) => post(port, '/api/logs', lines(...messages), bearer(token))
  const spooled = { status: 200, headers: { 'x-log-stored': 'spool' } }
  await send(first.port, 'a', 'b')

  await proxy.setMode('refuse')
  t.match(await send(first.port, 'b', 'c', 'c'), spooled)
  t.match(await send(first.port, 'c', 'd'), spooled)
  await first.app.close()
  await proxy.setMode('pass')
  await proxy.setMode('refuse')

  const { port } = await start()
  t.match(await send(port, 'd', 'e'), spooled, 'it is known after a restart, with its window')
  await proxy.setMode('pass')
  await until('the spool is empty', async () => await metric(port, 'spool_bytes') === 0)
  await send(port, 'c', 'c', 'd', 'e', 'f')
  t.strictSame((await messages(knex)).sort(), ['a', 'b', 'c', 'c', 'd', 'e', 'f'])

  await t.test('counts its window from when a log came, not from when it came home', async (t) => {
    await knex('recent_logs').update({ expires_at: utcTime(Date.now() + 3_600_000) })
    await send(port, 'a')
    t.equal((await messages(knex)).length, 8, 'what is remembered came a window later: this is another one')
    t.equal((await knex('recent_logs').where('expires_at', '<', utcTime(Date.now() + 1_800_000))).length, 0, 'and it stays remembered')
  })
})

t.test('what a log is known by', async (t) => {
  const record = (eventAt: string, message: string): LogRecord =>
    ({ eventAt, postTime: utcTime(), severity: 'info', message, pid: 1, processName: 'p', description: '', attributes: { b: { d: 1, c: [1, { f: 1, e: 2 }] }, a: 1 } })
  const hashes = (records: LogRecord[], token = 1) => {
    const all = new SentLogs(token).hashesOf(records)
    return Array.from({ length: all.length / 16 }, (_, index) => all.toString('hex', index * 16, index * 16 + 16))
  }

  await t.test('is 16 bytes of any time from 1000 to 9999', async (t) => {
    const times = ['1000-01-01 00:00:00.000000', '1969-12-31 23:59:59.999999', '1970-01-01 00:00:00.000000', '2026-11-26 12:00:00.000001', '9999-12-31 23:59:59.999999']
    t.equal(new Set(hashes(times.map((at) => record(at, 'x')))).size, times.length)
  })

  await t.test('is the same in another request, but not with another token', async (t) => {
    const logs = [record('2026-11-26 12:00:00.000001', 'x'), record('2026-11-26 12:00:00.000001', 'x'), record('2026-11-26 12:00:00.000001', 'y')]
    t.strictSame(hashes([logs[2]!, logs[0]!, logs[1]!]), [2, 0, 1].map((index) => hashes(logs)[index]))
    t.equal(new Set([...hashes(logs), ...hashes(logs, 2)]).size, 6)
  })

  await t.test('is nothing past 50,000 logs of a request', async (t) => {
    const sent = new SentLogs(1)
    const logs = Array.from({ length: 25_001 }, () => record('2026-11-26 12:00:00.000001', 'x'))
    t.strictSame([sent.hashesOf(logs).length, sent.hashesOf(logs).length, sent.hashesOf(logs).length], [16 * 25_001, 16 * 24_999, 0])
  })
})
