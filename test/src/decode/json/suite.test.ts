// The interesting cases of JSON parsing, after the test suite of Nicolas Seriot (https://github.com/nst/JSONTestSuite):
// for our own cutter and readers as well as for parseJson, which alone decide what a door of JSON lets in.
import t from 'tap'
import { runAtOnce, type Step } from '../../../../src/decode/steps.ts'
import { parseJson } from '../../../../src/decode/json/parse.ts'
import { parseSteps } from '../../../../src/decode/json/steps.ts'
import { decodeLoki } from '../../../../src/decode/loki/index.ts'
import { decodeOtlp } from '../../../../src/decode/otlp/index.ts'
import { piecesOf } from '../../../helpers/fuzz.ts'

const good = [
  '[[]   ]', '[""]', '[]', '["a"]', '[false]', '[null, 1, "1", {}]', '[null]', '[1\n]', ' [1]', '[1,null,null,null,2]', '[2] ', '[0e+1]', '[0e1]', '[ 4]', '[20e1]',
  '[-0]', '[-123]', '[-1]', '[1E22]', '[1E-2]', '[1E+2]', '[123e45]', '[123.456e78]', '[1e-2]', '[1e+2]', '[123]', '[123.456789]', '[-0.000000000000000000000000000000000000001]',
  '{"asd":"sdf", "dfg":"fgh"}', '{"asd":"sdf"}', '{}', '{"":0}', '{"foo\\u0000bar": 42}', '{"min": -1.0e+28, "max": 1.0e+28}', '{"title":"\\u041f\\u043e"}', '{\n"a": "b"\n}',
  '["\\u0060\\u012a\\u12AB"]', '["\\uD801\\udc37"]', '["\\"\\\\\\/\\b\\f\\n\\r\\t"]', '["\\\\u0000"]', '["\\""]', '["a/*b*/c/*d//e"]', '["asd "]', '["\u007f"]', '["€𝄞"]', '["\u2028\u2029"]', '["\ufeff"]',
  '" "', '42', '-0.1', 'null', '"asd"', 'true', '""', '[true]', '["new\\u00A0line"]', '\t[] \r\n', '["\\u0022"]', '["\\uFFFE"]'
]

const bad = [
  '[1 true]', '[a\xe9]', '["": 1]', '[""],', '[,1]', '[1,,2]', '["x",,]', '["x"]]', '["",]', '["x"', '[x', '[3[4]]', '[1:2]', '[,]', '[-]', '[   , ""]', '["a",\n4\n,1,', '[1,]', '[1,,]', '["\va"\\f]', '[*]', '[""', '[1,', '[1,\n1\n,1', '[{}',
  '[fals]', '[nul]', '[tru]', '[++1234]', '[+1]', '[+Inf]', '[-01]', '[-1.0.]', '[-2.]', '[-NaN]', '[.-1]', '[.2e-3]', '[0.1.2]', '[0.3e+]', '[0.3e]', '[0.e1]', '[0E+]', '[0E]', '[0e+]', '[0e]', '[1.0e+]', '[1.0e-]', '[1.0e]', '[1 000.0]', '[1eE2]',
  '[2.e+3]', '[2.e-3]', '[2.e3]', '[9.e+]', '[Inf]', '[1+2]', '[0x1]', '[0x42]', '[0+1]', '[- 1]', '[-012]', '[-.123]', '[-1x]', '[1ea]', '[1.]', '[.123]', '[1.2a-3]', '[1.8011670033376514H-308]', '[012]', '[1e999.5]', '[01234567890123456789]', '[-01e999]', '[1e999"x"]', '[NaN1]', '[1NaN]', '[--1e999]', '[infinity]', '[nan]',
  '["x", truth]', '{[: "x"}\n', '{"x", null}', '{"x"::"b"}', '{🇨🇭}', '{"a":"a" 123}', '{key: \'value\'}', '{"a" b}', '{:"b"}', '{"a" "b"}', '{"a":', '{"a"', '{1:1}', '{9999E9999:1}', '{9999E9999 \n :1}', '{NaN:1}', '{"a":1,-Infinity\t:2}', '{"a":{12345678901234567890:1}}', '{null:null,null:null}', '{"id":0,,,,,}', '{\'a\':0}', '{"id":0,}', '{"a":"b"}/**/', '{"a":"b"}//', '{"a":"b",,"c":"d"}', '{a: "b"}', '{"a":"a', '{ "foo" : "bar", "a" }', '{"a":"b"}#',
  ' ', '["\\uD800\\"]', '["\\uD800\\u"]', '["\\u00A"]', '["\\u', '["\\', '["\\a"]', '["\\x00"]', '["\\\\\\"]', '["\\uqqqq"]', '[\\u0020"asd"]', '[\\n]', '"', '[\'single quote\']', 'abc', '["\\', '["a\u0000a"]', '["new\nline"]', '["\t"]', '"\\UA66D"', '""x', '<.>', '[<null>]', '[1]x', '[1]]', '["asd]', 'aå', '[True]', '1]', '{"x": true,', '[][]', ']', '{}}', '{"":', '{"a":/*comment*/"b"}', '{"a": true} "x"', '[\'', '[,', '[{', '["a', '["a"', '{', '{]', '{,', '{[', '{"a', '{\'a\'', '["\\{["\\{["\\{["\\{', '*', '{"a":"b"}#{}', '[\\u000A""]', '[1', '[ false, nul', '[ true, fals', '[ false, tru', 'å', '\u2060[]', '[\f]', '[\u00a0]'
]

/** Values that JSON leaves open, and what they are here. */
const open: Array<[text: string, value: unknown]> = [
  ['[NaN, Infinity, -Infinity]', ['NaN', 'Infinity', '-Infinity']],
  ['[123.456e-789, 0.4e006, 1e-400]', [0, 400_000, 0]],
  ['[1E400, -1e+9999, 123123e100000]', ['1E400', '-1e+9999', '123123e100000']],
  ['[-123123123123123123123123123123, 100000000000000000000]', ['-123123123123123123123123123123', '100000000000000000000']],
  ['["\\uDADA", "\\uDd1ea", "\\uD888\\u1234"]', ['\uDADA', '\uDd1ea', '\uD888\u1234']],
  ['\ufeff{}', {}]
]

/** As a part of a text so large that it is parsed in steps, first, in the middle and last. */
const large = (text: string) => {
  const filler = `"${'x'.repeat(70_000)}"`
  return [`[${text},${filler},${filler}]`, `[${filler},[${filler},${text}],${filler}]`, `[${filler},${filler},${text}]`, `{"a":${filler},"b":${filler},"c":${text}}`]
}
const inSteps = (text: string) => runAtOnce(parseSteps(Buffer.from(text), 1000))

const arrival = '2026-01-02 03:04:05.000000'
const otlp = (body: string) => decodeOtlp(Buffer.from(body), 'json', arrival)
const loki = (body: string) => decodeLoki(Buffer.from(body), 'json', arrival)
const longText = `"${'x'.repeat(70_000)}"`

/** Bodies with a value that no decoder has a use for, each beside one log; small ones, and such as are read in steps. */
const besideLogs: Array<(text: string) => Iterable<Step>> = [
  (text) => otlp(`{"x":${text},"resourceLogs":[{"scopeLogs":[{"logRecords":[{}]}]}]}`),
  (text) => otlp(`{"resourceLogs":[{"x":${text},"scopeLogs":[{"logRecords":[{}]}]}]}`),
  (text) => otlp(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{}],"x":${text}}]}],"y":[${longText},${longText}]}`),
  (text) => otlp(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"x":${text}}]}]}]}`),
  (text) => otlp(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{}]}]}],"x":{"y":${longText},"z":[${longText},${text}]}}`),
  (text) => loki(`{"streams":[{"stream":{},"values":[["1","m"]]}],"x":${text}}`),
  (text) => loki(`{"streams":[{"x":${text},"stream":{},"values":[["1","m"]]}],"y":[${longText},${longText}]}`),
  (text) => loki(`{"streams":[{"stream":{},"values":[["1","m",{},${text}]]}]}`)
]
const isRejected = (steps: Iterable<Step>) => piecesOf(steps).some((piece) => 'reason' in piece)

/** In ASCII: tap takes U+2028 for the end of a line. */
const shown = (text: string) => JSON.stringify(text).replaceAll(/[^ -~]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)

for (const text of good) {
  await t.test(`takes ${shown(text)}`, async (t) => {
    t.strictSame(parseJson(Buffer.from(text)), JSON.parse(text))
    for (const whole of large(text)) t.strictSame(inSteps(whole), JSON.parse(whole))
    for (const decode of besideLogs) if (!text.startsWith('\ufeff')) t.notOk(isRejected(decode(text)))
  })
}
await t.test('keeps both values of a name that is given twice', async (t) => {
  const text = '{"a":"b","a":"c"}'
  t.strictSame(parseJson(Buffer.from(text)), { a: 'b', a_: 'c' })
  for (const whole of large(text)) t.match(JSON.stringify(inSteps(whole)), '"a":"b"')
  for (const decode of besideLogs) t.notOk(isRejected(decode(text)))
})

for (const text of bad) {
  await t.test(`refuses ${shown(text)}`, async (t) => {
    t.throws(() => parseJson(Buffer.from(text)), { code: 'LOGGER_BAD_REQUEST' })
    for (const whole of large(text)) if (!isJson(whole)) t.throws(() => inSteps(whole), { code: 'LOGGER_BAD_REQUEST' }, whole.replaceAll(/x{9,}/g, 'x'))
    if (!isJson(`[${text},1]`) && !isJson(`{"a":${text},"b":1}`)) for (const decode of besideLogs) t.ok(isRejected(decode(text)))
  })
}
for (const [text, value] of open) {
  await t.test(`reads ${shown(text)}`, async (t) => {
    t.strictSame(parseJson(Buffer.from(text)), value)
  })
}

/** What is cut into parts to be parsed in turns comes out whole, wherever the cuts are. */
const long: Record<string, string> = {
  quotes: '"'.repeat(150_000),
  backslashes: '\\'.repeat(150_001),
  'control characters': `x${'\x01\n'.repeat(50_000)}`,
  emoji: `x${'🙂'.repeat(50_000)}`,
  'escaped emoji': `xy${'\ud83d'.repeat(30_000)}`,
  'plain text': 'x'.repeat(200_000)
}
for (const [what, text] of Object.entries(long)) {
  await t.test(`takes a long text of ${what}`, async (t) => {
    const inAscii = JSON.stringify(text).replaceAll(/[\ud800-\udfff]/g, (half) => `\\u${half.charCodeAt(0).toString(16)}`)
    for (let shift = 0; shift < 8; shift++) {
      for (const json of [JSON.stringify(text), inAscii]) {
        const value = inSteps(`{"a":1,"b":"${'y'.repeat(shift)}${json.slice(1)},"c":[]}`) as { b: string }
        t.ok(value.b === 'y'.repeat(shift) + text)
      }
    }
  })
}

await t.test('takes blanks wherever they may be', async (t) => {
  const blanks = ' \n\r\t'.repeat(50_000)
  for (const parts of [['', '{', '"a"', ':', '1', ',', '"b"', ':', '[', '1', ',', '2', ']', ',', '"c"', ':', '{', '}', '}', '']]) {
    for (let at = 1; at < parts.length; at++) {
      t.strictSame(inSteps(parts.slice(0, at).join('') + blanks + parts.slice(at).join('')), { a: 1, b: [1, 2], c: {} })
    }
  }
  t.throws(() => inSteps(`[1${blanks}2]`), { code: 'LOGGER_BAD_REQUEST' })
  t.throws(() => inSteps(`[${'1'.repeat(100_000)},${blanks}2]`), { code: 'LOGGER_BAD_REQUEST' })
})

await t.test('refuses bytes that are no UTF-8', async (t) => {
  for (const bytes of [[0x5b, 0xff, 0x5d], [0x5b, 0x22, 0xe5, 0x22, 0x5d], [0x5b, 0x22, 0xc0, 0xaf, 0x22, 0x5d], [0x5b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x5d], [0xff, 0xfe, 0x5b, 0x00, 0x5d, 0x00]]) {
    t.throws(() => parseJson(Buffer.from(bytes)), { code: 'LOGGER_BAD_REQUEST' })
  }
})

/** Some texts are none alone, and fit into a list: `1],[2`. */
function isJson (text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
