import fc from 'fast-check'
import t from 'tap'
import type { Filter } from '../../../../src/query/filter.ts'
import { parseFilter } from '../../../../src/query/parse.ts'
import { readingOf } from '../../../../web/app/query/assist/reading.ts'
import { en } from '../../../../web/app/query/assist/texts/en.ts'
import { ru } from '../../../../web/app/query/assist/texts/ru.ts'
import { query } from '../../../helpers/queries.ts'

t.test('a query is read in plain words', async (t) => {
  const cases: Array<[query: string, english: string, russian: string]> = [
    ['', 'all logs', 'все логи'],
    ['level:>=warning order -retry', 'warning or worse, with the word “order”, without the word “retry”', 'уровень warning и выше, есть слово «order», нет слова «retry»'],
    ['level:(error OR debug)', 'level debug or error', 'уровень debug или error'],
    ['-level:debug', 'not (level debug)', 'кроме (уровень debug)'],
    ['level:<=info OR level:>critical', 'info or less severe', 'уровень info и ниже'],
    ['process:(api OR "nightly run") -process:bill*', 'process is one of “api”, “nightly run”, process is not like “bill*”', 'process\u00a0— одно из: «api», «nightly run», process не вида «bill*»'],
    ['"card declined" OR (pay* http.status:>=500)', 'with the text “card declined” or (with a word like “pay*” and http.status ≥ 500)', 'есть текст «card declined» или (есть слово вида «pay*» и http.status ≥ 500)'],
    ['latency:[10 TO 20]', '10 ≤ latency ≤ 20', '10 ≤ latency ≤ 20'],
    ['NOT (retry OR done) order.id:*', 'without the word “retry” and without the word “done”, order.id is there', 'нет слова «retry» и нет слова «done», есть order.id'],
    ['NOT (a b:c) OR d', 'without the word “a” or b is not “c” or with the word “d”', 'нет слова «a» или b\u00a0— не «c» или есть слово «d»'],
    ['path:/^\\/api/ -user:bob', 'path matches /^/api/, user is not “bob”', 'path подходит под /^/api/, user\u00a0— не «bob»']
  ]
  for (const [query, english, russian] of cases) {
    t.equal(readingOf(parseFilter(query), en.reading, 'en'), english)
    t.equal(readingOf(parseFilter(query), ru.reading, 'ru'), russian)
  }
})

t.test('a reading has every word and every value of its query', async (t) => {
  for (const [texts, language] of [[en, 'en'], [ru, 'ru']] as const) {
    fc.assert(fc.property(query, (query) => {
      const filter = parseFilter(query)
      const reading = readingOf(filter, texts.reading, language)
      const missing = mentioned(filter).filter((text) => !reading.includes(text))
      if (reading === '' || missing.length > 0) throw new Error(`${query}: ${reading} lacks ${missing.join()}`)
    }), { numRuns: 1000 })
  }
  t.pass('none lacks anything')
})

/** What must be in the reading. */
function mentioned (filter: Filter): string[] {
  switch (filter.kind) {
    case 'all': return filter.of.flatMap(mentioned)
    // Alternatives of levels are one range of levels.
    case 'any': return filter.of.filter(({ kind }) => kind !== 'level').flatMap(mentioned)
    case 'not': return mentioned(filter.filter)
    case 'words':
    case 'user': return [...filter.pattern]
    case 'value': return [nameOf(filter.field), ...filter.pattern]
    case 'regex': return [nameOf(filter.field), filter.source]
    case 'exists': return [nameOf(filter)]
    case 'number': return [nameOf(filter.field), filter.value]
    case 'level': return filter.levels.length === 1 ? [...filter.levels] : []
  }
}

function nameOf (field: string | { path: readonly string[] }): string {
  return typeof field === 'string' ? field : field.path.join('.')
}
