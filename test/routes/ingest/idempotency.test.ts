import t from 'tap'
import { Repetitions } from '../../../src/decode/repetition.ts'
import { databases } from '../../helpers/databases.ts'
import { post } from '../../helpers/http.ts'
import { Proxy } from '../../helpers/proxy.ts'
import { body, count, createToken, createUser, log, startService } from '../../helpers/service.ts'

for (const database of databases) {
  t.test(`Idempotency-Key on ${database.name}`, async (t) => {
    const one = await startService(t, database)
    const other = await startService(t, database, { database: one.options })
    const token = await createUser(one, 'alice')
    const bobs = await createUser(one, 'bob')
    const sendTo = ({ port }: { port: number }, key: string, msg: string, user = 'alice') =>
      post(port, '/send_logs', body(user, [log({ msg }), log({ msg })]), { 'x-user-token': user === 'alice' ? token : bobs, 'idempotency-key': key })
    t.beforeEach(async () => {
      await one.knex('user_logs').delete()
    })

    await t.test('the same key and body again stores nothing, says so, and is 200: on this instance and on another', async (t) => {
      const first = await sendTo(one, 'a', 'first')
      t.equal(first.status, 200)
      t.notOk(first.headers['idempotency-replayed'])
      for (const service of [one, other]) t.match(await sendTo(service, 'a', 'first'), { status: 200, body: first.body, headers: { 'idempotency-replayed': 'true' } })
      t.equal(await count(one.knex), 2)
    })

    await t.test('the same key with another body is stored, and so is another user\'s', async (t) => {
      await sendTo(one, 'b', 'first')
      t.notOk((await sendTo(one, 'b', 'second')).headers['idempotency-replayed'])
      t.notOk((await sendTo(one, 'b', 'first', 'bob')).headers['idempotency-replayed'])
      t.equal(await count(one.knex), 6)
    })

    await t.test('of many at once, on two instances, one is stored', async (t) => {
      const answers = await Promise.all(Array.from({ length: 40 }, (_, index) => sendTo(index % 2 ? one : other, 'c', 'first')))
      t.strictSame(new Set(answers.map(({ status }) => status)), new Set([200]))
      t.equal(answers.filter(({ headers }) => headers['idempotency-replayed'] === undefined).length, 1)
      t.equal(await count(one.knex), 2)
    })

    await t.test('a key may be any 1 to 255 printable ASCII characters', async (t) => {
      for (const key of ['~', ' '.repeat(0) + 'x y', 'k'.repeat(255)]) t.equal((await sendTo(one, key, 'any')).status, 200, key)
      for (const key of ['', 'k'.repeat(256), 'é', 'a\tb']) {
        t.match(await sendTo(one, key, 'any'), { status: 400, headers: { 'x-error-detail': 'header Idempotency-Key must be 1 to 255 printable ASCII characters' } }, key)
      }
      t.equal(await count(one.knex), 6)
    })
  })
}

const otlp = (...times: Array<string | undefined>) => JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: times.map((timeUnixNano) => ({ timeUnixNano, body: { stringValue: 'equal' } })) }] }] })
const loki = (...times: string[]) => JSON.stringify({ streams: [{ stream: { app: 'shop' }, values: times.map((time) => [time, 'equal']) }] })
const hec = (...times: Array<string | number | undefined>) => times.map((time) => JSON.stringify({ time, event: { line: 'equal', source: 'stdout', tag: 'web' } })).join('')

/** What is sent again because no answer came, and how many logs of it are stored then. */
const sentAgain: Record<string, [path: string, body: string, stored: number]> = {
  'OTLP with times': ['/v1/logs', otlp('1714557600123456789', '1714557600123456789'), 2],
  'Loki\'s lines': ['/loki/api/v1/push', loki('1714557600123456789', '1714557600123456790'), 2],
  'events of HEC with times finer than a millisecond': ['/services/collector/event', hec('1714557600.123456', '1714557600.123000'), 2],
  'OTLP with a log that has no time': ['/v1/logs', otlp('1714557600123456789', undefined), 4],
  'events of HEC without a time': ['/services/collector/event', hec('1714557600.123456', undefined), 4],
  'events of HEC with times in milliseconds': ['/services/collector/event', hec(1714557600.123, 1714557600.124), 4],
  'JSON, in which two equal logs may be meant': ['/api/logs', '{"msg":"equal","time":"2024-05-01T10:00:00.123456Z"}', 2]
}

for (const database of databases) {
  t.test(`a request whose answer was lost on ${database.name}`, async (t) => {
    const service = await startService(t, database)
    const { port, knex } = service
    const other = await startService(t, database, { database: service.options })
    await createUser(service, 'alice')
    await createUser(service, 'bob')
    const tokens = [await createToken(service, 'alice'), await createToken(service, 'alice'), await createToken(service, 'bob')] as const
    const headers = { authorization: `Bearer ${tokens[0]}` }
    const proxy = await Proxy.start(t, port)
    t.beforeEach(async () => {
      for (const table of ['user_logs', 'ingest_batches']) await knex(table).delete()
    })

    for (const [what, [path, body, stored]] of Object.entries(sentAgain)) {
      await t.test(`of ${what} is stored ${stored === 2 && path !== '/api/logs' ? 'once' : 'each time'}`, async (t) => {
        await proxy.setMode('lose')
        await t.rejects(post(proxy.port, path, body, headers))
        await proxy.setMode('pass')
        const answer = await post(proxy.port, path, body, headers)
        t.ok(answer.status < 300)
        t.equal(await count(knex), stored)
      })
    }

    await t.test('is another one from another token or user, to another path, or with other bytes', async (t) => {
      const body = sentAgain['OTLP with times']![1]
      for (const token of tokens) await post(port, '/v1/logs', body, { authorization: `Bearer ${token}` })
      await post(port, '/otlp/v1/logs', body, headers)
      await post(port, '/v1/logs', `${body} `, headers)
      t.equal(await count(knex), 10)
    })

    await t.test('is told from a first one on another instance', async (t) => {
      const body = sentAgain['Loki\'s lines']![1]
      for (const { port } of [service, other, other, service]) await post(port, '/loki/api/v1/push', body, headers)
      t.equal(await count(knex), 2)
    })
  })
}

t.test('the name of a request', async (t) => {
  let minutes = 0
  const repetitions = new Repetitions(() => minutes * 60_000)
  const body = Buffer.from('body')
  const first = repetitions.nameOf('alice', body)
  minutes = 19
  t.equal(repetitions.nameOf('alice', body), first, 'is the same within ten minutes, across the end of a window')
  t.not(repetitions.nameOf('bob', body), first)
  t.not(repetitions.nameOf('alice', Buffer.from('other')), first)
  minutes = 20
  t.not(repetitions.nameOf('alice', body), first, 'is another one after twenty')
})
