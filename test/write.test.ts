import { randomBytes } from 'node:crypto'
import type { Knex } from 'knex'
import t from 'tap'
import { utcTime, type LogRecord } from '../src/record.ts'
import { insertBatch, isWorthRetrying, purgeBatchKeys, type StorableBatch } from '../src/store/logs.ts'
import { migrateToLatest } from '../src/store/migrations.ts'
import { committer, type KeyedBatch } from '../src/write/commit.ts'
import { RecordIds } from '../src/write/ids.ts'
import { databases, openKnex } from './helpers/databases.ts'
import { count, stored } from './helpers/service.ts'

function record (differences: Partial<LogRecord> = {}): LogRecord {
  return {
    eventAt: '2020-05-05 12:22:22.000000',
    postTime: '2020-05-05 12:22:23.000000',
    severity: 'error',
    message: 'log message',
    pid: 1,
    processName: 'process name',
    description: 'description',
    attributes: null,
    ...differences
  }
}

t.test('RecordIds', async (t) => {
  const now = Date.UTC(2026, 10, 23)
  /** Where a batch's ids begin and end. */
  const range = (ids: RecordIds, length: number, at?: number) => {
    const first = ids.take(length, at)
    return [first, first + BigInt(length) - 1n] as const
  }

  await t.test('hold the clock above the counter, and fit 64 bits for thousands of years', async (t) => {
    t.equal(new RecordIds().take(1, now) >> 16n, BigInt(now))
    t.ok(Math.abs(Number(new RecordIds().take(1) >> 16n) - Date.now()) < 1000)
    t.ok(new RecordIds().take(1, Date.UTC(9999, 0, 1)) < 2n ** 64n)
  })

  const clocks: Record<string, number[]> = {
    'within a millisecond': Array.from({ length: 1000 }, () => now),
    'across milliseconds': Array.from({ length: 1000 }, (_, index) => now + index),
    'when the clock goes back': Array.from({ length: 1000 }, (_, index) => now - index * 1000),
    'when the clock jumps to and fro': Array.from({ length: 1000 }, (_, index) => now + (index % 2 ? 3_600_000 : -3_600_000))
  }
  for (const [when, times] of Object.entries(clocks)) {
    await t.test(`rise ${when}, no id given twice`, async (t) => {
      const ids = new RecordIds()
      let last = 0n
      for (const [index, time] of times.entries()) {
        const [first, end] = range(ids, index % 7 === 0 ? 5000 : 1, time)
        if (first <= last) return t.fail(`${first} after ${last}`)
        last = end
      }
      t.pass('all rose')
    })
  }

  await t.test('begin at a random place, so that two instances seldom meet', async (t) => {
    t.ok(new Set(Array.from({ length: 50 }, () => new RecordIds().take(1, now))).size > 40)
  })
})

t.test('the committer', async (t) => {
  // No waiting between the tries.
  t.before(() => t.intercept(Math, 'random', { value: () => 0 }))
  const batch = { userId: 1, records: [record(), record()] }

  function failing (times: number, isTransient = () => true) {
    const tries: KeyedBatch[] = []
    const commit = committer({
      async insert (batch) {
        tries.push(batch)
        if (tries.length <= times) throw new Error(`fault ${tries.length}`)
      },
      isTransient
    })
    return { tries, commit }
  }

  await t.test('gives each batch a key and ids of its own', async (t) => {
    const { tries, commit } = failing(0)
    await commit(batch)
    await commit({ userId: 2, records: [record()] })
    t.match(tries, [batch, { userId: 2 }])
    for (const { key } of tries) t.equal(key.length, 16)
    t.notSame(tries[0]!.key, tries[1]!.key)
    t.ok(tries[1]!.firstId > tries[0]!.firstId + 1n)
  })

  await t.test('tries again after a passing fault, with the same key and fresh ids', async (t) => {
    const { tries, commit } = failing(3)
    await commit(batch)
    t.equal(tries.length, 4)
    t.equal(new Set(tries.map(({ key }) => key.toString('hex'))).size, 1)
    for (const [index, { firstId, records }] of tries.entries()) {
      t.strictSame(records, batch.records)
      if (index > 0) t.ok(firstId > tries[index - 1]!.firstId + 1n)
    }
  })

  await t.test('resolves only once the batch is stored', async (t) => {
    let stored = () => {}
    let done = false
    const commit = committer({ insert: () => new Promise<void>((resolve) => { stored = resolve }), isTransient: () => false })
    const committed = commit(batch).then(() => { done = true })
    await new Promise((resolve) => setImmediate(resolve))
    t.notOk(done)
    stored()
    await committed
    t.ok(done)
  })

  await t.test('gives up after five tries, with the last fault', async (t) => {
    const { tries, commit } = failing(10)
    await t.rejects(commit(batch), { message: 'fault 5' })
    t.equal(tries.length, 5)
  })

  await t.test('gives up at once on what no second try mends', async (t) => {
    const { tries, commit } = failing(10, () => false)
    await t.rejects(commit(batch), { message: 'fault 1' })
    t.equal(tries.length, 1)
  })

  await t.test('goes on with other batches after it gave up on one', async (t) => {
    const { tries, commit } = failing(5)
    await t.rejects(commit(batch))
    await commit(batch)
    t.equal(tries.length, 6)
    t.notSame(tries[5]!.key, tries[0]!.key)
  })

  await t.test('stores nothing of an empty batch', async (t) => {
    const { tries, commit } = failing(10)
    await commit({ userId: 1, records: [] })
    t.equal(tries.length, 0)
  })
})

for (const database of databases) {
  t.test(`insertBatch on ${database.name}`, async (t) => {
    const options = await database.create(t)
    const knex = openKnex(t, options)
    await migrateToLatest(knex)
    const ids = new RecordIds()
    t.afterEach(async () => {
      await knex('user_logs').delete()
      await knex('ingest_batches').delete()
    })
    const batch = (records: LogRecord[], differences: Partial<StorableBatch> = {}): StorableBatch =>
      ({ userId: 1, key: randomBytes(16), firstId: ids.take(records.length), records, ...differences })
    const keys = (knex: Knex) => knex('ingest_batches').select()
    const attributesOf = (row: Record<string, unknown>) => typeof row.attributes === 'string' ? JSON.parse(row.attributes) : row.attributes

    await t.test('stores every field, and beside the rows the key', async (t) => {
      const given = batch([record({ attributes: { line: 12, 'é😀': ['\'"\\\0', null] }, message: 'é😀 \'"\\\0\n%s ? ?? :a', pid: Number.MAX_SAFE_INTEGER })])
      await insertBatch(knex, given)
      const [row] = await stored(knex)
      t.match(row, {
        user_id: 1,
        log_event_at: '2020-05-05 12:22:22.000000',
        log_level: 'error',
        p_name: 'process name',
        p_description: 'description',
        log_msg: 'é😀 \'"\\\0\n%s ? ?? :a',
        post_time: '2020-05-05 12:22:23.000000'
      })
      t.equal(String(row!.pid), String(Number.MAX_SAFE_INTEGER))
      t.strictSame(attributesOf(row!), { line: 12, 'é😀': ['\'"\\\0', null] })
      const [key] = await keys(knex)
      t.equal(key.user_id, 1)
      t.same(Buffer.from(key.batch_key), given.key)
      t.ok(Math.abs(Date.parse(`${key.created_at.replace(' ', 'T')}Z`) - Date.now()) < 60_000, key.created_at)
    })

    await t.test('stores a key\'s batch once, also with fresh ids and at the same time', async (t) => {
      const key = randomBytes(16)
      const records = [record(), record()]
      await insertBatch(knex, batch(records, { key }))
      await Promise.all(Array.from({ length: 5 }, () => insertBatch(knex, batch(records, { key }))))
      t.equal(await count(knex), 2)
      await insertBatch(knex, batch(records, { key, userId: 2 }))
      t.equal(await count(knex), 4, 'another user\'s key is another')
    })

    await t.test('stores nothing, not even the key, when one row in the middle is refused', async (t) => {
      const records = Array.from({ length: 2500 }, (_, index) => record({ message: `${index}` }))
      const refused: Record<string, Partial<LogRecord>> = {
        'a level that is none': { severity: 'loud' as LogRecord['severity'] },
        'no message': { message: null as unknown as string }
      }
      for (const [what, differences] of Object.entries(refused)) {
        const bad = batch(records.with(2000, record(differences)))
        const error: unknown = await insertBatch(knex, bad).then(() => undefined, (error) => error)
        t.type(error, Error, what)
        t.notOk(isWorthRetrying(knex, error), what)
        t.equal(await count(knex), 0, what)
        t.strictSame(await keys(knex), [], what)
        await insertBatch(knex, { ...bad, records: [record()] })
        t.equal(await count(knex), 1, 'its key is free')
        await knex('user_logs').delete()
        await knex('ingest_batches').delete()
      }
    })

    await t.test('is worth trying again, with fresh ids, when two instances gave out the same', async (t) => {
      const first = batch([record(), record(), record()])
      await insertBatch(knex, first)
      const second = batch([record(), record()], { firstId: first.firstId + 2n })
      const error: unknown = await insertBatch(knex, second).then(() => undefined, (error) => error)
      t.type(error, Error)
      t.equal(isWorthRetrying(knex, error), true)
      t.equal(await count(knex), 3)
      await insertBatch(knex, { ...second, firstId: ids.take(2) })
      t.equal(await count(knex), 5)
    })

    await t.test('cuts long names by characters, and keeps the whole of them', async (t) => {
      const fits = '😀'.repeat(255)
      const long = `${'😀'.repeat(254)}éx`
      await insertBatch(knex, batch([
        record({ processName: fits, description: fits, message: 'fits' }),
        record({ processName: long, description: 'x'.repeat(256), attributes: { line: 12 }, message: 'long' })
      ]))
      const [one, other] = await stored(knex)
      t.match(one, { p_name: fits, p_description: fits, attributes: null })
      t.match(other, { p_name: `${'😀'.repeat(254)}é`, p_description: 'x'.repeat(255) })
      t.strictSame(attributesOf(other!), { line: 12, p_name: long, p_description: 'x'.repeat(256) })
    })

    await t.test('keeps attributes of up to 31 levels as they are, and deeper ones as JSON text', async (t) => {
      const nested = (depth: number): unknown => depth === 0 ? 1 : depth % 2 ? { a: nested(depth - 1) } : [nested(depth - 1)]
      await insertBatch(knex, batch([record({ attributes: { fits: nested(30), deep: nested(31), deepest: nested(990), flat: 1 } })]))
      const [row] = await stored(knex)
      t.strictSame(attributesOf(row!), { fits: nested(30), deep: JSON.stringify(nested(31)), deepest: JSON.stringify(nested(990)), flat: 1 })
    })

    for (const [what, message] of Object.entries({
      'single quotes, which escapes double': "'".repeat(5_000_000),
      backslashes: '\\'.repeat(5_000_000),
      emoji: '😀'.repeat(2_000_000)
    })) {
      await t.test(`keeps a message of megabytes of ${what}`, async (t) => {
        await insertBatch(knex, batch([record({ message })]))
        const [row] = await stored(knex)
        t.ok(row!.log_msg === message)
      })
    }

    await t.test('stores 5,000 rows at once, and gives them back in the order given', async (t) => {
      const records = Array.from({ length: 5000 }, (_, index) => record({ message: `${index}` }))
      await insertBatch(knex, batch(records))
      t.strictSame((await stored(knex)).map(({ log_msg: message }) => message), records.map(({ message }) => message))
      t.equal((await keys(knex)).length, 1)
    })

    await t.test('loses no batch of two instances that write at once', async (t) => {
      const instances = [knex, openKnex(t, options)].map((own) => committer({
        insert: (batch) => insertBatch(own, batch),
        isTransient: (error) => isWorthRetrying(own, error)
      }))
      await Promise.all(Array.from({ length: 60 }, (_, index) => instances[index % 2]!({ userId: index % 3, records: [record(), record()] })))
      t.equal(await count(knex), 120)
      t.equal((await keys(knex)).length, 60)
    })

    await t.test('purgeBatchKeys forgets old keys and keeps recent ones', async (t) => {
      const at = (createdAt: string, length: number) => Array.from({ length }, () => ({ user_id: 1, batch_key: randomBytes(16), created_at: createdAt }))
      const border = utcTime(Date.UTC(2026, 10, 16, 12))
      await knex.batchInsert('ingest_batches', [
        ...at('2026-11-16 11:59:59.999999', 4100), ...at(border, 2), ...at('2026-11-16 12:00:00.000001', 3)
      ], 200)
      await purgeBatchKeys(knex, border)
      t.strictSame((await keys(knex)).map((row) => row.created_at).sort(), [border, border, ...Array.from({ length: 3 }, () => '2026-11-16 12:00:00.000001')])
      await purgeBatchKeys(knex, border)
      t.equal((await keys(knex)).length, 5)
    })
  })
}
