import fc from 'fast-check'
import type { Knex } from 'knex'
import t from 'tap'
import type { Filter } from '../../../src/query/filter.ts'
import { matcherOf } from '../../../src/query/matcher.js'
import { parseFilter } from '../../../src/query/parse.ts'
import { utcTime } from '../../../src/model/instant.ts'
import { severities, type LogRecord } from '../../../src/model/record.ts'
import { conditionOf } from '../../../src/search/filter-sql.ts'
import { statementOf } from '../../../src/search/statement.ts'
import { logStoreOf } from '../../../src/store/log-store.ts'
import { databases } from '../../helpers/databases.ts'
import { startService } from '../../helpers/service.ts'

/** Queries for each database, and records on which each is tested; LOGGER_TEST_QUERIES may ask for more. */
const queries = Number(process.env.LOGGER_TEST_QUERIES ?? 150)
const recordsAtOnce = 40

/** Few of them, so that queries hit; all that could be special to a database, a language or an escape. */
const letters = fc.constantFrom(...'aAbBkKiIıİſßẞéÉжЖяЯσΣς\u212A\u0130\u0301_%\\\'"`*?.-/+()[]{}:;,!$^|# \t\nä😀🎉漢字0179ァァ゙デธ้ม가각\u1100\u1161\u11A8;\u037E\u0340\uF900豈क\u0958İ\u0307\u001b\u00a0')
const isWellFormed = (text: string) => !/\p{Cs}/u.test(text)
const word = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('error', 'Error', 'заказ', 'ЗАКАЗ', 'user_1', 'a%b', 'a_b', 'x\\y', "it's", 'time-out', 'https://a.b/c?d=e', '100%', '😀', 'naïve', 'STRASSE', 'straße', '漢字', 'e\u0301t', 'ét', '\u001b[31merror\u001b[0m', 'er\u001b[1mror', '数据库error', '가각', '가각'.normalize('NFD'), 'データ', 'й'.normalize('NFD'), 'й') },
  { weight: 5, arbitrary: fc.string({ unit: letters, minLength: 1, maxLength: 4 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 3 }).filter(isWellFormed) }
)
const text = fc.array(word, { maxLength: 5 }).chain((words) => fc.constantFrom(' ', '', '  ', '\t', '\u00a0').map((between) => words.join(between)))
const name = fc.constantFrom('a', 'b', 'a.b', 'attributes', 'b.a', 'ж', 'x"y', 'x\\y', 'x y', "q'")
const number = fc.oneof(fc.integer({ min: -3, max: 30 }), fc.constantFrom(1.5, 1000000, 0.1, 1e20, 1e21, 1e-7, 2 ** 64, -0.5))
const numberText = fc.constantFrom('503', '0503', '9007199254740993', '-0.50', '1e3', '1E-07', '1e400', '12\n', '9'.repeat(31), '1.', '')
const value = fc.oneof(text, number, numberText, fc.boolean(), fc.constant(null))
const attributes = fc.option(fc.dictionary(name, fc.oneof(value, fc.array(value, { maxLength: 2 }), fc.dictionary(name, fc.oneof(value, fc.dictionary(name, value, { maxKeys: 2 })), { maxKeys: 2 })), { maxKeys: 3 }))

const record: fc.Arbitrary<LogRecord> = fc.record({
  eventAt: fc.constant('2026-01-01 00:00:00.000000'),
  postTime: fc.constant('2026-01-01 00:00:00.000000'),
  severity: fc.constantFrom(...severities),
  message: text,
  pid: fc.integer({ min: 0, max: 20 }),
  processName: text.map((text) => text.slice(0, 20)).filter(isWellFormed),
  description: text.map((text) => text.slice(0, 20)).filter(isWellFormed),
  attributes
})

const quoted = (text: string) => `"${text.replaceAll(/["\\]/g, '\\$&')}"`
const bare = (text: string) => text.replaceAll(/[\s"()[\]:\\*/<>=-]|^(?=AND$|OR$|NOT$|TO$)/g, '\\$&')
const pattern = fc.oneof(text.map(quoted), word.map(bare), word.map((text) => `${bare(text)}*`), word.map((text) => `*${bare(text)}*`), fc.tuple(word, word).map(([one, other]) => `${bare(one)}*${bare(other)}`))
const path = fc.oneof(name, fc.tuple(name, name).map((names) => names.join('.')), fc.tuple(name, name, name).map((names) => names.join('.'))).map(quoted)
const regex = fc.constantFrom('/a/', '/^e/', '/\\d+/', '/[жя]/', '/a.*b/', '/(?-i)E/', '/^$/', '/\\s$/', '/x\\\\/', '/./', '/\\w\\W/', '/\\bk/', '/[\\d\\s]b?$/', '/s/', '/(?m)^b$/', '/error|жя/', '/time.out/', '/(?i:ERR)or/', '/\\Q$\\E/', '/^\\p{Lu}/', '/[[:word:]]b/', '/[^\\W]/', '/straße/', '/(?U)a+/', '/\\pL\\.b/', '/[]a]/')
const compared = fc.tuple(fc.constantFrom('>', '>=', '<', '<=', ''), fc.oneof(number.map(String), fc.constantFrom('9007199254740992', '9007199254740993', '503', '1e3', '0.0000001', '1' + '0'.repeat(40)))).map(([sign, number]) => sign + number)
const simple = fc.oneof(
  pattern,
  regex,
  fc.tuple(fc.oneof(fc.constantFrom('process', 'description', 'message'), path), fc.oneof(pattern, regex)).map((parts) => parts.join(':')),
  fc.tuple(fc.constantFrom('>', '>=', '<', '<=', ''), fc.constantFrom(...severities)).map(([sign, level]) => `level:${sign}${level}`),
  compared.filter((text) => !text.includes('.')).map((text) => `pid:${text}`),
  fc.tuple(path, compared).map((parts) => parts.join(':')),
  fc.tuple(path, fc.oneof(regex, fc.constantFrom('1*', '*e*', '1e*', '*0', '1e20', '1e+21', '1e21', '1e-7'))).map((parts) => parts.join(':')),
  fc.tuple(path, number, number).map(([path, low, high]) => `${path}:[${low} TO ${high}]`),
  path.map((path) => `${path}:*`),
  fc.constantFrom('user:alice', 'user:a*', 'user:"Bob"')
)
const query = fc.letrec<{ query: string }>((tie) => ({
  query: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { weight: 3, arbitrary: simple },
    { weight: 1, arbitrary: fc.tuple(tie('query'), tie('query')).map(([one, other]) => `(${one}) AND (${other})`) },
    { weight: 1, arbitrary: fc.tuple(tie('query'), tie('query')).map(([one, other]) => `(${one}) OR (${other})`) },
    { weight: 1, arbitrary: tie('query').map((query) => `NOT (${query})`) }
  )
})).query

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
