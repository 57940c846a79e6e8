import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { Gate } from '../src/write/gate.ts'
import { Quota } from '../src/write/quota.ts'
import { databases } from './helpers/databases.ts'
import { http } from './helpers/http.ts'
import { body, count, createUser, log, send, startService, type TestService } from './helpers/service.ts'
import { until } from './helpers/until.ts'

const untilMetric = (port: number, line: RegExp) => until(`/metrics says ${line}`, async () => line.test((await http(port, 'GET', '/metrics')).body))

/** As a promise. */
const enter = (gate: Gate, bytes: number) => new Promise<void>((resolve, reject) => gate.enter(bytes, (error) => error ? reject(error) : resolve()))

t.test('the gate', async (t) => {
  const settled = async (promise: Promise<void>) => Promise.race([promise.then(() => true), new Promise((resolve) => setImmediate(() => resolve(false)))])

  await t.test('lets in what there is room for, and the others in line, as room comes', async (t) => {
    const gate = new Gate(100)
    await enter(gate, 60)
    const large = enter(gate, 60)
    const small = enter(gate, 10)
    t.equal(await settled(large), false)
    t.equal(await settled(small), false, 'nobody overtakes')
    t.strictSame(gate.state, { bytes: 60, waiting: 2 })
    gate.leave(60)
    await Promise.all([large, small])
    t.strictSame(gate.state, { bytes: 70, waiting: 0 })
  })

  await t.test('lets in what is larger than all the room when it is alone', async (t) => {
    const gate = new Gate(100)
    await enter(gate, 1)
    const huge = enter(gate, 1000)
    t.equal(await settled(huge), false)
    gate.leave(1)
    await huge
  })

  await t.test('turns away who waited too long, and nobody else', async (t) => {
    const gate = new Gate(100, 20)
    await enter(gate, 100)
    t.match(await enter(gate, 50).catch((error: unknown) => error), { statusCode: 503, retryAfter: 5 })
    gate.leave(100)
    await enter(gate, 50)
    t.strictSame(gate.state, { bytes: 50, waiting: 0 })
  })
})

t.test('the quota holds who is a little over it, and refuses who is far over it', async (t) => {
  const clock = { now: Date.now() }
  t.intercept(Date, 'now', { value: () => clock.now })
  const quota = new Quota(100)
  await quota.take(1, 1000)
  const started = performance.now()
  await quota.take(1, 10)
  t.ok(performance.now() - started > 90, 'a tenth of a second is what ten logs take')
  t.match(await quota.take(1, 600).catch((error: unknown) => error), { statusCode: 429, retryAfter: 7 })
  clock.now += 6500
  await quota.take(1, 600)
})

for (const database of databases) {
  t.test(`overload on ${database.name}`, async (t) => {
    await t.test('a request for which there is no memory is held unread, then 503; others go on when it comes', async (t) => {
      const patient = await startService(t, database, { settings: { LOGGER_QUEUE_LIMIT: '2000' } })
      const hasty = await startService(t, database, { database: patient.options, settings: { LOGGER_QUEUE_LIMIT: '2000', LOGGER_DB_TIMEOUT: '500' } })
      const token = await createUser(patient, 'alice')
      const bytes = JSON.stringify(body('alice', [log({ msg: 'x'.repeat(1500) })]))
      const fill = async ({ port }: TestService) => {
        const slow = connect(port, '127.0.0.1')
        t.teardown(() => slow.destroy())
        await once(slow, 'connect')
        slow.write(`POST /send_logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-User-Token: ${token}\r\nContent-Length: ${bytes.length}\r\n\r\n`)
        slow.write(bytes.slice(0, 100))
        await untilMetric(port, /loggerbot_request_bytes [1-9]/)
        return slow
      }

      const large = [log({ msg: 'y'.repeat(1000) })]
      await fill(hasty)
      t.match(await send(hasty, 'alice', token, large), { status: 503, body: '{"code":503,"message":"ServiceUnavailable"}', headers: { 'retry-after': '5' } })
      const slow = await fill(patient)
      const waiting = send(patient, 'alice', token, large)
      await untilMetric(patient.port, /loggerbot_requests_waiting 1/)
      slow.write(bytes.slice(100))
      t.match(String(await once(slow, 'data')), '200 OK')
      t.equal((await waiting).status, 200)
      t.equal(await count(patient.knex), 2)
    })

    await t.test('memory comes back from who went away, read or waiting', async (t) => {
      const service = await startService(t, database, { settings: { LOGGER_QUEUE_LIMIT: '1500' } })
      const token = await createUser(service, 'alice')
      for (let round = 0; round < 3; round++) {
        const gone = [1, 2, 3].map(() => connect(service.port, '127.0.0.1'))
        for (const socket of gone) {
          await once(socket, 'connect')
          socket.write('POST /send_logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n')
        }
        await untilMetric(service.port, /loggerbot_requests_waiting 2/)
        for (const socket of gone) socket.destroy()
      }
      t.equal((await send(service, 'alice', token, [log({ msg: 'x'.repeat(1000) })])).status, 200)
      t.match((await http(service.port, 'GET', '/metrics')).body, /^loggerbot_request_bytes 0$/m)
    })

    await t.test('a user far over their rate is 429; another is not', async (t) => {
      const service = await startService(t, database, { settings: { LOGGER_USER_RATE: '10' } })
      const token = await createUser(service, 'alice')
      const bobs = await createUser(service, 'bob')
      const logs = (length: number) => Array.from({ length }, () => log())
      // Together: the second is to come long before its logs are within the rate, however slow the database.
      const answers = await Promise.all([1, 2].map(() => send(service, 'alice', token, logs(100))))
      const [taken, refused] = answers.sort((one, other) => one.status - other.status)
      t.equal(taken!.status, 200, 'ten seconds\' worth at once')
      t.match(refused, { status: 429, body: '{"code":429,"message":"TooManyRequests"}', headers: { 'retry-after': /^([6-9]|10)$/ } })
      t.equal((await send(service, 'bob', bobs, logs(100))).status, 200)
      t.equal(await count(service.knex), 200)
    })
  })
}
