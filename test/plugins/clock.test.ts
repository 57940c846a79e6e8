import t from 'tap'
import { parseFilter } from '../../src/query/parse.ts'
import { hoursReached } from '../../src/hour-counts/table.ts'
import { findCandidateRanges } from '../../src/word-index/lookup.ts'
import { Lease, takeLease } from '../../src/cluster/leases.ts'
import { feedReached } from '../../src/word-index/progress.ts'
import { utcTime } from '../../src/model/instant.ts'
import { CommitClock } from '../../src/write/clock.ts'
import { Quota } from '../../src/write/quota.ts'
import { loggerbot } from '../helpers/command.ts'
import { databases, environmentOf, openKnex } from '../helpers/databases.ts'
import { startEmbedded } from '../helpers/embedded.ts'
import { http } from '../helpers/http.ts'
import { apiKey, createUser, log, send, stored, type TestService } from '../helpers/service.ts'

const hour = 3_600_000

async function ask (service: TestService, path: string, parameters: Record<string, string>) {
  return JSON.parse((await http(service.port, 'GET', `${path}?${new URLSearchParams(parameters)}`, { 'x-api-key': apiKey })).body)
}

async function total (service: TestService, interval: string): Promise<number> {
  const { buckets } = await ask(service, '/api/logs/histogram', { interval, from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' })
  return buckets.reduce((sum: number, { count }: { count: number }) => sum + count, 0)
}

for (const database of databases) {
  t.test(`what was stored by a clock an hour ahead, on ${database.name}`, async (t) => {
    const options = await database.createMigrated(t)
    const event = { event_at: '2026-01-01T10:00:00Z' }
    const before = await startEmbedded(t, options, { askAfter: 0 })
    const token = await createUser(before, 'alice')
    await send(before, 'alice', token, ['first', 'second'].map((msg) => log({ msg, ...event })))
    await before.app.wordIndex.runNow()
    await before.app.hourCounts.runNow()
    await before.app.close()

    // All that goes by the clock is an hour ahead from now on, as if the clock were set back.
    const { knex } = before
    const ahead = (time: string) => utcTime(Date.parse(`${time.replace(' ', 'T')}Z`) + hour)
    const { newest } = (await knex('ingest_batches').max({ newest: 'created_at' }).first())!
    await knex('ingest_batches').update({ created_at: ahead(newest) })
    for (const table of ['word_progress', 'hour_counts_progress']) {
      const { reached } = (await knex(table).max({ reached: 'reached_at' }).first())!
      await knex(table).update({ reached_at: ahead(reached) })
      await knex('followed_batches').update({ until_at: ahead(reached) })
    }
    await knex('user_logs').update({ id: knex.raw(`id + ${BigInt(hour) << 16n}`) })

    const after = await startEmbedded(t, options, { askAfter: 0 })
    await send(after, 'alice', token, ['third', 'zebraword'].map((msg) => log({ msg, ...event })))
    t.match(await ask(after, '/api/logs', { query: 'zebraword' }), { complete: true, logs: { length: 1 } }, 'a word is found at once')
    t.equal(await total(after, '1h'), 4)
    await after.app.wordIndex.runNow()
    await after.app.hourCounts.runNow()
    t.match(await ask(after, '/api/logs', { query: 'zebraword' }), { complete: true, logs: { length: 1 } }, 'and from the index')
    t.equal(await total(after, '1h'), 4)
    t.equal(await total(after, '30m'), 4)
    t.strictSame((await stored(knex)).map(({ log_msg: message }) => message), ['first', 'second', 'third', 'zebraword'], 'the order is the order sent')
  })

  t.test(`an instance whose own clock is wrong, on ${database.name}`, async (t) => {
    const options = await database.createMigrated(t)
    const { now } = Date
    const clock = t.intercept(Date, 'now', { value: () => now() - hour })
    const service = await startEmbedded(t, options)
    const token = await createUser(service, 'alice')
    await send(service, 'alice', token, [log({ msg: 'one' })])
    t.match(JSON.parse((await http(service.port, 'GET', '/readyz')).body).warnings, [/clock is 36\d\d seconds behind the database's/])
    clock.restore()
    const { newest } = (await service.knex('ingest_batches').max({ newest: 'created_at' }).first())!
    t.ok(newest > utcTime(now() - hour / 2), 'stores by the database\'s')
    const { warnings = [] } = JSON.parse((await http(service.port, 'GET', '/readyz')).body)
    t.notOk(warnings.some((warning: string) => warning.includes('clock')))
  })

  t.test(`what follows the batches goes by what ${database.name} has seen`, async (t) => {
    const service = await startEmbedded(t, await database.createMigrated(t))
    const { knex, app } = service
    const token = await createUser(service, 'alice')
    await send(service, 'alice', token, [log({ msg: 'one' })])
    await app.wordIndex.runNow()
    await app.hourCounts.runNow()
    const areUsed = async () => [await feedReached(knex) !== undefined, await hoursReached(knex) !== undefined, await findCandidateRanges(knex, { filter: parseFilter('one'), order: 'newest' }, new AbortController().signal) !== undefined]
    const days = 24 * hour
    const { now } = Date
    const clock = t.intercept(Date, 'now', { value: () => now() + 10 * days })
    t.strictSame(await areUsed(), [true, true, true], 'not by this machine\'s clock')
    clock.restore()
    await knex('ingest_batches').insert({ user_id: 1, batch_key: Buffer.alloc(16, 1), created_at: utcTime(now() + 7 * days), first_id: 1, records: 0 })
    t.strictSame(await areUsed(), [false, false, false], 'batches since then may be forgotten')
  })

  t.test(`dead letters are replayed by the clock of ${database.name}`, async (t) => {
    const service = await startEmbedded(t, await database.createMigrated(t))
    const { knex } = service
    const token = await createUser(service, 'alice')
    await send(service, 'alice', token, [log({ msg: 'one' })])
    const { id } = await knex('users').first()
    const letter = { user_id: id, created_at: utcTime(), source: 'gelf', record: '{"short_message":"late"}', record_bytes: 24, reason: 'a test' }
    await knex('dead_letters').insert({ id: String(BigInt(Date.now()) << 16n), ...letter })
    const newest = async () => (await knex('ingest_batches').max({ at: 'created_at' }).first())!.at as string
    const before = await newest()
    const { now } = Date
    const clock = t.intercept(Date, 'now', { value: () => now() - hour })
    t.match(await loggerbot(['dead-letters', 'replay'], { env: environmentOf(service.options) }), { code: 0, stdout: '1 stored, 0 left\n' })
    clock.restore()
    t.match(await stored(knex, { log_msg: 'late' }), { length: 1 })
    t.equal((await knex('ingest_batches').where('created_at', '>=', before)).length, 2, 'it is no earlier than what was stored before')
  })

  t.test(`a lease goes by the clock of ${database.name}`, async (t) => {
    const knex = openKnex(t, await database.createMigrated(t))
    const { now } = Date
    const clock = t.intercept(Date, 'now', { value: () => now() + hour })
    t.equal(await takeLease(knex, 'work', 'one', 60), 1)
    clock.restore()
    t.equal(await takeLease(knex, 'work', 'two', 60), undefined, 'it is one\'s')
    t.equal(await takeLease(knex, 'work', 'one', -1), 1, 'renewed')
    t.equal(await takeLease(knex, 'work', 'two', 60), 2, 'each holder has an epoch of its own')
    await knex('leases').where('name', 'work').update({ expires_at: now() + 400 * 24 * hour })
    t.equal(await takeLease(knex, 'work', 'three', 60), 3, 'one that a wrong clock wrote is free')

    const first = new Lease(knex, 'other')
    t.ok(await first.hold())
    t.notOk(await new Lease(knex, 'other').hold())
    await first.release()
    const second = new Lease(knex, 'other')
    t.ok(await second.hold())
    await first.release()
    t.ok((await knex('leases').where('name', 'other').first()).expires_at > 0, 'who lost it can\'t give it back')
  })
}

t.test('the clock follows the database\'s, and never goes back', async (t) => {
  const clock = new CommitClock()
  const at = (milliseconds: number) => utcTime(Date.UTC(2026, 0, 1) + milliseconds)
  clock.follow(at(0), 0)
  const first = clock.begin()
  t.ok(first >= at(0) && first < at(hour), 'whatever this machine\'s says')
  clock.end(first, false)
  clock.follow(at(-hour), 0)
  t.ok(clock.begin() > first)
  clock.follow(at(0), 0, at(hour))
  t.ok(clock.begin() > at(hour), 'nor behind what is stored')
  t.ok(clock.milliseconds >= Date.UTC(2026, 0, 1) + hour)
})

t.test('a rate holds over a step of the clock', async (t) => {
  const quota = new Quota(10)
  const { now } = Date
  await quota.spend(1, 100)
  const clock = t.intercept(Date, 'now', { value: () => now() + hour })
  await t.rejects(quota.spend(1, 100), { message: 'more logs than the user may send' }, 'ahead: nothing is given away')
  clock.restore()
  await quota.spend(2, 100)
  t.intercept(Date, 'now', { value: () => now() - hour })
  t.match(await quota.spend(2, 100).catch((error) => error), { retryAfter: /^([1-9]|10)$/ }, 'back: nobody waits longer')
})
