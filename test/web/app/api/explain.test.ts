import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ApiError, type Fault } from '../../../../web/app/api/error.ts'
import { explain } from '../../../../web/app/api/explain.ts'
import { en } from '../../../../web/app/texts/en.ts'
import { language, texts } from '../../../../web/app/texts/index.ts'
import { ru } from '../../../../web/app/texts/ru.ts'
import { rules } from '../../../../src/model/bad-request.ts'
import { root } from '../../../helpers/command.ts'

const documented = [...readFileSync(join(root, 'docs/errors.md'), 'utf8').matchAll(/^\| `([a-z]+\.[a-z-]+)` \|/gm)].map(([, rule]) => rule!)

t.test('each rule of the API is explained in both languages', async (t) => {
  t.strictSame([...rules].sort(), documented.sort(), 'the documents have all rules')
  for (const rule of documented) {
    const fault = { rule, field: 'limit', limit: 4096, expected: ['word', 'closing-bracket'] }
    const explained = inBoth(new ApiError(400, 'the detail', { fault }))
    t.notMatch(explained.join(' '), /the detail|undefined/, rule)
    t.not(...explained)
  }
})

t.test('values are written as the language writes them', async (t) => {
  const refused = (fault: Fault) => inBoth(new ApiError(400, '', { fault }))
  t.strictSame(refused({ rule: 'query.expected', at: 8, expected: ['word', 'closing-bracket'] }), [
    'Expected here: a word or a closing bracket.', 'Здесь ожидается: слово или закрывающая скобка.'
  ])
  t.strictSame(refused({ rule: 'query.level', expected: ['debug', 'info'] }), [
    'There is no such level. Levels: debug or info.', 'Такого уровня нет. Уровни: debug или info.'
  ])
  t.strictSame(refused({ rule: 'query.too-long', limit: 4096 }), [
    'The query is longer than 4,096 characters.', 'Запрос слишком длинный; наибольшая длина в символах — 4\u00a0096.'
  ])
})

t.test('what the page does not know is said as the server says it', async (t) => {
  t.strictSame(inBoth(new ApiError(400, 'no such moon', { fault: { rule: 'moon.unknown' } })), ['The server refused: no such moon', 'Сервер отказал: no such moon'])
  t.strictSame(inBoth(new ApiError(403, 'user: only administrators name a user'))[0], 'You may not do this: user: only administrators name a user.')
  t.strictSame(inBoth(new ApiError(0, 'fetch failed')), [en.problems.offline, ru.problems.offline])
  t.strictSame(inBoth(new ApiError(503, 'busy')), [en.problems.overloaded, ru.problems.overloaded])
})

function inBoth (error: ApiError): [en: string, ru: string] {
  return [[en, 'en'] as const, [ru, 'ru'] as const].map(([words, name]) => {
    texts.value = words
    language.value = name
    return explain(error)
  }) as [string, string]
}
