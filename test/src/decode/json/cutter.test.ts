import fc from 'fast-check'
import t from 'tap'
import type { Piece } from '../../../../src/decode/steps.ts'
import { JsonCutter } from '../../../../src/decode/json/cutter.ts'
import { decodeJsonLog, jsonReading } from '../../../../src/decode/json/logs.ts'
import { piecesOf } from '../../../helpers/fuzz.ts'
import { growsLinearly } from '../../../helpers/growth.ts'

/** What is cut from bytes that come in chunks of such sizes, over and over. */
function cut (body: string | Buffer, sizes: readonly number[] = [65536], longest = Infinity): Buffer[] {
  const bytes = Buffer.from(body as string)
  const cutter = new JsonCutter(longest, 'logs')
  const pieces: Buffer[] = []
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length]!
    // A copy, because a reader may use its buffer again once the chunk was taken.
    const chunk = Buffer.from(bytes.subarray(at, at + size))
    for (const piece of cutter.push(chunk)) pieces.push(Buffer.from(piece))
    chunk.fill('!')
    at += size
  }
  pieces.push(...cutter.end())
  return pieces
}

const texts = (pieces: Buffer[]) => pieces.map((piece) => piece.toString())
const decode = (body: string | Buffer, sizes?: readonly number[]): Piece[] => cut(body, sizes).flatMap((piece) => piecesOf(decodeJsonLog(piece, 0, { reading: jsonReading, arrival: '2026-01-02 03:04:05.000000' })))
const messages = (body: string) => decode(body).flatMap((piece) => 'reason' in piece ? [] : [piece.message])

/** How many there are that never stand between values. */
const letters = (bytes: Buffer) => bytes.toString('latin1').match(/[a1xnu]/g)?.length

const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 })
const logs = fc.array(fc.dictionary(fc.string(), fc.jsonValue()))
/** Text that is much like JSON, and bytes that are not. */
const garbage = fc.oneof(
  fc.array(fc.constantFrom('{', '}', '[', ']', '"', '\\', ',', ':', '\n', '\r', ' ', '1', 'a', 'null', '{"logs":[', '{"msg":"x"}', '\ufeff', 'é🙂')).map((parts) => Buffer.from(parts.join(''))),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes))
)

await t.test('JsonCutter', async (t) => {
  await t.test('cuts apart whatever objects were put together, in every way', async (t) => {
    const ways: Array<(logs: object[]) => string> = [
      (logs) => JSON.stringify(logs),
      (logs) => JSON.stringify(logs, null, 2),
      (logs) => logs.map((log) => `${JSON.stringify(log)}\r\n`).join(''),
      (logs) => logs.map((log) => JSON.stringify(log, null, '\t')).join(''),
      (logs) => `\ufeff${logs.map((log) => JSON.stringify(log)).join(', ')}`,
      (logs) => JSON.stringify({ logs }),
      (logs) => JSON.stringify({ logs }, null, 4).repeat(2)
    ]
    for (const [index, way] of ways.entries()) {
      fc.assert(fc.property(logs.filter((logs) => !logs.some((log) => Object.keys(log)[0] === 'logs')), sizes, (logs, sizes) => {
        const expected = index === ways.length - 1 ? [...logs, ...logs] : logs
        t.strictSame(cut(way(logs), sizes).map((piece) => JSON.parse(piece.toString())), JSON.parse(JSON.stringify(expected)))
      }), { numRuns: 60 })
    }
  })

  await t.test('cuts the same however the bytes are chunked, and loses none but what stands between values', async (t) => {
    fc.assert(fc.property(garbage, sizes, (bytes, sizes) => {
      const pieces = cut(bytes)
      t.strictSame(cut(bytes, sizes), pieces)
      t.equal(letters(Buffer.concat(pieces)), letters(bytes))
    }), { numRuns: 1000 })
  })

  await t.test('lets a line that was cut short cost only itself', async (t) => {
    const whole = JSON.stringify({ msg: 'long', list: [1, { a: [true, null] }], text: 'a "quoted" \\ word', o: { p: {} } })
    for (let length = 1; length < whole.length; length++) {
      t.strictSame(messages(`{"msg":"before"}\n${whole.slice(0, length)}\n{"msg":"after"}\n{"msg":"last"}\n`), ['before', 'after', 'last'], whole.slice(0, length))
    }
  })

  const pieces: Record<string, [body: string, pieces: string[]]> = {
    'text up to the end of its line': ['some text {"a":1}\n{"b":2}\nmore', ['some text {"a":1}', '{"b":2}', 'more']],
    'the elements of a list, whatever they are': ['[1,null,{"a":1},[2]]', ['1', 'null', '{"a":1}', '[2]']],
    'what stands beside a list of logs': ['{"logs":[{"a":1}],"more":2}', ['{"a":1}', '"more":2}']],
    'an object whose logs are no list, or not its first field': ['{"logs":{"a":[]}}{"a":1,"logs":[1]}', ['{"logs":{"a":[]}}', '{"a":1,"logs":[1]}']],
    'an object of a list, with a field logs': ['[{"logs":[1]}]', ['{"logs":[1]}']],
    'what closes nothing': [']}\n{"a":1}', [']}', '{"a":1}']],
    'a value that is not ended': ['{"a":1}{"b":[1,', ['{"a":1}', '{"b":[1,']]
  }
  for (const [what, [body, expected]] of Object.entries(pieces)) {
    await t.test(`makes a piece of ${what}`, async (t) => {
      for (const size of [1, 2, 3, 1000]) t.strictSame(texts(cut(body, [size])), expected)
    })
  }

  await t.test('refuses a piece that is too long, and none that is as long as it may be', async (t) => {
    const log = `{"a":"${'x'.repeat(92)}"}`
    for (const size of [1, 7, 1000]) {
      t.equal(cut(`${log}\n[${log}]`, [size], 100).length, 2)
      t.throws(() => cut(`${log}\n[{${log}]`, [size], 99), { message: 'one log must have 99 bytes at most' })
    }
  })

  const hostile: Record<string, (size: number) => string> = {
    braces: (size) => '{'.repeat(size),
    brackets: (size) => '['.repeat(size),
    quotes: (size) => '"'.repeat(size),
    'lines of nothing': (size) => '{\n'.repeat(size / 2),
    backslashes: (size) => `{"${'\\'.repeat(size)}`,
    'one long text': (size) => `{"${'x'.repeat(size)}`,
    'lists of logs': (size) => '{"logs":['.repeat(size / 10)
  }
  for (const [what, body] of Object.entries(hostile)) {
    await t.test(`takes ${what} in linear time, in chunks of one byte each`, async (t) => {
      growsLinearly(t, `cutting ${what}`, { small: 30_000, input: body, work: (body) => cut(body, [1]) })
      growsLinearly(t, `decoding ${what}`, { small: 1000, input: body, work: decode })
    })
  }
})

await t.test('decodeJsonLog throws at nothing', async (t) => {
  fc.assert(fc.property(garbage, (bytes) => {
    for (const piece of decode(bytes)) t.ok('reason' in piece ? piece.source === 'json' && piece.raw !== undefined : typeof piece.message === 'string')
  }), { numRuns: 1000 })
})
