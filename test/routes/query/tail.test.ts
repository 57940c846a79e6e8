import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { setImmediate as nextTurn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { utcTime } from '../../../src/model/instant.ts'
import { newRecord } from '../../../src/model/new-record.ts'
import type { LogRecord } from '../../../src/model/record.ts'
import { Feed, type FedBatch } from '../../../src/tail/feed.ts'
import { readPosition, writePosition } from '../../../src/tail/position.ts'
import { QueueMemory } from '../../../src/tail/queue-memory.ts'
import { Subscription } from '../../../src/tail/subscription.ts'
import { CommitClock } from '../../../src/write/clock.ts'
import { databases } from '../../helpers/databases.ts'
import { startEmbedded } from '../../helpers/embedded.ts'
import { EventReader } from '../../helpers/events.ts'
import { http } from '../../helpers/http.ts'
import { basic, createUser, log, send, startService } from '../../helpers/service.ts'
import { until } from '../../helpers/until.ts'

interface Heard {
  id: string
  event: string
  message: string
}

/** A reader of the tail. */
interface Listener {
  readonly heard: Heard[]
  /** Resolves once `count` events came. */
  until (count: number): Promise<unknown>
  stop (): void
}

async function listen (t: Test, port: number, query: string, headers: Record<string, string>): Promise<Listener> {
  const outgoing = request({ port, path: `/api/logs/tail?query=${encodeURIComponent(query)}`, headers })
  outgoing.end()
  const [incoming] = await once(outgoing, 'response') as [IncomingMessage]
  if (incoming.statusCode !== 200) throw new Error(`the tail answered ${incoming.statusCode}`)
  t.teardown(() => incoming.destroy())
  const reader = new EventReader(incoming)
  const listener: Listener = {
    get heard () {
      return reader.events.flatMap(({ id, event, data }) => event === undefined ? [] : [{ id: id!, event, message: JSON.parse(data!).message }])
    },
    until: (count) => reader.until(`the tail gives ${count} events`, () => listener.heard.length >= count),
    stop: () => reader.close()
  }
  await reader.until('the tail begins', () => reader.text !== '')
  return listener
}

for (const database of databases) {
  t.test(`the tail on ${database.name}`, async (t) => {
    const service = await startService(t, database, { settings: { LOGGER_BODY_LIMIT: '16777215' } })
    const { port } = service
    const token = await createUser(service, 'alice')
    const bob = await createUser(service, 'bob')
    await service.knex('users').where('username', 'bob').update({ admin: true })
    const say = (...messages: string[]) => send(service, 'alice', token, messages.map((msg) => log({ msg })))

    await t.test('hands on what is stored from now on and what the query asks for, to whom it belongs', async (t) => {
      await say('before')
      const all = await listen(t, port, '', basic('alice'))
      const some = await listen(t, port, 'level:error two', basic('alice'))
      const admin = await listen(t, port, 'user:alice', basic('bob'))
      await send(service, 'bob', bob, [log({ msg: 'of bob' })])
      await say('one', 'two')
      await say('three')
      await all.until(3)
      t.strictSame(all.heard.map(({ message }) => message), ['one', 'two', 'three'])
      await some.until(1)
      t.strictSame(some.heard.map(({ message }) => message), ['two'])
      await admin.until(3)
      t.strictSame(admin.heard.map(({ message }) => message), ['one', 'two', 'three'])
      for (const listener of [all, some, admin]) listener.stop()
    })

    await t.test('a repetition that was stored before is not handed on again', async (t) => {
      const listener = await listen(t, port, '', basic('alice'))
      const headers = { 'content-type': 'application/json', 'x-user-token': token, 'idempotency-key': 'once' }
      const body = JSON.stringify({ data: { user: 'alice', pid: 1, p_name: 'p', post_time: '2026-01-01T00:00:00Z', logs: [log({ msg: 'once' })] } })
      for (let n = 0; n < 2; n++) t.equal((await http(port, 'POST', '/send_logs', headers, body)).status, 200)
      await say('after')
      await listener.until(2)
      t.strictSame(listener.heard.map(({ message }) => message), ['once', 'after'])
      listener.stop()
    })

    await t.test('goes on after the last event that was seen: none is lost, none comes twice', async (t) => {
      const listener = await listen(t, port, 'n*', basic('alice'))
      const sending = (async () => {
        for (let n = 0; n < 60; n++) await say(`n${3 * n}`, `n${3 * n + 1}`, `n${3 * n + 2}`)
      })()
      await listener.until(10)
      listener.stop()
      const seen = [...listener.heard]
      while (seen.length < 180) {
        const next = await listen(t, port, 'n*', { ...basic('alice'), 'last-event-id': seen.at(-1)!.id })
        await next.until(Math.min(25, 180 - seen.length))
        next.stop()
        seen.push(...next.heard)
      }
      await sending
      t.strictSame(seen.map(({ message }) => message), Array.from({ length: 180 }, (_, n) => `n${n}`))
    })

    await t.test('hands on a batch that is too large to be kept until then', async (t) => {
      const listener = await listen(t, port, 'small', basic('alice'))
      await say('x'.repeat(8_000_000), 'x'.repeat(8_000_000), 'small')
      await listener.until(1)
      listener.stop()
    })

    await t.test('hands on what is stored of a batch, and not what is a dead letter', async (t) => {
      await service.knex.raw(database.name === 'SQLite'
        ? "CREATE TRIGGER refuses BEFORE INSERT ON user_logs WHEN NEW.log_msg = 'poison' BEGIN SELECT RAISE(ABORT, 'refused'); END"
        : "ALTER TABLE user_logs ADD CONSTRAINT refuses CHECK (log_msg <> 'poison')")
      const listener = await listen(t, port, '', basic('alice'))
      await say('one', 'poison', 'two')
      await listener.until(2)
      await say('three')
      await listener.until(3)
      t.strictSame(listener.heard.map(({ message }) => message), ['one', 'two', 'three'])
      t.match((await http(port, 'GET', '/metrics')).body, /^loggerbot_dead_letters_total 1$/m)
      listener.stop()
      await service.knex.raw(database.name === 'SQLite' ? 'DROP TRIGGER refuses' : 'ALTER TABLE user_logs DROP CONSTRAINT refuses')
    })

    await t.test('says what is wrong with a query', async (t) => {
      t.match(JSON.parse((await http(port, 'GET', '/api/logs/tail?query=(', basic('alice'))).body), { code: 400, detail: /^query: at 2/ })
      t.equal((await http(port, 'GET', '/api/logs/tail?query=user:bob', basic('alice'))).status, 403)
    })

    if (database.name === 'SQLite') return
    const other = await startEmbedded(t, service.options)
    await t.test('a horizon that is awaited is past whatever another instance stored; any other leaves room for its last transactions', async (t) => {
      await say('just now')
      const { newest } = (await service.knex('ingest_batches').max({ newest: 'created_at' }).first())!
      t.ok(await other.app.logCluster.horizons.pastStored() > newest)
      t.ok(await other.app.logCluster.horizons.settled(5000) <= utcTime(Date.now() - 10_000))
    })

    await t.test('follows two instances at once, and goes on at the other', async (t) => {
      const first = await listen(t, port, 'x*', basic('alice'))
      const sending = Promise.all(Array.from({ length: 100 }, async (_, n) => {
        await send(n % 2 === 0 ? service : other, 'alice', token, [log({ msg: `x${n}` }), log({ msg: `x${n}b` })])
      }))
      await first.until(50)
      first.stop()
      const seen = [...first.heard]
      for (let turn = 0; seen.length < 200; turn++) {
        const next = await listen(t, turn % 2 === 0 ? other.port : port, 'x*', { ...basic('alice'), 'last-event-id': seen.at(-1)!.id })
        await next.until(Math.min(60, 200 - seen.length))
        next.stop()
        seen.push(...next.heard)
      }
      await sending
      t.equal(seen.length, 200)
      t.equal(new Set(seen.map(({ message }) => message)).size, 200, 'each once')
    })
  })
}

t.test('a reader that is too slow is told how many it missed', async (t) => {
  const subscription = new Subscription(1, () => true, () => 'alice')
  const logs = Array.from({ length: 2500 }, (_, index) => ({ id: String(index) }) as LogRecord & { id: string })
  const place = { createdAt: '2026-01-01 00:00:00.000000', userId: 1, key: '0'.repeat(32) }
  subscription.deliver(place, logs)
  const events = await subscription.take(0)
  t.equal(events!.length, 2001)
  t.strictSame(events!.at(-1), { missed: 500, after: writePosition({ ...place, index: 1999 }) })
  t.strictSame(await subscription.take(1), ['silence'])
  t.strictSame(readPosition((events![7] as { place: string }).place), { ...place, index: 7 })
  subscription.close()
  t.equal(await subscription.take(1), undefined)
})

t.test('what comes all at once after a stall is missed by no reader that takes it', async (t) => {
  const logs = Array.from({ length: 500 }, (_, index) => ({ ...newRecord({ message: 'm', processName: 'p' }), id: String(index) }))
  const batches = Array.from({ length: 20 }, (_, n): FedBatch => ({ createdAt: `2026-01-01 00:00:00.0000${n + 10}`, userId: 1, key: String(n).padStart(32, '0') }))
  let horizon = '2026-01-01 00:00:00.000000'
  const feed = new Feed({
    horizon: async () => ({ time: horizon, alone: false }),
    list: async (after, before) => batches.filter(({ createdAt }) => createdAt > after.createdAt && createdAt < before),
    count: async (after, before) => batches.filter(({ createdAt }) => createdAt > after.createdAt && createdAt < before).length,
    since: async () => '1000-01-01 00:00:00.000000',
    load: async () => logs,
    onFailure: (error) => { throw error }
  })
  t.teardown(() => feed.close())
  const subscription = new Subscription(1, () => true, () => 'alice')
  await feed.subscribe(subscription)
  horizon = '2026-01-02 00:00:00.000000'
  let heard = 0
  let missed = 0
  while (heard + missed < 10_000) {
    for (const event of (await subscription.take(60_000))!) {
      if (typeof event === 'object' && 'missed' in event) missed += event.missed
      else heard++
    }
    // As one that writes to a connection.
    await nextTurn()
  }
  t.equal(missed, 0)
})

t.test('a batch that is told of twice, at different times, is handed on once', async (t) => {
  let horizon = '2026-01-01 00:00:00.000000'
  const feed = new Feed({
    horizon: async () => ({ time: horizon, alone: true }),
    list: async () => [],
    count: async () => 0,
    since: async () => '1000-01-01 00:00:00.000000',
    load: async () => [],
    onFailure: (error) => { throw error }
  })
  t.teardown(() => feed.close())
  const heard: string[] = []
  const subscription = new Subscription(1, ({ message }) => heard.push(message) > 0, () => 'alice')
  await feed.subscribe(subscription)
  const add = (second: number, key: string, message: string) => feed.add({
    createdAt: `2026-01-01 00:00:0${second}.000000`, userId: 1, key: key.repeat(32), logs: [{ ...newRecord({ message, processName: 'p' }), id: '1' }]
  })
  add(1, 'a', 'one')
  horizon = '2026-01-01 00:00:02.000000'
  await until('the first is handed on', () => heard.length === 1)
  add(3, 'a', 'one')
  add(4, 'b', 'two')
  horizon = '2026-01-01 00:00:05.000000'
  await until('the next is handed on', () => heard.includes('two'))
  t.strictSame(heard, ['one', 'two'])
})

t.test('the clock of transactions tells before what nothing new can appear', async (t) => {
  let now = Date.UTC(2026, 0, 1)
  t.intercept(Date, 'now', { value: () => now })
  const clock = new CommitClock()
  const first = clock.begin()
  now += 5
  const second = clock.begin()
  t.equal(clock.oldest, first)
  clock.end(first, false)
  t.equal(clock.oldest, second)
  now -= 1000
  t.ok(clock.begin() >= second, 'also when the clock is set back')
})

t.test('what waits for readers is bounded in bytes, and a reader that takes it misses nothing', async (t) => {
  const memory = new QueueMemory()
  const subscribe = (userId: number) => new Subscription(userId, () => true, () => 'alice', { memory })
  const place = { createdAt: '2026-01-01 00:00:00.000000', userId: 1, key: '0'.repeat(32) }
  const large = (id: number) => [newRecord({ message: 'x'.repeat(5_000_000), processName: 'p' })].map((record) => ({ ...record, id: String(id) }))
  const [quick, ...idle] = Array.from({ length: 20 }, () => subscribe(1))
  for (let n = 0; n < 10; n++) {
    const logs = large(n)
    for (const subscription of [quick!, ...idle]) subscription.deliver(place, logs)
    t.match(await quick!.take(0), [{ log: { id: String(n) } }], 'however little others take')
  }
  for (const subscription of idle) t.match(await subscription.take(0), [{ log: { id: '0' } }, { missed: 9 }])

  const others = Array.from({ length: 8 }, () => subscribe(2))
  for (const [n, subscription] of others.entries()) subscription.deliver(place, large(n))
  const taken = await Promise.all(others.map((subscription) => subscription.take(0)))
  t.equal(taken.filter((events) => 'log' in (events![0] as object)).length, 4, 'logs of a user share what the user may hold')
  const another = subscribe(3)
  another.deliver(place, large(0))
  t.match(await another.take(0), [{ log: { id: '0' } }], 'and leave room for those of others')
  for (const subscription of [quick!, ...idle, ...others, another]) subscription.close()
})
