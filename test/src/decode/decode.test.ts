import { Readable } from 'node:stream'
import fc from 'fast-check'
import { compress as snap } from 'snappyjs'
import t from 'tap'
import { decodeContract, type ContractBody } from '../../../src/decode/contract.ts'
import { inflate, readWhole } from '../../../src/decode/unpack/index.ts'
import { parseJson } from '../../../src/decode/json/parse.ts'
import { conventions } from '../../../src/decode/record/conventions.ts'
import { jsonReading } from '../../../src/decode/json/logs.ts'
import { recordOf } from '../../../src/decode/record/index.ts'
import { unsnap } from '../../../src/decode/unpack/snappy.ts'
import { parseEpoch } from '../../../src/model/time.ts'
import { growsLinearly } from '../../helpers/growth.ts'
import { body, log } from '../../helpers/service.ts'

const parse = (text: string) => parseJson(Buffer.from(text))
/** `open` and `close`, nested to a depth. */
const nested = (depth: number, open = '[', close = ']') => open.repeat(depth) + close.repeat(depth)

await t.test('parseJson', async (t) => {
  const good: Record<string, [text: string, value: unknown]> = {
    'what any parser takes': ['{"a": [1, -2.5, 1e3, true, false, null, "text", {}]}', { a: [1, -2.5, 1000, true, false, null, 'text', {}] }],
    'a bare value': [' 1 ', 1],
    'NaN, Infinity and -Infinity as text': ['{"a":NaN,"b":Infinity,"c":-Infinity}', { a: 'NaN', b: 'Infinity', c: '-Infinity' }],
    'them in arrays of arrays, too': ['[[NaN, [Infinity]], -Infinity ,1]', [['NaN', ['Infinity']], '-Infinity', 1]],
    'a bare NaN': ['NaN', 'NaN'],
    'whole numbers up to 2^53 as numbers': ['[9007199254740991,-9007199254740991]', [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]],
    'whole numbers beyond 2^53 as text': ['[9007199254740993,-9007199254740993,123456789012345678901234567890]', ['9007199254740993', '-9007199254740993', '123456789012345678901234567890']],
    'numbers beyond 1.8e308 as text': ['[1e400,-1E+400,1.5e999,1e308]', ['1e400', '-1E+400', '1.5e999', 1e308]],
    'long fractions as numbers': ['[3.14159265358979323846,1e-400]', [Math.PI, 0]],
    'the same inside of strings untouched': ['{"NaN 1e400":"NaN, Infinity, -Infinity, 1e400, 9007199254740993"}', { 'NaN 1e400': 'NaN, Infinity, -Infinity, 1e400, 9007199254740993' }],
    'strings with escaped quotes': ['["\\"NaN\\"", "\\\\", NaN, "\\\\\\"", NaN]', ['"NaN"', '\\', 'NaN', '\\"', 'NaN']],
    'brackets inside of strings, which nest nothing': [`["${'['.repeat(2000)}"]`, ['['.repeat(2000)]],
    'many arrays beside each other, which nest nothing': [`[${'[],'.repeat(2000)}[]]`, Array.from({ length: 2001 }, () => [])],
    'a byte order mark': ['\ufeff{"a":1}', { a: 1 }],
    'characters of every length': ['["é€😀\\ud83d\\ude00"]', ['é€😀😀']],
    'a field constructor that is no danger': ['{"constructor":"x"}', { constructor: 'x' }],
    '__proto__ as a text': ['["__proto__"]', ['__proto__']]
  }
  for (const [what, [text, value]] of Object.entries(good)) {
    await t.test(`reads ${what}`, async (t) => t.strictSame(parse(text), value))
  }

  await t.test('reads 1,000 levels', async (t) => {
    t.equal(JSON.stringify(parse(nested(1000))), nested(1000))
    const mixed = nested(500, '{"a":[', ']}')
    t.equal(JSON.stringify(parse(mixed)), mixed)
  })

  const prototype = 'body must not have __proto__ or constructor.prototype as a field'
  const deep = 'body must not be nested deeper than 1000 levels'
  const refused: Record<string, [text: string | Buffer, detail: string | RegExp]> = {
    nothing: ['', 'body must be JSON'],
    'broken JSON': ['{"a":secret-of-the-sender}', /^body must be JSON(: unexpected character at position \d+)?$/],
    'a cut string': ['{"a":"secret-of-the-sender', /^body must be JSON(: unexpected character at position \d+)?$/],
    'a leading zero': ['[012]', /^body must be JSON/],
    'a trailing comma': ['[1,]', /^body must be JSON/],
    'two values': ['{} {}', /^body must be JSON/],
    'a word that begins with NaN': ['[NaNsense]', /^body must be JSON/],
    'a lonely minus': ['[-]', /^body must be JSON/],
    'single quotes': ["{'a':1}", /^body must be JSON/],
    'invalid UTF-8': [Buffer.from([0x22, 0xc3, 0x28, 0x22]), 'body must be UTF-8'],
    'UTF-16': [Buffer.from('\ufeff{"a":"é"}', 'utf16le'), 'body must be UTF-8'],
    'a lone surrogate in CESU-8': [Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), 'body must be UTF-8'],
    '1,001 levels': [nested(1001), deep],
    '1,001 levels of objects': [`${'{"a":'.repeat(1001)}1${'}'.repeat(1001)}`, deep],
    'a field __proto__': ['{"__proto__":{"a":1}}', prototype],
    'a field __proto__ deep inside': ['{"a":[{"b":{"__proto__":null}}]}', prototype],
    'an escaped __proto__': ['{"\\u005f_proto__":{"a":1}}', prototype],
    'a constructor.prototype': ['{"constructor":{"prototype":{"a":1}}}', prototype]
  }
  for (const [what, [text, detail]] of Object.entries(refused)) {
    await t.test(`refuses ${what}, quoting nothing of it`, async (t) => {
      const error = t.throws(() => parseJson(Buffer.from(text as string)), { code: 'LOGGER_BAD_REQUEST', message: detail }) as Error
      t.notMatch(error.message, /secret|sender|sense/)
    })
  }

  await t.test('leaves the prototype of objects alone', async (t) => {
    parse('{"prototype":{"a":1},"toString":1}')
    t.notOk('a' in {})
  })

  const bytes = 8_000_000
  const hostile: Record<string, (size: number) => string> = {
    'opening brackets': (size) => '['.repeat(size),
    'opened objects': (size) => '{"a":'.repeat(size / 5),
    'quotes and backslashes': (size) => '"\\'.repeat(size / 2),
    'escaped quotes': (size) => `"${'\\"'.repeat(size / 2)}`,
    backslashes: (size) => `"${'\\'.repeat(size)}"x`,
    digits: (size) => `[${'9'.repeat(size)}`,
    'minus signs': (size) => '-'.repeat(size),
    'the letter I': (size) => 'I'.repeat(size),
    'empty strings': (size) => '""'.repeat(size / 2)
  }
  for (const [what, text] of Object.entries(hostile)) {
    await t.test(`refuses 8 MB of ${what} in linear time`, async (t) => {
      t.throws(() => parse(text(bytes)), { code: 'LOGGER_BAD_REQUEST' })
      growsLinearly(t, what, {
        small: bytes / 10,
        input: (size) => Buffer.from(text(size)),
        work (hostile) {
          try {
            parseJson(hostile)
          } catch {
            // It is refused, as asserted above.
          }
        }
      })
    })
  }

  await t.test('reads 8 MB of NaN in linear time', async (t) => {
    const text = (size: number) => `[${'NaN,'.repeat(size / 4)}NaN]`
    const value = parse(text(bytes)) as string[]
    t.equal(value.length, bytes / 4 + 1)
    t.equal(value.at(-1), 'NaN')
    growsLinearly(t, 'NaN', { small: bytes / 10, input: (size) => Buffer.from(text(size)), work: parseJson })
  })
})

await t.test('decodeContract', async (t) => {
  const decode = (logs: unknown[], differences?: Record<string, unknown>) => decodeContract(body('denis', logs, differences) as unknown as ContractBody)

  await t.test('gives every field its place', async (t) => {
    t.strictSame(decode([log({ level: 'WARN', event_at: '2020-05-05T12:22:22+02:00' })], { pid: 7 }), [{
      eventAt: '2020-05-05 10:22:22.000000',
      postTime: '2020-05-05 12:22:23.000000',
      severity: 'warning',
      message: 'log message',
      pid: 7,
      processName: 'process name',
      description: 'description',
      attributes: null
    }])
  })

  await t.test('keeps the order sent, whatever the times say', async (t) => {
    const sent = Array.from({ length: 60 }, (_, index) => log({ msg: `${index}`, event_at: `2020-05-05T12:22:${String(59 - index).padStart(2, '0')}` }))
    t.strictSame(decode(sent).map(({ message }) => message), sent.map(({ msg }) => msg))
  })

  await t.test('gives a log posted at its own time the same time twice', async (t) => {
    const [record] = decode([log({ event_at: '2020-05-05 12:22' })], { post_time: '2020-05-05 12:22' })
    t.match(record, { eventAt: '2020-05-05 12:22:00.000000', postTime: '2020-05-05 12:22:00.000000' })
  })

  await t.test('decodes no logs into none, once the time is valid', async (t) => {
    t.strictSame(decode([]), [])
    t.throws(() => decode([], { post_time: 'now' }), { statusCode: 400, message: /^data\.post_time must be an ISO 8601/ })
  })

  const messages: Array<[msg: unknown, stored: string]> = [
    ['', ''], ['%s of "%s"\n', '%s of "%s"\n'], [1, '1'], [-0.5, '-0.5'], [true, 'true'], [null, 'null'], [[1, 'a'], '[1,"a"]'], [{ a: { b: [null] } }, '{"a":{"b":[null]}}']
  ]
  for (const [msg, stored] of messages) {
    await t.test(`keeps the message ${JSON.stringify(msg)} as ${stored === msg ? 'it is' : 'its JSON text'}`, async (t) => {
      t.equal(decode([log({ msg })])[0]!.message, stored)
    })
  }

  await t.test('keeps what else a log has as its attributes', async (t) => {
    const others = { line: 12, user_id: 'theirs', nested: { a: [1, null] }, empty: '', constructor: 'x' }
    const [one, other] = decode([log(others), log()])
    t.strictSame(one!.attributes, others)
    t.equal(other!.attributes, null)
  })

  const refused: Record<string, [differences: Record<string, unknown>, detail: RegExp]> = {
    'a level that is none': [{ level: 'loud' }, /^data\.logs\[1\]\.level must be a level \(debug, info, warning, error, critical\) or a whole number from 0 to 100$/],
    'a level over 100': [{ level: 101 }, /^data\.logs\[1\]\.level must be/],
    'a number in text': [{ level: '40' }, /^data\.logs\[1\]\.level must be/],
    'a time that is none': [{ event_at: 'yesterday' }, /^data\.logs\[1\]\.event_at must be an ISO 8601 date and time in the years 1000 to 9999$/]
  }
  for (const [what, [differences, detail]] of Object.entries(refused)) {
    await t.test(`refuses ${what} and names the field`, async (t) => {
      t.throws(() => decode([log(), log(differences)]), { statusCode: 400, message: detail })
    })
  }
})

await t.test('inflate', async (t) => {
  const limit = 1024 * 1024
  const unpack = (bytes: Buffer, coding: string, chunk = 1024) => {
    const chunks = Array.from({ length: Math.ceil(bytes.length / chunk) }, (_, index) => bytes.subarray(index * chunk, (index + 1) * chunk))
    return readWhole(inflate(Readable.from(chunks, { objectMode: false }), coding, limit), limit)
  }

  await t.test('gives back what snappy packed', async () => {
    fc.assert(fc.property(fc.array(fc.constantFrom('a', 'bc', 'a longer text that comes again', '🙂'), { maxLength: 300 }), (parts) => {
      const bytes = Buffer.from(parts.join(''))
      return unsnap(Buffer.from(snap(bytes)), limit).equals(bytes)
    }))
  })

  await t.test('ends with a plain error at whatever bytes, in whatever coding', async () => {
    const packed: Record<string, Buffer> = {
      gzip: Buffer.from('H4sIAAAAAAAAA6tWyi1OV7JSKkhMzk5NUapVAAA=', 'base64'),
      br: Buffer.from('GwoA+I2Un00Y', 'base64'),
      zstd: Buffer.from('KLUv/SRFHQEA2HsibXNnIjoicGFja2VkIiwiaSI6MX0KMjN9CgIAQBGVnk22Efel', 'base64'),
      snappy: Buffer.from(snap(Buffer.from('abcdefgh'.repeat(40))))
    }
    const body = fc.oneof(
      fc.tuple(fc.constantFrom(...Object.keys(packed)), fc.uint8Array({ maxLength: 100 })),
      fc.tuple(fc.constantFrom(...Object.keys(packed)), fc.nat(), fc.nat(255)).map(([coding, at, byte]) => {
        const bytes = Uint8Array.from(packed[coding]!)
        bytes[at % bytes.length] = byte
        return [coding, bytes] as const
      })
    )
    await fc.assert(fc.asyncProperty(body, fc.integer({ min: 1, max: 40 }), async ([coding, bytes], chunk) => {
      try {
        await unpack(Buffer.from(bytes), coding, chunk)
      } catch (error) {
        return ['LOGGER_BAD_REQUEST', 'LOGGER_TOO_LARGE'].includes((error as { code: string }).code)
      }
      return true
    }), { numRuns: 500 })
  })

  await t.test('is not caught by a literal of snappy whose length leads back', async (t) => {
    t.throws(() => unsnap(Buffer.from([5, 0xfc, 0xfa, 0xff, 0xff, 0xff, 0, 0, 0]), limit), { code: 'LOGGER_BAD_REQUEST' })
  })

  await t.test('unpacks frames of zstd one after the other, and passes over those that carry no data', async (t) => {
    const frame = Buffer.from('28b52ffd2003190000616263', 'hex')
    const skippable = Buffer.from('5a2a4d18020000000000', 'hex')
    for (const chunk of [1, 5, 100]) t.equal((await unpack(Buffer.concat([skippable, frame, skippable, frame]), 'zstd', chunk)).toString(), 'abcabc')
  })
})

await t.test('parseEpoch', async (t) => {
  await t.test('reads every microsecond of the years 1973 to 2096 in every unit, as text and as a number', async (t) => {
    fc.assert(fc.property(fc.bigInt({ min: 100_000_000_000_000n, max: 4_000_000_000_000_000n }), (micros) => {
      const text = micros.toString()
      const time = `${new Date(Number(micros / 1000n)).toISOString().slice(0, 19).replace('T', ' ')}.${text.slice(-6)}`
      const seconds = `${text.slice(0, -6)}.${text.slice(-6)}`
      const milliseconds = `${text.slice(0, -3)}.${text.slice(-3)}`
      for (const value of [seconds, milliseconds, text, `${text}789`, Number(seconds), Number(milliseconds), Number(text)]) t.equal(parseEpoch(value), time, `${value}`)
    }), { numRuns: 50 })
  })

  for (const value of ['', '-', 'x', '1e9', ' 1', '1 ', '0x10', '1,5', '12345678901234567890', 1e21, -1e21, 'NaN']) {
    await t.test(`refuses ${JSON.stringify(value)}`, async (t) => t.equal(parseEpoch(value), undefined))
  }
})

await t.test('recordOf', async (t) => {
  const arrival = '2026-01-02 03:04:05.000000'

  await t.test('keeps all that it is given, and changes none of it', async (t) => {
    fc.assert(fc.property(fc.dictionary(fc.oneof(fc.constantFrom('msg', 'message', 'time', 'level', 'name', 'process', 'pid', 'log', 'service'), fc.string()), fc.jsonValue()), (fields) => {
      const before = JSON.stringify(fields)
      const { attributes } = recordOf(fields, jsonReading, arrival)
      t.equal(JSON.stringify(fields), before)
      const taken = Object.keys(fields).filter((name) => !Object.hasOwn(attributes ?? {}, name))
      t.ok(taken.length <= 6 && taken.every((name) => Object.values(conventions).flat().some((known) => known.split('.')[0] === name.toLowerCase())), taken.join())
    }))
  })

  await t.test('takes the first name that holds something of its kind', async (t) => {
    t.match(recordOf({ msg: null, message: 'm', pid: 'none', process: { pid: 3, title: 'x' } }, jsonReading, arrival), {
      message: 'm', pid: 3, attributes: { msg: null, pid: 'none', process: { title: 'x' } }
    })
  })

  await t.test('keeps a field __proto__ as any other', async (t) => {
    t.strictSame(Object.keys(recordOf(JSON.parse('{"__proto__":{"a":1},"msg":"m"}'), jsonReading, arrival).attributes!), ['__proto__'])
  })

  await t.test('takes nothing twice, nor out of what was taken', async (t) => {
    t.match(recordOf({ logger: 'a.b', x: 1 }, jsonReading, arrival), { processName: 'a.b', description: 'a.b', attributes: { x: 1 } })
    t.match(recordOf({ log: { logger: 'a.b' }, name: 'shop', msg: 'm', x: 1 }, jsonReading, arrival), { message: 'm', processName: 'shop', description: 'a.b', attributes: { x: 1 } })
  })
})
