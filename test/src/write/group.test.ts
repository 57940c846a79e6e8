import t from 'tap'
import { utcTime } from '../../../src/model/instant.ts'
import type { LogRecord } from '../../../src/model/record.ts'
import { batchesOf } from '../../../src/write/group.ts'
import { RecordIds } from '../../../src/write/ids.ts'

const recordAt = (time: string): LogRecord => ({
  eventAt: utcTime(Date.parse(time)), postTime: utcTime(), severity: 'info', message: time, pid: 1, processName: 'p', description: '', attributes: null
})
const requestOf = (userId: number, times: readonly string[], key?: Buffer) => (
  { batch: { userId, records: times.map(recordAt), key }, bytes: 100 }
)
const timesOf = (requests: ReadonlyArray<ReturnType<typeof requestOf>>) =>
  batchesOf(requests, new RecordIds()).map(({ batch }) => batch.records.map(({ message }) => message))

const now = ['2026-11-28T10:00:01Z', '2026-11-28T10:00:59Z']
const wrong = '2001-01-01T00:00:00Z'

t.test('requests of a user in one minute are one batch', async (t) => {
  t.strictSame(timesOf([requestOf(1, now), requestOf(2, now.slice(0, 1)), requestOf(1, now)]), [[...now, ...now], now.slice(0, 1)])
})

t.test('requests with logs of another minute are batches of their own', async (t) => {
  t.strictSame(timesOf([requestOf(1, now), requestOf(1, [wrong]), requestOf(1, now), requestOf(1, [wrong])]), [[...now, ...now], [wrong, wrong]])
  t.strictSame(timesOf([requestOf(1, now), requestOf(1, [wrong, ...now])]), [now, [wrong, ...now]])
})

t.test('a request with a key of its own ends all batches of its user', async (t) => {
  const keyed = requestOf(1, now, Buffer.alloc(16))
  t.strictSame(timesOf([requestOf(1, [wrong]), requestOf(1, now), keyed, requestOf(1, now), requestOf(1, [wrong])]), [[wrong], now, now, now, [wrong]])
})
