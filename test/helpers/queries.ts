import fc from 'fast-check'
import { severities, type LogRecord } from '../../src/model/record.ts'

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

/** Records that such queries find, and some that they do not. */
export const record: fc.Arbitrary<LogRecord> = fc.record({
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
/** Valid queries of every kind. */
export const query = fc.letrec<{ query: string }>((tie) => ({
  query: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { weight: 3, arbitrary: simple },
    { weight: 1, arbitrary: fc.tuple(tie('query'), tie('query')).map(([one, other]) => `(${one}) AND (${other})`) },
    { weight: 1, arbitrary: fc.tuple(tie('query'), tie('query')).map(([one, other]) => `(${one}) OR (${other})`) },
    { weight: 1, arbitrary: tie('query').map((query) => `NOT (${query})`) }
  )
})).query
