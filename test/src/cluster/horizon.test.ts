import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import type { Knex } from 'knex'
import t, { type Test } from 'tap'
import { utcTime } from '../../../src/model/instant.ts'
import { Feed, type FedBatch } from '../../../src/tail/feed.ts'
import { Subscription } from '../../../src/tail/subscription.ts'
import { databases, type TestMysqlOptions } from '../../helpers/databases.ts'
import { startEmbedded } from '../../helpers/embedded.ts'
import { EventReader } from '../../helpers/events.ts'
import { http } from '../../helpers/http.ts'
import { Proxy } from '../../helpers/proxy.ts'
import { apiKey, basic, createUser, log, send, type TestService } from '../../helpers/service.ts'
import { until } from '../../helpers/until.ts'

/** What a reader of the tail was told. */
async function follow (t: Test, port: number, user: string) {
  const outgoing = request({ port, path: '/api/logs/tail', headers: basic(user) })
  outgoing.end()
  const [incoming] = await once(outgoing, 'response') as [IncomingMessage]
  t.teardown(() => incoming.destroy())
  const reader = new EventReader(incoming)
  await reader.until('the tail begins', () => reader.text !== '')
  const of = (name: string) => reader.events.filter(({ event }) => event === name).map(({ data }) => JSON.parse(data!))
  return {
    reader,
    get messages (): string[] { return of('log').map(({ message }) => message) },
    get missed (): number { return of('missed').reduce((sum, { logs }) => sum + logs, 0) }
  }
}

/** Stores a batch as a transaction would have that took place long after it began. */
async function storeLate (knex: Knex, userId: number, messages: string[], createdAt: string, eventAt: string): Promise<void> {
  const firstId = BigInt(Date.now()) << 16n
  await knex.transaction(async (transaction) => {
    await transaction('ingest_batches').insert({ user_id: userId, batch_key: randomBytes(16), created_at: createdAt, first_id: firstId.toString(), records: messages.length, first_at: eventAt, last_at: eventAt })
    await transaction('user_logs').insert(messages.map((message, index) => ({
      user_id: userId, log_event_at: eventAt, id: (firstId + BigInt(index)).toString(), log_level: 'error', pid: 1, p_name: 'p', p_description: '', log_msg: message, post_time: eventAt
    })))
  })
}

async function histogram (service: TestService, interval: string): Promise<number> {
  const asked = new URLSearchParams({ interval, from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' })
  const { body } = await http(service.port, 'GET', `/api/logs/histogram?${asked}`, { 'x-api-key': apiKey })
  return JSON.parse(body).buckets.reduce((sum: number, { count }: { count: number }) => sum + count, 0)
}

async function search (service: TestService, query: string): Promise<{ logs: unknown[], complete: boolean }> {
  return JSON.parse((await http(service.port, 'GET', `/api/logs?${new URLSearchParams({ query })}`, { 'x-api-key': apiKey })).body)
}

const eventAt = '2026-01-01T10:00:00Z'

// They wait for instances that are gone and for statements that are cut off: at the same time.
t.jobs = 4
for (const database of databases) {
  t.test(`a transaction that takes place behind the horizon, on ${database.name}`, async (t) => {
    // The index is asked at once, so that what it lacks is not found.
    const service = await startEmbedded(t, await database.createMigrated(t), { askAfter: 0 })
    const { app, knex } = service
    const token = await createUser(service, 'alice')
    const { id } = await knex('users').where('username', 'alice').first()
    await send(service, 'alice', token, [log({ msg: 'in time', event_at: eventAt })])
    await app.wordIndex.runNow()
    await app.hourCounts.runNow()
    const tail = await follow(t, service.port, 'alice')
    await send(service, 'alice', token, [log({ msg: 'heard', event_at: eventAt })])
    await tail.reader.until('a log is heard', () => tail.messages.length === 1)
    await app.wordIndex.runNow()
    await app.hourCounts.runNow()
    t.equal(await histogram(service, '1h'), 2)

    await storeLate(knex, id, ['zebra one', 'zebra two'], utcTime(Date.now() - 60_000), '2026-01-01 10:00:00.000000')
    await tail.reader.until('the tail says that it missed some', () => tail.missed > 0)
    t.equal(tail.missed, 2, 'the tail says how many it missed')
    t.strictSame(tail.messages, ['heard'])

    await app.hourCounts.runNow()
    t.equal(await histogram(service, '1h'), 4, 'counted by the hour')
    t.equal(await histogram(service, '30m'), 4)
    await app.wordIndex.runNow()
    t.match(await search(service, 'zebra'), { complete: true, logs: { length: 2 } }, 'found by its words')

    await app.hourCounts.runNow()
    await app.wordIndex.runNow()
    t.equal(await histogram(service, '1h'), 4)
    t.match(await search(service, 'heard'), { complete: true, logs: { length: 1 } })
  })

  if (database.name === 'SQLite') continue

  t.test(`an instance that is cut off from ${database.name} and comes back`, async (t) => {
    const options = await database.createMigrated(t) as TestMysqlOptions
    const first = await startEmbedded(t, options)
    const token = await createUser(first, 'alice')
    const proxy = await Proxy.start(t, options.port)
    const second = await startEmbedded(t, { ...options, host: proxy.host, port: proxy.port }, { patience: 500 })
    await send(second, 'alice', token, [log({ msg: 'known' })])
    const tail = await follow(t, first.port, 'alice')
    await proxy.setMode('refuse')
    await until('the others go on without it', async () => {
      const rows = await first.knex('instances').whereRaw('seen_at > UTC_TIMESTAMP(6) - INTERVAL 10 SECOND')
      return rows.length === 1
    })
    await send(first, 'alice', token, [log({ msg: 'meanwhile' })])
    await tail.reader.until('the others go on without it', () => tail.messages.includes('meanwhile'))
    await proxy.setMode('pass')
    const sent: string[] = []
    for (let n = 0; sent.length < 20; n++) {
      const [one, two] = await Promise.all([send(second, 'alice', token, [log({ msg: `s${n}` })]), send(first, 'alice', token, [log({ msg: `f${n}` })])])
      if (one.status === 200) sent.push(`s${n}`)
      if (two.status === 200) sent.push(`f${n}`)
    }
    await tail.reader.until('all of them are heard', () => sent.every((message) => tail.messages.includes(message)))
    t.equal(tail.missed, 0)
    t.equal(new Set(tail.messages).size, tail.messages.length, 'each once')
  })

  t.test(`announcements that hang in ${database.name}`, async (t) => {
    const service = await startEmbedded(t, await database.createMigrated(t))
    await createUser(service, 'alice')
    const blocking = await service.knex.transaction()
    // As a node without a quorum takes no COMMIT, but answers who reads.
    await blocking('instances').update({ oldest_at: '1000-01-01 00:00:00.000000' })
    const waiting = async () => {
      const [rows] = await service.knex.raw("SELECT ID FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND INFO LIKE 'insert into `instances`%'")
      return rows.map(({ ID }: { ID: number }) => ID).join()
    }
    const first = await until('an announcement hangs', async () => (await waiting()) || undefined)
    const next = await until('it is cut off, and the next one hangs', async () => {
      const ids = await waiting()
      return ids !== '' && ids !== first ? ids : undefined
    })
    t.notMatch(next, ',', 'one at a time')
    t.equal((await http(service.port, 'GET', '/api/logs', basic('alice'))).status, 200, 'who reads does not notice')
    await blocking.rollback()
    await until('it is announced again', async () => (await service.knex('instances').whereRaw("seen_at > UTC_TIMESTAMP(6) - INTERVAL 3 SECOND AND oldest_at > '2000-01-01'")).length === 1)
  })
}

t.test('a cycle of the tail that fails half way hands on what is left, nothing twice, and is told once an outage', async (t) => {
  const batch = (n: number): FedBatch => ({ createdAt: `2026-01-01 00:00:0${n}.000000`, userId: 1, key: `${n}`.repeat(32) })
  let failing = 0
  let failures = 0
  let horizon = '2026-01-01 00:00:00.000000'
  const delivered: string[] = []
  const subscription = new Subscription(1, (log) => delivered.push(log.message) > 0, () => 'alice')
  const feed = new Feed({
    horizon: async () => ({ time: horizon, alone: false }),
    list: async (after, before) => [1, 2, 3, 4].map(batch).filter(({ createdAt }) => createdAt > after.createdAt && createdAt < before),
    count: async (after, before) => [1, 2, 3, 4].map(batch).filter(({ createdAt }) => createdAt > after.createdAt && createdAt < before).length,
    since: async () => '1000-01-01 00:00:00.000000',
    async load ({ key }) {
      if (key.startsWith('3') && failing++ < 5) throw new Error('the database is away')
      return [{ message: key[0] } as never]
    },
    onFailure: () => { failures++ }
  })
  t.teardown(() => feed.close())
  await feed.subscribe(subscription)
  horizon = '2026-01-01 00:00:09.000000'
  await until('all are handed on', () => delivered.length >= 4)
  t.strictSame(delivered, ['1', '2', '3', '4'])
  t.equal(failing, 6)
  t.equal(failures, 1)
})
