// Many rows by LOAD DATA LOCAL are stored as they are, or not by it.
import t from 'tap'
import type { Knex } from 'knex'
import type { LogRecord } from '../../../../src/model/record.ts'
import { logStoreOf } from '../../../../src/store/log-store.ts'
import { databases, openKnex } from '../../../helpers/databases.ts'

const at = '2026-11-27 10:00:00.123456'
const recordOf = (message: string, others: Partial<LogRecord> = {}): LogRecord => ({
  severity: 'error', processName: 'api', pid: 7, description: '', message, eventAt: at, postTime: at, attributes: null, ...others
})

/** Texts that LOAD DATA gives a meaning, unless they are escaped. */
const texts = ['', '\\', '\\N', 'NULL', '\\\\n', 'a\tb', 'a\nb\r\nc', '\0', '\u001a', '"quoted\'', ',', 'é 漢 😀', '\\\t\\\n\\', 'x'.repeat(2_000_000)]
const records = [
  ...texts.map((text) => recordOf(text)),
  ...texts.slice(0, -1).map((text) => recordOf('named', { processName: text, description: text })),
  ...texts.slice(0, -1).map((text) => recordOf('with attributes', { attributes: { text, [text]: [text, null, 1.5] } })),
  ...Array.from({ length: 100 }, (_, index) => recordOf(`log ${index}`))
]

for (const database of databases) {
  if (database.name === 'SQLite') continue

  t.test(`many rows on ${database.name}`, async (t) => {
    // The status of a connection counts its statements, so there is one.
    const knex = openKnex(t, { ...await database.createMigrated(t), pool: 1 })
    // As on a host app's own knex: without options, MariaDB gets no bulk protocol.
    const store = logStoreOf(knex)
    let made = 0
    const batchOf = (records: LogRecord[], firstId: bigint) => ({ userId: 1, records, key: Buffer.alloc(16, ++made), firstId })
    const insert = (records: LogRecord[], firstId: bigint) => store.store([batchOf(records, firstId)], at, AbortSignal.timeout(60_000))

    await t.test('are stored as they were sent', async (t) => {
      const before = await loads(knex)
      await insert(records, 1000n)
      t.equal(await loads(knex) - before, 1, 'by one LOAD DATA')
      const rows = await knex('user_logs').select('log_msg', 'p_name', 'p_description', 'attributes', 'log_level', 'log_event_at', 'post_time').orderBy('id')
      t.equal(rows.length, records.length)
      for (const [index, { message, processName, description, attributes }] of records.entries()) {
        const row = rows[index]
        const stored = typeof row.attributes === 'string' ? JSON.parse(row.attributes) : row.attributes
        t.strictSame([row.log_msg, row.p_name, row.p_description, stored], [message, processName, description, attributes], JSON.stringify(message.slice(0, 20)))
        t.match(row, { log_level: 'error', log_event_at: at, post_time: at })
      }
    })

    await t.test('are not stored by it where one has the key of another, or a value that the column refuses', async (t) => {
      const few = records.slice(-100)
      await t.rejects(insert(few, 1000n), { code: 'ER_DUP_ENTRY' })
      for (const refused of [{ severity: 'unknown' as LogRecord['severity'] }, { eventAt: '2026-02-30 10:00:00.000000' }]) {
        const error = await insert([...few, recordOf('x', refused)], 9000n).catch((error: unknown) => error)
        t.equal(store.classify(error), 'refused')
      }
      t.equal(await count(knex, 'user_logs'), records.length)
      t.equal(await count(knex, 'ingest_batches'), 1)
    })

    await t.test('are stored by INSERT where the server takes no data of clients any more', async (t) => {
      await knex.raw('SET GLOBAL local_infile = OFF')
      t.teardown(() => knex.raw('SET GLOBAL local_infile = ON'))
      const before = await loads(knex)
      await insert(records.slice(-100), 20_000n)
      await insert(records.slice(-100), 30_000n)
      t.ok(await loads(knex) - before <= 1, 'it is tried once')
      t.equal(await count(knex, 'user_logs'), records.length + 200)
    })
  })
}

/** How many LOAD DATA statements the connection sent. */
async function loads (knex: Knex): Promise<number> {
  const [[{ Value: value }]] = await knex.raw("SHOW SESSION STATUS LIKE 'Com_load'")
  return Number(value)
}

async function count (knex: Knex, table: string): Promise<number> {
  const [row] = await knex(table).count({ count: '*' })
  return Number(row?.count)
}
