import type { Knex } from 'knex'
import { registerUser } from '../src/authenticate/register.ts'
import { utcTime } from '../src/model/instant.ts'
import type { LogRecord, Severity } from '../src/model/record.ts'
import { logStoreOf } from '../src/store/log-store.ts'
import { migrateToLatest } from '../src/store/migrations.ts'
import { usersOf } from '../src/store/users.ts'
import { freshKey } from '../src/write/batch.ts'
import { RecordIds } from '../src/write/ids.ts'

/** A process of the demo, and the lines that it logs in turn. */
interface DemoProcess {
  name: string
  pid: number
  lines: Line[]
}

type Line = [severity: Severity, logger: string, message: string, attributes?: Record<string, unknown>]

const processes: DemoProcess[] = [
  {
    name: 'shop-api',
    pid: 4211,
    lines: [
      ['info', 'http', 'GET /products answered 200', { status: 200, duration_ms: 12 }],
      ['info', 'http', 'POST /orders answered 201', { status: 201, duration_ms: 48, order_id: 'A-1042' }],
      ['debug', 'cache', 'product 117 is in the cache'],
      ['info', 'http', 'GET /orders/A-1042 answered 200', { status: 200, duration_ms: 9 }],
      ['warning', 'http', 'GET /search took 1840 ms, the limit is 1000 ms', { status: 200, duration_ms: 1840 }],
      ['info', 'auth', 'user 31 signed in', { user_id: 31 }],
      ['error', 'payments', 'the payment provider did not answer within 5 s; the order waits', {
        order_id: 'A-1043', provider: 'example-pay'
      }]
    ]
  },
  {
    name: 'mail-worker',
    pid: 4387,
    lines: [
      ['info', 'queue', 'took 20 messages from the queue', { messages: 20 }],
      ['debug', 'smtp', 'connection to mail.example.com is reused'],
      ['info', 'smtp', 'sent the confirmation of order A-1042', { order_id: 'A-1042' }],
      ['warning', 'smtp', 'mail.example.com answered 421, trying again in 30 s', { reply: 421, attempt: 2 }],
      ['error', 'smtp', 'Traceback (most recent call last):\n' +
        '  File "worker.py", line 88, in deliver\n    smtp.send_message(mail)\n' +
        'smtplib.SMTPServerDisconnected: Connection unexpectedly closed']
    ]
  },
  {
    name: 'nightly-backup',
    pid: 902,
    lines: [
      ['info', 'backup', 'backup started'],
      ['debug', 'backup', 'read 64 MiB of the table orders', { table: 'orders', bytes: 67108864 }],
      ['info', 'backup', 'backup finished, 412 MiB', { bytes: 432013312, duration_ms: 38120 }],
      ['warning', 'disk', 'the backup disk is 91 % full', { used_percent: 91 }],
      ['critical', 'disk', 'no space left on the backup disk; the last backup is not complete', { used_percent: 100 }]
    ]
  },
  {
    name: 'телеграм-бот',
    pid: 5120,
    lines: [
      ['info', 'updates', 'получено сообщение 👋', { chat_id: 100200300 }],
      ['debug', 'updates', 'нет новых сообщений'],
      ['error', 'updates', 'Telegram answered 502 Bad Gateway', { status: 502 }]
    ]
  }
]

const logsPerProcess = 75
const dayMs = 24 * 60 * 60 * 1000

/** Creates the user `demo`, password `demo`, and replaces their logs by 300 of the last 24 hours. */
export async function seed (knex: Knex): Promise<void> {
  await migrateToLatest(knex)
  const users = usersOf(knex)
  await registerUser(users, { name: 'demo', password: 'demo', telId: null, by: { name: 'seed' } })
  const demo = await users.find('demo')
  if (demo === undefined) throw new Error('the user demo was not created')
  await knex('user_logs').where('user_id', demo.id).delete()

  const store = logStoreOf(knex)
  const ids = new RecordIds()
  const now = Date.now()
  const batches = []
  for (const [index, process] of processes.entries()) {
    const records = logsOf(process, now - (index + 5) * 1000)
    batches.push({ userId: demo.id, key: freshKey(), firstId: ids.reserve(records.length), records })
  }
  await store.store(batches, utcTime(), new AbortController().signal)
  await store.close()
}

/** Logs the lines in turn, evenly over the day; every fourth log is of any line, the others of the first three. */
function logsOf ({ name, pid, lines }: DemoProcess, now: number): LogRecord[] {
  return Array.from({ length: logsPerProcess }, (_, index) => {
    const instant = now - Math.round(dayMs * (logsPerProcess - 1 - index) / logsPerProcess)
    const line = lines[index % 4 === 3 ? index % lines.length : index % 3]
    // eslint-disable-next-line @typescript-eslint/no-non-null-assertion -- each process has at least three lines
    const [severity, description, message, attributes = null] = line!
    return {
      eventAt: utcTime(instant),
      postTime: utcTime(instant + 2000),
      severity,
      message,
      pid,
      processName: name,
      description,
      attributes
    }
  })
}
