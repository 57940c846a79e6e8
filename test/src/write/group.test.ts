import t from 'tap'
import { utcTime } from '../../../src/model/instant.ts'
import type { LogRecord } from '../../../src/model/record.ts'
import { batchesOf } from '../../../src/write/group.ts'
import { RecordIds } from '../../../src/write/ids.ts'

const record = (message: string): LogRecord => ({
  eventAt: utcTime(), postTime: utcTime(), severity: 'info', message, pid: 1, processName: 'p', description: '', attributes: null
})
const requestOf = (userId: number, messages: string, key?: Buffer) => ({ batch: { userId, records: Array.from(messages, record), key }, bytes: 100 })
const messagesOf = (requests: ReadonlyArray<ReturnType<typeof requestOf>>) =>
  batchesOf(requests, new RecordIds()).map(({ batch }) => batch.records.map(({ message }) => message).join(''))

t.test('requests of a user are one batch', async (t) => {
  t.strictSame(messagesOf([requestOf(1, 'ab'), requestOf(2, 'x'), requestOf(1, 'cd')]), ['abcd', 'x'])
})

t.test('a request with a key of its own ends the batch of its user', async (t) => {
  const keyed = requestOf(1, 'k', Buffer.alloc(16))
  t.strictSame(messagesOf([requestOf(1, 'a'), requestOf(2, 'x'), keyed, requestOf(1, 'b'), requestOf(2, 'y'), requestOf(1, 'c')]), ['a', 'xy', 'k', 'bc'])
})
