import t from 'tap'
import { Overloaded, TooManyReads } from '../../../src/errors.ts'
import { ReaderSlots, type Release } from '../../../src/search/reader-slots.ts'
import { until } from '../../helpers/until.ts'

const never = new AbortController().signal
const [al, bo, cy] = [1, 2, 3]

t.test('users take turns, however many requests each has', async (t) => {
  const slots = new ReaderSlots({ slots: 3, slotsPerUser: 2, maxWaiting: 100, maxWaitingPerUser: 20 })
  const order: string[] = []
  const releases: Release[] = []
  const acquire = async (user: number, name: string) => {
    const release = await slots.acquire(user, never)
    order.push(name)
    releases.push(release)
  }
  const all = [0, 1, 2, 3, 4, 5].map((n) => acquire(al, `al ${n}`))
    .concat([0, 1, 2].map((n) => acquire(bo, `bo ${n}`)), acquire(cy, 'cy 0'))
  for (let n = 0; n < 10; n++) {
    await until('the next has its slot', () => order.length > n)
    releases[n]?.()
  }
  await Promise.all(all)
  t.strictSame(order.slice(0, 2), ['al 0', 'al 1'])
  t.ok(order.indexOf('bo 2') < order.indexOf('al 5') && order.indexOf('cy 0') < order.indexOf('al 3'), order.join())
})

t.test('no user gets the last slot beside another, or fills the queue', async (t) => {
  const slots = new ReaderSlots({ slots: 3, slotsPerUser: 3, maxWaiting: 3, maxWaitingPerUser: 2 })
  await slots.acquire(al, never)
  await slots.acquire(al, never)
  const waiting = [slots.acquire(al, never), slots.acquire(al, never)]
  await t.rejects(slots.acquire(al, never), new TooManyReads())
  const release = await slots.acquire(bo, never)
  const later = slots.acquire(bo, never)
  await t.rejects(slots.acquire(cy, never), new Overloaded())

  release()
  const last = await Promise.any([later, ...waiting])
  last()
  t.ok(await Promise.any([later, ...waiting]))
})

t.test('a request that has ended gets no slot', async (t) => {
  const slots = new ReaderSlots({ slots: 1, slotsPerUser: 1 })
  await t.rejects(slots.acquire(al, AbortSignal.abort(new Error('gone'))), { message: 'gone' })
  t.ok(await slots.acquire(al, never))
})

t.test('a hundred clients that vanish while they wait leave the queue at once', async (t) => {
  const slots = new ReaderSlots({ slots: 1, slotsPerUser: 1, maxWaiting: 100, maxWaitingPerUser: 10 })
  const release = await slots.acquire(al, never)
  for (let round = 0; round < 3; round++) {
    const gone = new AbortController()
    const waiting = Array.from({ length: 100 }, (_, n) => slots.acquire(100 + n % 10, gone.signal))
    await t.rejects(slots.acquire(bo, never), new Overloaded(), 'the queue is full')
    const ended = Promise.allSettled(waiting)
    gone.abort(new Error('gone'))
    for (const result of await ended) t.match(result, { status: 'rejected', reason: { message: 'gone' } })
  }
  const next = slots.acquire(bo, never)
  release()
  release()
  t.ok(await next, 'the next client does not wait for those that vanished')
})

t.test('work gives way to users without a slot, and continues after them', async (t) => {
  const slots = new ReaderSlots({ slots: 1, slotsPerUser: 1, maxWaiting: 10, maxWaitingPerUser: 10 })
  const order: string[] = []
  let release = await slots.acquire(al, never)
  t.equal(await slots.giveWay(al, release, never), release, 'nobody waits')
  const other = slots.acquire(bo, never).then((release) => {
    order.push('bo')
    release()
  })
  release = await slots.giveWay(al, release, never)
  order.push('al')
  await other
  t.strictSame(order, ['bo', 'al'])
  const own = slots.acquire(al, never)
  t.equal(await slots.giveWay(al, release, never), release, 'not to its own user')
  release()
  ;(await own)()
})
