import fc from 'fast-check'
import type { Knex } from 'knex'
import t from 'tap'
import type { Filter } from '../../../src/query/filter.ts'
import { matcherOf } from '../../../src/query/matcher.js'
import { parseFilter } from '../../../src/query/parse.ts'
import { utcTime } from '../../../src/model/instant.ts'
import { conditionOf } from '../../../src/search/filter-sql.ts'
import { statementOf } from '../../../src/search/statement.ts'
import { logStoreOf } from '../../../src/store/log-store.ts'
import { databases } from '../../helpers/databases.ts'
import { query, record } from '../../helpers/queries.ts'
import { startService } from '../../helpers/service.ts'

/** Queries for each database, and records on which each is tested; LOGGER_TEST_QUERIES may ask for more. */
const queries = Number(process.env.LOGGER_TEST_QUERIES ?? 150)
const recordsAtOnce = 40

/** The logs that the statement for people finds. */
async function plainIds (knex: Knex, filter: Filter): Promise<{ ids: number[], isExact: boolean, sql: string }> {
  const { sql, inexact } = statementOf(knex, { filter, order: 'oldest' }, recordsAtOnce)
  const answer = await knex.raw(sql.replaceAll('?', '\\?'))
  const rows: Array<{ id: unknown }> = Array.isArray(answer[0]) ? answer[0] : answer
  return { ids: rows.map(({ id }) => Number(id)), isExact: inexact.length === 0, sql }
}

for (const database of databases) {
  await t.test(`a query finds in ${database.name} what it describes`, async (t) => {
    const { knex } = await startService(t, database)
    await knex('users').insert({ id: 1, username: 'Alice', credential: '', created_at: '2026-01-01 00:00:00.000000' })
    const store = logStoreOf(knex)
    t.teardown(() => store.close())

    const size = 25
    for (let done = 0; done < queries; done += size) {
      await fc.assert(fc.asyncProperty(fc.array(record, { minLength: recordsAtOnce, maxLength: recordsAtOnce }), fc.array(query, { minLength: size, maxLength: size }), async (records, queries) => {
        await knex('user_logs').delete()
        await store.store([{ userId: 1, key: Buffer.from(crypto.randomUUID().replaceAll('-', ''), 'hex'), firstId: 1n, records }], utcTime(), new AbortController().signal)
        for (const query of queries) {
          const filter = parseFilter(query)
          const matches = matcherOf(filter)
          const { sql, bindings, exact } = conditionOf(knex, filter)
          const selected: string[] = await knex('user_logs').whereRaw(sql, bindings).orderBy('id').pluck('id')
          const found = exact ? selected : selected.filter((id) => matches(records[Number(id) - 1]!, 'Alice'))
          const expected = records.flatMap((record, index) => matches(record, 'Alice') ? [index + 1] : [])
          const plain = await plainIds(knex, filter)
          if (expected.some((id) => !plain.ids.includes(id)) || (plain.isExact && plain.ids.length > expected.length)) {
            throw new Error(`${query}: the statement finds ${plain.ids.join()} instead of ${expected.join()}: ${plain.sql}`)
          }
          if (found.map(Number).join() !== expected.join()) {
            const wrong = [...expected.filter((id) => !found.map(Number).includes(id)).map((id) => `missed ${id}`), ...found.filter((id) => !expected.includes(Number(id))).map((id) => `found ${id}`)]
            const id = Number(wrong[0]!.split(' ')[1])
            throw new Error(`${query}: ${wrong.join()}: ${JSON.stringify(records[id - 1])} ${JSON.stringify(filter)}`)
          }
        }
      }), { numRuns: 1, endOnFailure: true, reporter: ({ errorInstance, seed }) => { if (errorInstance instanceof Error) throw new Error(`seed ${seed}: ${errorInstance.message}`) } })
    }
    t.pass(`${queries} queries, each on ${recordsAtOnce} records`)
  })
}
