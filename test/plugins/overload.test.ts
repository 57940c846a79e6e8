import { once } from 'node:events'
import { connect } from 'node:net'
import { PassThrough } from 'node:stream'
import t from 'tap'
import { Gate } from '../../src/write/gate.ts'
import { Quota } from '../../src/write/quota.ts'
import { databases } from '../helpers/databases.ts'
import { http } from '../helpers/http.ts'
import { body, count, createUser, log, send, startService, type TestService } from '../helpers/service.ts'
import { until } from '../helpers/until.ts'

const untilMetric = (port: number, line: RegExp) => until(`/metrics says ${line}`, async () => line.test((await http(port, 'GET', '/metrics')).body))

t.test('the gate', async (t) => {
  /** Rooms that hold so much of their group's share. */
  const filled = (gate: Gate, holdings: Record<string, number>) => Object.entries(holdings).map(([group, bytes]) => {
    const memory = gate.open(group)
    t.equal(memory.reserve(bytes), undefined)
    return memory
  })
  /** Whether it has to be waited for. */
  const waits = (turn: Promise<void> | undefined) => turn !== undefined
  const failureOf = async (turn: Promise<unknown> | undefined) => {
    try {
      await turn
    } catch (error) {
      return error
    }
  }

  await t.test('lets a group hold as much as it leaves free', async (t) => {
    const gate = new Gate(1000, 20)
    const [, second] = filled(gate, { one: 500, two: 250 })
    filled(gate, { three: 125 })
    await gate.open('one').reserve(2)
    const turn = second!.reserve(1)
    t.ok(waits(turn))
    t.match(await failureOf(turn), { statusCode: 503, retryAfter: 5 }, 'past that it waits, and then hears that it should come again')
    filled(gate, { four: 60 })
  })

  await t.test('lets small bodies have what is free', async (t) => {
    const gate = new Gate(5120)
    filled(gate, { one: 2560 })
    const [first] = [gate.open('one')]
    t.equal(await first.reserve(100), undefined, 'one may go on past its share')
    const large = gate.open('one')
    const refused = failureOf(large.reserve(11))
    t.equal(gate.open('one').reserve(10), undefined)
    t.match(gate.state, { bytes: 2670, waiting: 1 })
    large.release()
    t.match(await refused, { statusCode: 503 })
  })

  await t.test('lets one request go on past all limits, and then the next', async (t) => {
    const gate = new Gate(1000)
    const memories = ['one', 'two', 'three'].map((group) => gate.open(group))
    t.equal(memories[0]!.reserve(5000), undefined, 'who is alone')
    t.equal(await memories[1]!.reserve(400), undefined, 'the first in line')
    const turn = memories[2]!.reserve(400)
    t.ok(waits(turn))
    memories[1]!.release()
    await turn
    t.strictSame(gate.state, { bytes: 5400, waiting: 0 })
  })

  await t.test('forgets who gives up, and lets the next in at once', async (t) => {
    const gate = new Gate(1000)
    const [held] = filled(gate, { one: 500 })
    await gate.open('one').reserve(100)
    const [gone, next] = [gate.open('one'), gate.open('one')]
    const turns = [gone.reserve(300), next.reserve(300)]
    gone.release()
    t.match(await failureOf(turns[0]), { statusCode: 503 })
    t.strictSame(gate.state, { bytes: 600, waiting: 1 })
    held!.release()
    await turns[1]
    t.throws(() => gone.reserve(1), { message: 'the server is overloaded' }, 'nothing more is taken')
    t.strictSame(gate.state, { bytes: 400, waiting: 0 })
  })

  await t.test('moves what a request holds to its user once that is known', async (t) => {
    const gate = new Gate(1000)
    const [memory] = filled(gate, { address: 500 })
    memory!.chargeTo('user')
    t.equal(gate.open('address').reserve(250), undefined)
  })

  const stalled = async (gate: Gate, group: string, bytes: number) => {
    const memory = gate.open(group)
    const body = new PassThrough()
    const reading = memory.read(body)[Symbol.asyncIterator]()
    body.write(Buffer.alloc(bytes))
    await reading.next()
    return { body, next: reading.next() }
  }

  await t.test('takes the memory of a stalled upload where another waits, the greediest group\'s first', async (t) => {
    const gate = new Gate(1000)
    const greedy = await stalled(gate, 'greedy', 400)
    const modest = await stalled(gate, 'modest', 100)
    const lost = failureOf(greedy.next)
    await gate.open('first').reserve(500)
    await gate.open('other').reserve(100)
    await gate.open('other').reserve(100)
    t.match(await lost, { statusCode: 503 })
    modest.body.end()
    t.match(await modest.next, { done: true }, 'and no more than are needed')
  })

  await t.test('does not blame a sender for the time that we take', async (t) => {
    const gate = new Gate(1000, 800)
    const memory = gate.open('slow')
    const body = new PassThrough()
    const reading = memory.read(body)[Symbol.asyncIterator]()
    body.end(Buffer.alloc(400))
    await reading.next()
    await gate.open('first').reserve(500)
    t.match(await failureOf(gate.open('other').reserve(200)), { statusCode: 503 })
    t.match(await reading.next(), { done: true })
  })
})

t.test('the quota holds who is a little over it, and refuses who is far over it', async (t) => {
  const clock = { ms: 0 }
  const { performance } = globalThis
  t.intercept(globalThis, 'performance', { value: { now: () => clock.ms } })
  const quota = new Quota(100)
  await quota.spend(1, 1000)
  const started = performance.now()
  await quota.spend(1, 10)
  t.ok(performance.now() - started > 90, 'a tenth of a second is what ten logs take')
  t.match(await quota.spend(1, 600).catch((error: unknown) => error), { statusCode: 429, retryAfter: 7 })
  clock.ms += 6500
  await quota.spend(1, 600)
})

for (const database of databases) {
  t.test(`overload on ${database.name}`, async (t) => {
    /** Begins a request that lacks its last byte. */
    const begin = async ({ port }: TestService, token: string, bytes: string) => {
      const socket = connect(port, '127.0.0.1')
      t.teardown(() => socket.destroy())
      await once(socket, 'connect')
      socket.write(`POST /send_logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-User-Token: ${token}\r\nContent-Length: ${bytes.length}\r\n\r\n`)
      socket.write(bytes.slice(0, -1))
      return socket
    }
    const bytes = JSON.stringify(body('alice', [log({ msg: 'x'.repeat(1500) })]))

    await t.test('a request for which there is no memory is held unread, then 503; others go on when it comes', async (t) => {
      const patient = await startService(t, database, { settings: { LOGGER_QUEUE_LIMIT: '2000' } })
      const hasty = await startService(t, database, { database: patient.options, settings: { LOGGER_QUEUE_LIMIT: '2000', LOGGER_DB_TIMEOUT: '100' } })
      const token = await createUser(patient, 'alice')
      // One fits, one more may go on without; the next has to wait.
      const fill = async (service: TestService) => {
        const sockets = [await begin(service, token, bytes), await begin(service, token, bytes)]
        await untilMetric(service.port, new RegExp(`loggerbot_request_bytes ${2 * (bytes.length - 1)}`))
        return sockets
      }

      await fill(hasty)
      t.match(await send(hasty, 'alice', token, [log()]), { status: 503, body: '{"code":503,"message":"ServiceUnavailable"}', headers: { 'retry-after': '5' } })
      const [slow] = await fill(patient)
      const waiting = send(patient, 'alice', token, [log()])
      slow!.write(bytes.slice(-1))
      t.equal((await waiting).status, 200)
    })

    await t.test('memory comes back from who went away, read or waiting', async (t) => {
      const service = await startService(t, database, { settings: { LOGGER_QUEUE_LIMIT: '2000' } })
      const token = await createUser(service, 'alice')
      for (let round = 0; round < 3; round++) {
        const gone = await Promise.all([1, 2, 3].map(() => begin(service, token, bytes)))
        await untilMetric(service.port, /loggerbot_requests_waiting 1/)
        for (const socket of gone) socket.destroy()
        await untilMetric(service.port, /loggerbot_request_bytes 0$/m)
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
