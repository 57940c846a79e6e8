import { randomBytes } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import type { Knex } from 'knex'
import t from 'tap'
import { SpoolFull } from '../../../src/errors.ts'
import type { AdmittedBatch } from '../../../src/model/batch.ts'
import type { BatchStore } from '../../../src/model/batch-store.ts'
import type { LogBatch } from '../../../src/model/batch.ts'
import { millisecondsOf, utcTime } from '../../../src/model/instant.ts'
import type { LogRecord } from '../../../src/model/record.ts'
import { logStoreOf, purgeBatchKeys } from '../../../src/store/log-store.ts'
import { mysql as mysqlDialect } from '../../../src/store/dialects/mysql/index.ts'
import { migrateToLatest } from '../../../src/store/migrations.ts'
import { freshKey, type SizedBatch } from '../../../src/write/batch.ts'
import { CommitClock } from '../../../src/write/clock.ts'
import { Committer, type CommitterOptions, type Outcome } from '../../../src/write/commit.ts'
import { RecordIds } from '../../../src/write/ids.ts'
import { Writer, type WriterOptions } from '../../../src/write/writer.ts'
import { databases, openKnex, sqlite } from '../../helpers/databases.ts'
import { count, patienceMs, stored } from '../../helpers/service.ts'

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

/** The committer's function, bound to a store. */
function committing (store: BatchStore, options: Partial<CommitterOptions> = {}) {
  const committer = new Committer({ store, ids: new RecordIds(), clock: new CommitClock(), timeoutMs: patienceMs, ...options })
  return committer.commit.bind(committer)
}

t.test('RecordIds', async (t) => {
  const now = Date.UTC(2026, 10, 23)
  /** Where a batch's ids begin and end. */
  const range = (ids: RecordIds, length: number, at?: number) => {
    const first = ids.reserve(length, at)
    return [first, first + BigInt(length) - 1n] as const
  }

  await t.test('hold the clock above the counter, and fit 64 bits for thousands of years', async (t) => {
    t.equal(new RecordIds().reserve(1, now) >> 16n, BigInt(now))
    const before = Date.now()
    const milliseconds = Number(new RecordIds().reserve(1) >> 16n)
    t.ok(milliseconds >= before && milliseconds <= Date.now())
    t.ok(new RecordIds().reserve(1, Date.UTC(9999, 0, 1)) < 2n ** 64n)
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
    t.ok(new Set(Array.from({ length: 50 }, () => new RecordIds().reserve(1, now))).size > 40)
  })
})

t.test('the committer', async (t) => {
  // No waiting between the tries.
  t.before(() => t.intercept(Math, 'random', { value: () => 0 }))
  const ids = new RecordIds()
  const batch = (records = [record(), record()]): SizedBatch => ({ userId: 1, key: freshKey(), firstId: ids.reserve(records.length), bytes: 0, records })

  /** A store that fails at the first `times` attempts. */
  function failing (times: number, errorClass: 'passing' | 'collision' | 'unavailable' = 'passing') {
    const tries: Array<{ keys: string[], ids: bigint[] }> = []
    const commit = committing({
      async store (batches) {
        tries.push({ keys: batches.map(({ key }) => key.toString('hex')), ids: batches.map(({ firstId }) => firstId) })
        if (tries.length <= times) throw new Error(`fault ${tries.length}`)
        return new Set()
      },
      storeRowByRow: () => Promise.reject(new Error('nothing was refused')),
      probe: async () => { throw new Error('nothing is stored') },
      reason: () => '',
      classify: () => errorClass
    }, { ids })
    return { tries, commit }
  }

  await t.test('tries again after a passing fault, with the same key and ids', async (t) => {
    const { tries, commit } = failing(3)
    const given = batch()
    t.strictSame((await commit([given])).get(given), { state: 'stored' })
    t.strictSame(tries, Array.from({ length: 4 }, () => tries[0]))
  })

  await t.test('takes fresh ids, but the same key, where an id was taken', async (t) => {
    const { tries, commit } = failing(1, 'collision')
    const given = batch()
    t.strictSame((await commit([given])).get(given), { state: 'stored' })
    t.strictSame(tries[1]!.keys, tries[0]!.keys)
    t.ok(tries[1]!.ids[0]! > tries[0]!.ids[0]! + 1n)
  })

  for (const [what, verdict, tried] of [['five tries', 'passing', 5], ['one try where the database is away', 'unavailable', 1]] as const) {
    await t.test(`gives up after ${what}, with the last fault, for every batch of the group`, async (t) => {
      const { tries, commit } = failing(10, verdict)
      const group = [batch(), batch()]
      const outcomes = await commit(group)
      for (const given of group) t.match(outcomes.get(given), { state: 'failed', error: { message: `fault ${tried}` } })
      t.equal(tries.length, tried)
    })
  }

  await t.test('calls a batch replayed that was known at the first try, and stored where only the answer was lost', async (t) => {
    for (const [lost, state] of [[0, 'replayed'], [1, 'stored']] as const) {
      let tries = 0
      const commit = committing({
        async store (batches) {
          if (tries++ < lost) throw new Error('the answer was lost')
          return new Set(batches)
        },
        storeRowByRow: async () => 0,
        probe: async () => {},
        reason: () => '',
        classify: () => 'passing'
      })
      const given = batch()
      t.strictSame((await commit([given])).get(given), { state })
    }
  })

  await t.test('gives up on a database that is silent', async (t) => {
    const commit = committing({
      store: (_batches, _createdAt, signal) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      storeRowByRow: async () => 0,
      probe: async () => {},
      reason: () => '',
      classify: () => 'passing'
    }, { timeoutMs: 20 })
    const given = batch()
    t.match((await commit([given])).get(given), { state: 'failed', error: { code: 'LOGGER_DATABASE_SLOW' } })
  })

  await t.test('spares the neighbours of a batch that is refused', async (t) => {
    const group = Array.from({ length: 9 }, () => batch())
    const bad = group[5]!
    const stored: AdmittedBatch[] = []
    const rowByRow: AdmittedBatch[] = []
    let dead = 0
    const commit = committing({
      async store (batches) {
        if (batches.some(({ key }) => key === bad.key)) throw new Error('refused')
        stored.push(...batches)
        return new Set()
      },
      async storeRowByRow (batch) {
        rowByRow.push(batch)
        return 1
      },
      probe: async () => {},
      reason: () => '',
      classify: () => 'refused'
    }, { observer: { deadLettered: (records) => { dead += records } } })
    const outcomes = await commit(group)
    t.strictSame(rowByRow, [bad])
    t.equal(stored.length, 8)
    t.equal(dead, 1)
    t.ok(group.every((given) => outcomes.get(given)!.state === 'stored'))
  })
})

t.test('the writer', async (t) => {
  const ids = new RecordIds()
  /** A writer whose transactions end when they are told to. */
  function held (options: Partial<WriterOptions> = {}) {
    const groups: Array<{ batches: readonly SizedBatch[], end: (state?: Outcome) => void }> = []
    const changed = new EventEmitter()
    const writer = new Writer({
      commit: (batches) => new Promise((resolve) => {
        groups.push({ batches, end: (state = { state: 'stored' }) => resolve(new Map(batches.map((batch) => [batch, state]))) })
        changed.emit('group')
      }),
      ids,
      clock: new CommitClock(),
      spool: () => undefined,
      timeoutMs: patienceMs,
      ...options
    })
    let awaited = 0
    /** Resolves when the next group began. */
    async function group (): Promise<void> {
      awaited++
      while (groups.length < awaited) await once(changed, 'group')
    }
    return { writer, groups, group }
  }
  const write = (writer: Writer, records = 1) => writer.write({ userId: 1, records: Array.from({ length: records }, () => record()) })

  await t.test('commits a lone batch at once, and all that came meanwhile together', async (t) => {
    const { writer, groups, group } = held()
    const first = write(writer)
    await group()
    const rest = [write(writer), write(writer), write(writer)]
    t.equal(groups.length, 1)
    const second = group()
    groups[0]!.end()
    t.strictSame(await first, { stored: 'database', replayed: false })
    await second
    t.strictSame(groups[1]!.batches.map(({ records }) => records.length), [3])
    groups[1]!.end()
    await Promise.all(rest)
    await writer.close()
  })

  await t.test('makes one batch of the requests of a user; what has a key or rejected pieces stays apart', async (t) => {
    const { writer, groups, group } = held()
    const first = write(writer)
    await group()
    const send = (message: string, more: Partial<LogBatch> = {}) => (
      writer.write({ userId: 1, records: [record({ message })], ...more })
    )
    const key = freshKey()
    const rest = [
      send('1'), send('other', { userId: 2 }), send('2'), send('3', { key }), send('4'), send('5'),
      send('6', { rejected: [{ source: 'test', index: 0, reason: '', raw: '' }] }), send('7'), send('8', { once: { hashes: freshKey(), windowMs: 1000 } })
    ]
    groups[0]!.end()
    await group()
    const { batches } = groups[1]!
    t.strictSame(batches.map(({ userId, records }) => [userId, ...records.map(({ message }) => message)]), [
      [1, '1', '2'], [2, 'other'], [1, '3'], [1, '4', '5'], [1, '6'], [1, '7'], [1, '8']
    ])
    t.same(batches.find(({ records }) => records[0]!.message === '3')!.key, key)
    t.equal(new Set(batches.map(({ key }) => key.toString('hex'))).size, 7)
    const ids = batches.map(({ firstId, records, rejected = [] }) => [firstId, firstId + BigInt(records.length + rejected.length)] as const)
    t.ok(ids.every(([, end], index) => end <= (ids[index + 1]?.[0] ?? end)), 'ids rise in the order of arrival')
    groups[1]!.end()
    t.equal((await Promise.all([first, ...rest])).length, 10)
    await writer.close()
  })

  await t.test('holds the horizon back from before the ids of a group until it is settled', async (t) => {
    const clock = new CommitClock()
    const { writer, groups, group } = held({ clock })
    const written = write(writer)
    await group()
    const now = clock.begin()
    clock.end(now, false)
    const [batch] = groups[0]!.batches
    t.ok(clock.oldest < now, 'it may be retried, with the same ids')
    t.ok(millisecondsOf(clock.oldest) <= Number(batch!.firstId >> 16n))
    groups[0]!.end()
    await written
    await writer.close()
    t.ok(clock.oldest > now)
  })

  await t.test('begins a second group beside the first only when many logs wait, and no third', async (t) => {
    const { writer, groups, group } = held()
    const all = [write(writer), write(writer, 250), write(writer, 250)]
    t.equal(groups.length, 1, '500 wait')
    all.push(write(writer, 1))
    t.strictSame(groups.map(({ batches }) => batches.map(({ records }) => records.length)), [[1], [501]])
    all.push(write(writer, 600), write(writer, 600))
    t.equal(groups.length, 2)
    for (let ended = 0; ended < 4; ended++) {
      await group()
      groups[ended]!.end()
    }
    t.strictSame(groups.slice(2).map(({ batches }) => batches.map(({ records }) => records.length)), [[600], [600]])
    await Promise.all(all)
    await writer.close()
  })

  await t.test('bounds a group by rows and by bytes, but never cuts a batch', async (t) => {
    const { writer, groups, group } = held()
    const all = [write(writer)]
    await group()
    const large = 'x'.repeat(3 * 1024 * 1024)
    all.push(...[1, 2, 3].map(() => writer.write({ userId: 1, records: [record({ message: large })] })), write(writer, 5000))
    groups[0]!.end()
    for (let ended = 1; ended < 5; ended++) {
      while (groups.length <= ended) await group()
      groups[ended]!.end()
    }
    await Promise.all(all)
    t.strictSame(groups.map(({ batches }) => batches.map(({ records }) => records.length)), [[1], [1], [1], [1], [5000]])
    await writer.close()
  })

  await t.test('answers each batch for itself', async (t) => {
    const failure = new Error('not this one')
    const { writer } = held({
      timeoutMs: -1,
      commit: async (batches) => new Map(batches.map((batch) => [batch, batch.records[0]!.message === 'bad' ? { state: 'failed', error: failure } : { state: 'stored' }]))
    })
    const [good, bad] = await Promise.allSettled(['good', 'bad'].map((message) => writer.write({ userId: 1, records: [record({ message })] })))
    t.match(good, { status: 'fulfilled', value: { stored: 'database' } })
    t.match(bad, { status: 'rejected', reason: failure })
    await writer.close()
  })

  await t.test('stores a key once that is sent twice at the same time, and again after it failed', async (t) => {
    const { writer, groups, group } = held({ timeoutMs: -1 })
    const key = freshKey()
    const send = () => writer.write({ userId: 1, records: [record()], key })
    const both = [send(), send()]
    await group()
    const again = group()
    groups[0]!.end({ state: 'failed', error: new Error('unavailable') })
    await t.rejects(both[0]!, { message: 'unavailable' })
    await again
    groups[1]!.end()
    t.strictSame(await both[1], { stored: 'database', replayed: false })
    t.equal(groups.length, 2)
    await writer.close()
  })

  await t.test('spools what the database does not take, and then all, until it is back', async (t) => {
    const spooled: SizedBatch[] = []
    const said: string[] = []
    const { writer, groups, group } = held({
      spool: () => ({ isOverLimit: false, append: async (batches) => { spooled.push(...batches) } }),
      onUnavailable: () => said.push('unavailable'),
      onAvailable: () => said.push('back')
    })
    const first = write(writer)
    await group()
    groups[0]!.end({ state: 'failed', error: new Error('gone') })
    t.strictSame(await first, { stored: 'spool', replayed: false })
    t.strictSame(await write(writer), { stored: 'spool', replayed: false })
    t.equal(groups.length, 1, 'the database is left alone')
    t.equal(spooled.length, 2)

    writer.noteAvailable()
    const next = group()
    const last = write(writer)
    await next
    groups[1]!.end()
    t.strictSame(await last, { stored: 'database', replayed: false })
    t.strictSame(said, ['unavailable', 'back'])
    await writer.close()
  })

  await t.test('tells of a full spool, and of the database\'s own failure where the disk fails otherwise', async (t) => {
    for (const [failure, told] of [[new SpoolFull(), { statusCode: 503, retryAfter: 5 }], [new Error('EIO'), { message: 'gone' }]] as const) {
      const { writer, groups, group } = held({ spool: () => ({ isOverLimit: false, append: () => Promise.reject(failure) }) })
      const answer = write(writer)
      await group()
      groups[0]!.end({ state: 'failed', error: new Error('gone') })
      t.match(await answer.catch((error: unknown) => error), told)
      await writer.close()
    }
  })

  await t.test('refuses no batch that may be stored all the same, and begins no other while the spool is past its limit', async (t) => {
    const asked: boolean[] = []
    let isOverLimit = false
    const { writer, groups, group } = held({
      spool: () => ({
        get isOverLimit () { return isOverLimit },
        async append (_batches, { mayBeStored = false } = {}) {
          asked.push(mayBeStored)
          if (!mayBeStored) throw new SpoolFull()
          isOverLimit = true
        }
      }),
      // The database answers: only this transaction took too long.
      probe: async () => {}
    })
    const first = write(writer)
    await group()
    groups[0]!.end({ state: 'failed', error: new Error('too slow') })
    t.strictSame(await first, { stored: 'spool', replayed: false })
    await t.rejects(write(writer), new SpoolFull())
    t.strictSame(asked, [true, false])
    t.equal(groups.length, 1)

    isOverLimit = false
    const next = group()
    const last = write(writer)
    await next
    groups[1]!.end()
    t.strictSame(await last, { stored: 'database', replayed: false })
    await writer.close()
  })

  await t.test('closes when all that was begun is durable', async (t) => {
    const { writer, groups, group } = held()
    const answer = write(writer)
    await group()
    let closed = false
    const closing = writer.close().then(() => { closed = true })
    await new Promise((resolve) => setImmediate(resolve))
    t.notOk(closed)
    groups[0]!.end()
    await Promise.all([answer, closing])
  })
})

for (const database of databases) {
  t.test(`the log store on ${database.name}`, async (t) => {
    const options = await database.create(t)
    const knex = openKnex(t, options)
    await migrateToLatest(knex)
    const open = (knex: Knex) => {
      const store = logStoreOf(knex, options)
      t.teardown(() => store.close())
      return store
    }
    const store = open(knex)
    const insertBatch = async (batch: AdmittedBatch) => (await store.store([batch], utcTime(), new AbortController().signal)).size === 0
    const ids = new RecordIds()
    t.afterEach(async () => {
      await knex('user_logs').delete()
      await knex('ingest_batches').delete()
    })
    const batch = (records: LogRecord[], differences: Partial<AdmittedBatch> = {}): AdmittedBatch =>
      ({ userId: 1, key: randomBytes(16), firstId: ids.reserve(records.length), records, ...differences })
    const keys = (knex: Knex) => knex('ingest_batches').select()
    const attributesOf = (row: Record<string, unknown>) => typeof row.attributes === 'string' ? JSON.parse(row.attributes) : row.attributes

    await t.test('stores every field, and beside the rows the key', async (t) => {
      const given = batch([record({ attributes: { line: 12, 'é😀': ['\'"\\\0', null] }, message: 'é😀 \'"\\\0\n%s ? ?? :a', pid: Number.MAX_SAFE_INTEGER })])
      await insertBatch(given)
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
      await insertBatch(batch(records, { key }))
      await Promise.all(Array.from({ length: 5 }, () => insertBatch(batch(records, { key }))))
      t.equal(await count(knex), 2)
      await insertBatch(batch(records, { key, userId: 2 }))
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
        const error: unknown = await insertBatch(bad).then(() => undefined, (error) => error)
        t.type(error, Error, what)
        t.equal(store.classify(error), 'refused', what)
        t.equal(await count(knex), 0, what)
        t.strictSame(await keys(knex), [], what)
        await insertBatch({ ...bad, records: [record()] })
        t.equal(await count(knex), 1, 'its key is free')
        await knex('user_logs').delete()
        await knex('ingest_batches').delete()
      }
    })

    await t.test('is worth trying again, with fresh ids, when two instances gave out the same', async (t) => {
      const first = batch([record(), record(), record()])
      await insertBatch(first)
      const second = batch([record(), record()], { firstId: first.firstId + 2n })
      const error: unknown = await insertBatch(second).then(() => undefined, (error) => error)
      t.type(error, Error)
      t.equal(store.classify(error), 'collision')
      t.equal(await count(knex), 3)
      await insertBatch({ ...second, firstId: ids.reserve(2) })
      t.equal(await count(knex), 5)
    })

    await t.test('cuts long names by characters, and keeps the whole of them', async (t) => {
      const fits = '😀'.repeat(255)
      const long = `${'😀'.repeat(254)}éx`
      await insertBatch(batch([
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
      await insertBatch(batch([record({ attributes: { fits: nested(30), deep: nested(31), deepest: nested(990), flat: 1 } })]))
      const [row] = await stored(knex)
      t.strictSame(attributesOf(row!), { fits: nested(30), deep: JSON.stringify(nested(31)), deepest: JSON.stringify(nested(990)), flat: 1 })
    })

    for (const [what, message] of Object.entries({
      'single quotes, which escapes double': "'".repeat(5_000_000),
      backslashes: '\\'.repeat(5_000_000),
      emoji: '😀'.repeat(2_000_000)
    })) {
      await t.test(`keeps a message of megabytes of ${what}`, async (t) => {
        await insertBatch(batch([record({ message })]))
        const [row] = await stored(knex)
        t.ok(row!.log_msg === message)
      })
    }

    await t.test('stores 5,000 rows at once, and gives them back in the order given', async (t) => {
      const records = Array.from({ length: 5000 }, (_, index) => record({ message: `${index}` }))
      await insertBatch(batch(records))
      t.strictSame((await stored(knex)).map(({ log_msg: message }) => message), records.map(({ message }) => message))
      t.equal((await keys(knex)).length, 1)
    })

    await t.test('loses no batch of two instances that write at once', async (t) => {
      const instances = [knex, openKnex(t, options)].map((own) => {
        const ids = new RecordIds()
        return new Writer({ commit: committing(open(own), { ids }), ids, clock: new CommitClock(), spool: () => undefined, timeoutMs: patienceMs })
      })
      await Promise.all(Array.from({ length: 60 }, (_, index) => instances[index % 2]!.write({ userId: index % 3, records: [record(), record()] })))
      for (const writer of instances) await writer.close()
      t.equal(await count(knex), 120)
      const batches = await keys(knex)
      t.ok(batches.length >= 6 && batches.length <= 60)
      t.equal(batches.reduce((sum, { records }) => sum + records, 0), 120)
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

t.test('the thread that writes to SQLite begins anew after it failed', async (t) => {
  const options = await sqlite.create(t)
  const knex = openKnex(t, options)
  const store = logStoreOf(knex, options)
  t.teardown(() => store.close())
  const write = () => store.store([{ userId: 1, key: freshKey(), firstId: new RecordIds().reserve(1), records: [record()] }], utcTime(), new AbortController().signal)
  await t.rejects(write(), { message: 'the thread of the embedded database failed', code: 'SQLITE_ERROR' })
  await migrateToLatest(knex)
  await write()
  t.equal(await count(knex), 1)
})

t.test('what MySQL\'s errors mean for what was to be stored', async (t) => {
  const verdicts: Record<string, [error: object, errorClass: string]> = {
    'an id that was taken, on MariaDB': [{ errno: 1062, sqlState: '23000', sqlMessage: "Duplicate entry '1-2020-05-05 12:22:22.000000-7' for key 'PRIMARY'" }, 'collision'],
    'an id that was taken, on MySQL': [{ errno: 1062, sqlState: '23000', sqlMessage: "Duplicate entry '1-2020-05-05 12:22:22.000000-7' for key 'user_logs.PRIMARY'" }, 'collision'],
    'a UNIQUE key of the user\'s own': [{ errno: 1062, sqlState: '23000', sqlMessage: "Duplicate entry 'PRIMARY' for key 'mine'" }, 'refused'],
    'the key of another table, on MySQL': [{ errno: 1062, sqlState: '23000', sqlMessage: "Duplicate entry 'x' for key 'theirs.PRIMARY'" }, 'refused'],
    'a check on MySQL': [{ errno: 3819, sqlState: 'HY000' }, 'refused'],
    'JSON that MySQL refuses': [{ errno: 3140, sqlState: '22032' }, 'refused'],
    'a character that the column lacks': [{ errno: 1366, sqlState: 'HY000' }, 'refused'],
    'an idle session that was ended': [{ errno: 4031, sqlState: 'HY000' }, 'passing'],
    'a server that is going offline': [{ errno: 3032, sqlState: 'HY000' }, 'unavailable'],
    'binlog_format = STATEMENT': [{ errno: 1665, sqlState: 'HY000' }, 'unavailable'],
    'a packet that is too large': [{ errno: 1153, sqlState: '08S01' }, 'unavailable'],
    'a deadlock': [{ errno: 1213, sqlState: '40001' }, 'passing'],
    'a connection that broke': [{ code: 'ECONNRESET' }, 'passing'],
    'a connection that broke, of the other driver': [{ errno: 45009, sqlState: '08S01', code: 'ER_SOCKET_UNEXPECTED_CLOSE' }, 'passing'],
    'a value out of range': [{ errno: 1264, sqlState: '22003' }, 'refused'],
    'a check': [{ errno: 4025, sqlState: '23000' }, 'refused'],
    'a trigger with a number of its own': [{ errno: 31001, sqlState: '45000' }, 'refused'],
    'nobody listening': [{ code: 'ECONNREFUSED', errno: -111 }, 'unavailable'],
    'a connection that takes too long': [{ errno: 45012, sqlState: '08S01' }, 'unavailable'],
    'a full disk': [{ errno: 1114, sqlState: 'HY000' }, 'unavailable'],
    'a server that is read-only': [{ errno: 1290, sqlState: 'HY000' }, 'unavailable'],
    'a missing table': [{ errno: 1146, sqlState: '42S02' }, 'unavailable'],
    'anything else': [{}, 'unavailable']
  }
  for (const [what, [error, verdict]] of Object.entries(verdicts)) {
    t.equal(mysqlDialect.classify(Object.assign(new Error(), error)), verdict, what)
  }
})
