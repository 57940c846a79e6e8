// Logs of one time, as a device with a clock that stands still sends them: each page begins where the last one ended.
// A batch with times years apart is read range by range, without the logs between them.
import type { Knex } from 'knex'
import t from 'tap'
import { utcTime } from '../../../src/model/instant.ts'
import { logsInRange, type BatchRange } from '../../../src/store/batch-ranges.ts'
import { dialectOf } from '../../../src/store/dialects/index.ts'
import type { Condition } from '../../../src/store/dialects/dialect.ts'
import { selectLogs, type LogRow } from '../../../src/store/rows.ts'
import { databases, openKnex, sqlite } from '../../helpers/databases.ts'

const owner = { one: true, sql: 'user_id = ?', bindings: [1] }
/** Larger than any number that a double holds exactly, as ids are. */
const firstId = 2n ** 60n
const timeOf = (second: number) => utcTime(Date.UTC(2026, 0, 1, 0, 0, second))
const stored = Array.from({ length: 600 }, (_, index) => ({ at: timeOf(Math.floor(index / 200)), id: String(firstId + BigInt(index)) }))

for (const database of databases) {
  t.test(`logs of one time on ${database.name}`, async (t) => {
    const knex = openKnex(t, await database.createMigrated(t))
    for (let from = 0; from < stored.length; from += 50) {
      await knex('user_logs').insert(stored.slice(from, from + 50).map(({ at, id }) => (
        { user_id: 1, log_event_at: at, id, post_time: at, log_level: 'info', log_msg: 'm', pid: 1, p_name: 'p', p_description: '' }
      )))
    }
    const select = (conditions: Condition[], isNewestFirst = false) => selectLogs(knex, { owner, conditions, isNewestFirst, limit: 70 })
    const read = async (conditions: Condition[], isNewestFirst?: boolean) =>
      (await select(conditions, isNewestFirst)).map((row: LogRow) => ({ at: row.log_event_at, id: row.log_id }))

    await t.test('are read page by page, in both directions', async (t) => {
      for (const [comparison, expected] of [['>', stored], ['<', stored.toReversed()]] as const) {
        const all: typeof stored = []
        for (let page = expected.slice(0, 1); page.length > 0; page = await read([dialectOf(knex).conditions.beyond(comparison, page.at(-1)!)], comparison === '<')) all.push(...page)
        t.strictSame(all, expected)
      }
    })

    await t.test('are read within a range', async (t) => {
      const range: Omit<BatchRange, 'userId'> = { times: [{ firstAt: timeOf(0), lastAt: timeOf(1) }], firstId: firstId + 150n, lastId: firstId + 250n }
      const first = await read(logsInRange(knex, range))
      t.strictSame([...first, ...await read(logsInRange(knex, range, first.at(-1)))], stored.slice(150, 251))
    })

    await t.test('are read within several ranges', async (t) => {
      const range: Omit<BatchRange, 'userId'> = {
        times: [{ firstAt: timeOf(0), lastAt: timeOf(0) }, { firstAt: timeOf(2), lastAt: timeOf(2) }], firstId: firstId + 150n, lastId: firstId + 450n
      }
      const first = await read(logsInRange(knex, range))
      t.strictSame([...first, ...await read(logsInRange(knex, range, first.at(-1)))], [...stored.slice(150, 200), ...stored.slice(400, 451)])
      if (database !== sqlite) t.match(await planOf(knex, select(logsInRange(knex, range))), /^\d+ \d+ Using where(; Using index condition)?$/, 'without a sort')
    })

    await t.test('are found by the whole key', async (t) => {
      const range: Omit<BatchRange, 'userId'> = { times: [{ firstAt: timeOf(1), lastAt: timeOf(1) }], firstId: firstId + 300n, lastId: firstId + 309n }
      for (const conditions of [logsInRange(knex, range), [dialectOf(knex).conditions.beyond('<', { at: timeOf(1), id: String(firstId + 300n) })]]) {
        t.match(await planOf(knex, select(conditions)), database === sqlite ? /\(log_event_at,id\)/ : /^20 /)
      }
    })
  })
}

/**
 * SQLite's plan, or that of MySQL and MariaDB: the bytes of the key that they use (4 of the user, 8 of the time, 8 of the id), the rows that they
 * expect, and what else they do.
 */
async function planOf (knex: Knex, statement: Knex.QueryBuilder): Promise<string> {
  const { sql, bindings } = statement.toSQL()
  if (knex.client.dialect === 'mysql') {
    const [[plan]] = await knex.raw(`EXPLAIN FORMAT=TRADITIONAL ${sql}`, bindings)
    return `${plan.key_len} ${plan.rows} ${plan.Extra}`
  }
  const plan = await knex.raw(`EXPLAIN QUERY PLAN ${sql}`, bindings)
  return plan.map(({ detail }: { detail: string }) => detail).join()
}
