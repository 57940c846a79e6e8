import fc from 'fast-check'
import { RE2JS } from 're2js'
import t from 'tap'
import { matcherOf } from '../../../src/query/matcher.js'
import { Matching, MatchingTooSlow } from '../../../src/search/matching.ts'
import { parseFilter } from '../../../src/query/parse.ts'
import { newRecord } from '../../../src/model/new-record.ts'
import type { LogRecord } from '../../../src/model/record.ts'
import { fold, messagePiece } from '../../../src/text/fold.js'
import { wordsTest } from '../../../src/text/patterns.js'
import { regexWeight } from '../../../src/text/regex-weight.js'
import { databases } from '../../helpers/databases.ts'
import { followTail } from '../../helpers/events.ts'
import { growsLinearly } from '../../helpers/growth.ts'
import { http } from '../../helpers/http.ts'
import { basic, createUser, log, send, startService, type TestService } from '../../helpers/service.ts'

const record = (message: string): LogRecord => newRecord({ message, processName: 'test' })

/** Reference implementation of patterns: tries every position. */
function holdsSlowly (pattern: readonly string[], text: string): boolean {
  // In a script without spaces, a letter does not join words.
  const isWord = (character: string | undefined) => character !== undefined && /[\p{L}\p{M}\p{N}_]/u.test(character) && !/[漢かก]/.test(character)
  const characters = Array.from(fold(pattern.every((piece) => /^\p{ASCII}*$/u.test(piece)) ? text : text.normalize('NFC')).replaceAll(/ +/g, pattern.some((piece) => piece.includes(' ')) ? ' ' : '$&'))
  const pieces = pattern.map((piece) => Array.from(piece))
  const standsAt = (piece: readonly string[], at: number) => piece.every((character, index) => characters[at + index] === character)

  function restHolds (index: number, from: number): boolean {
    const piece = pieces[index]!
    for (let at = from; at + piece.length <= characters.length; at++) {
      const end = at + piece.length
      if (!standsAt(piece, at)) continue
      if (index === 0 && isWord(piece[0]) && isWord(characters[at - 1])) continue
      const isLast = index === pieces.length - 1
      if (isLast && isWord(piece.at(-1)) && isWord(characters[end])) continue
      if (isLast || restHolds(index + 1, end)) return true
    }
    return false
  }
  return restHolds(0, 0)
}

t.test('a pattern holds where its pieces follow each other, no word cut at a closed end', async (t) => {
  const unit = fc.constantFrom('a', 'b', 'ж', 'É', ' ', '-', '😀', '𐐷', '\u0301', '漢', 'か', 'ก')
  const piece = fc.oneof(fc.string({ unit, maxLength: 3 }), fc.constant('ab'.repeat(20)), fc.constant('a'.repeat(33)))
  const text = fc.array(fc.oneof({ weight: 4, arbitrary: fc.string({ unit, maxLength: 12 }) }, { weight: 1, arbitrary: piece }), { maxLength: 6 }).map((parts) => parts.join(''))
  fc.assert(fc.property(fc.array(piece.map(messagePiece), { minLength: 1, maxLength: 4 }), text, (pattern, text) => wordsTest(pattern)(text) === holdsSlowly(pattern, text)), { numRuns: 5000 })
  t.pass()
})

const hard = { 'a*a*a*a*b': 'a ', [`"${'a'.repeat(300)}b"`]: 'a', [`"${'a'.repeat(300)}"`]: 'aa', '*a*a*a*b*': 'a', 'process:a*a*a*b': 'a', [`${'a*'.repeat(1000)}b`]: 'a ' }

t.test('testing a log takes time in proportion to its length', async (t) => {
  for (const [query, part] of Object.entries(hard)) {
    const matches = matcherOf(parseFilter(query))
    growsLinearly(t, query.slice(0, 30), { small: 20_000, input: (size) => record(part.repeat(size)), work: (record) => { matches(record, 'al') } })
  }
})

const growing: Record<string, (size: number) => string> = {
  brackets: (size) => `${'('.repeat(50)}a${')'.repeat(50)} `.repeat(size / 102),
  'words with *': (size) => 'a*'.repeat(size / 2),
  'halves of an expression': (size) => '/ab '.repeat(size / 4),
  'escaped characters': (size) => '\\a'.repeat(size / 2),
  'a quotation that does not end': (size) => `"${'a'.repeat(size)}`,
  'a list of values': (size) => `a:(${'b '.repeat(Math.min(size / 2, 250))})`
}

t.test('reading a query takes time in proportion to its length', async (t) => {
  for (const [what, queryOf] of Object.entries(growing)) {
    growsLinearly(t, what, {
      small: 400,
      input: queryOf,
      work (query) {
        try {
          parseFilter(query)
        } catch {}
      }
    })
  }
})

t.test('a large query is refused with the rule', async (t) => {
  const refused: Record<string, [query: string, rule: RegExp]> = {
    'a thousand words': ['a '.repeat(1000), /256 conditions at most/],
    'a thousand values': [`a:(${'b '.repeat(1000)})`, /256 conditions at most/],
    'eight hundred alternatives': [Array.from({ length: 800 }, () => 'a').join(' OR '), /256 conditions at most/],
    'repetitions in a row': [`/${'a{1000}'.repeat(500)}/`, /regular expressions are too large/],
    'repetitions of groups': ['/((a?){30}){30}{30}/', /regular expressions are too large/],
    'repetitions after a quotation': ['/(a{90})\\Q\\E{90}/', /regular expressions are too large/],
    'many expressions': ['/a{200}/ '.repeat(10), /regular expressions are too large/],
    'many classes': [`/${'\\pL'.repeat(300)}/`, /regular expressions are too large/],
    'many ranges': [`/${'[\u0500-\u1fff]'.repeat(100)}/`, /regular expressions are too large/]
  }
  for (const [what, [query, message]] of Object.entries(refused)) t.throws(() => parseFilter(query), { statusCode: 400, message }, what)
  t.doesNotThrow(() => parseFilter('/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/'))
  t.doesNotThrow(() => parseFilter('/(?:\\d{1,3}\\.){3}\\d{1,3}/'))
  t.doesNotThrow(() => parseFilter('/a{1000}/'))
})

t.test('an expression weighs at least half of what it is compiled to', async (t) => {
  const atom = fc.constantFrom('a', '.', '\\d', '[ab]', '(', ')', '(?:', '|', '?', '*', '{2}', '{3,5}', '{9,}', '\\Q', '\\E', '[)]', '\\)', ']')
  fc.assert(fc.property(fc.array(atom, { maxLength: 14 }).map((atoms) => atoms.join('')), (source) => {
    let size: number
    try {
      size = RE2JS.compile(source, RE2JS.CASE_INSENSITIVE).programSize()
    } catch {
      return true
    }
    return size <= 4 * regexWeight(source) + 8
  }), { numRuns: 3000 })
  t.pass()
})

/** A query and a message that take a thread some seconds, although linear: nearly every state occurs once. */
const slowQuery = '/a[ab]{900}[cd]/'
const slowMessage = pseudorandom(1_500_000)

function pseudorandom (length: number): string {
  let state = 1
  return Array.from({ length }, () => {
    state = Math.imul(state, 1_664_525) + 1_013_904_223 >>> 0
    return state >>> 31 === 0 ? 'a' : 'b'
  }).join('')
}

t.test('a test that takes too long ends with its budget, and other tests continue', async (t) => {
  const matching = new Matching(2)
  t.teardown(() => matching.close())
  const select = (query: string, message: string, budgetMs: number) => matching.select({ filter: parseFilter(query), logs: [record(message)], nameOf: () => 'al', caller: 'al', budgetMs }, AbortSignal.timeout(600_000))
  t.ok(await select(slowQuery, slowMessage, 100).catch((error) => error) instanceof MatchingTooSlow)
  t.match(await select('/a.c/', 'abc', 60_000), { found: { length: 1 } })
  await t.rejects(matching.select({ filter: parseFilter(slowQuery), logs: [record(slowMessage)], nameOf: () => 'al' }, AbortSignal.timeout(100)), { name: 'TimeoutError' })
})

async function find (service: TestService, query: string, user = 'alice'): Promise<string[]> {
  const { status, body } = await http(service.port, 'GET', `/api/logs?${new URLSearchParams({ query, limit: '1000', order: 'oldest' })}`, basic(user))
  if (status !== 200) throw new Error(`${query}: ${status} ${body}`)
  return JSON.parse(body).logs.map(({ message }: { message: string }) => message)
}

/** Expressions that PCRE or ICU read differently, or reject. */
const expressions = [
  '/(x+x+)+y/', '/\\Q$\\E/', '/\\Qa$\\E/', '/^\\p{Lu}$/', '/[[:digit:]$]+!$/', '/[]$]x?$/', '/[[:alpha:]]$/', '/^[[:word:]]$/', '/^[^\\D]$/', '/^[^\\W]$/',
  '/(?P<n>x)y/', '/^\\pL/', '/(?U)a+/', '/^.$/', '/a.b/', '/^b$/', '/(?m)^b$/', '/[a&&b]&/', '/[+--]/', '/[[a]]/', '/\\bж/', '/$/', '/a$/', '/s/', '/k/', '/(?-i)K/', '/\\z/', '/x{2,3}y/', '/Fehler|Ошибка/', '/fa.led/'
]
const messages = [
  `${'x'.repeat(40)} xxy`, 'x'.repeat(400), '$', 'a$', 'é', 'É', 'Ж', 'ж', '٣', '5!', '$!', ']', ']x', 'x\n', 'a', 'a\n', 'a\r', 'b\r', 'a\r\nb', 'a\nb', 'a\x85b', 'a\u2028b', '\r', '\x85', '\u2028', '&', 'a&', 'a-', 'a]', '_', 'K', 'K', 'ſ', 'Ошибка', 'failed', 'xxy', 'Ж5', '\u{1f600}'
]

for (const database of databases) {
  t.test(`matching on ${database.name}`, async (t) => {
    const service = await startService(t, database)
    const tokens = { alice: await createUser(service, 'alice'), bob: await createUser(service, 'bob') }
    await send(service, 'alice', tokens.alice, messages.map((msg, index) => log({ msg, event_at: `2026-01-01T00:00:${String(index).padStart(2, '0')}Z`, note: msg })))

    await t.test('RE2 decides on expressions, in messages and attributes, in searches and counts', async (t) => {
      for (const query of expressions) {
        const matches = matcherOf(parseFilter(query))
        const expected = messages.filter((message) => matches(record(message), 'alice'))
        t.strictSame(await find(service, query), expected, query)
        t.strictSame(await find(service, `note:${query}`), expected, `note:${query}`)
        t.strictSame(await find(service, `NOT ${query}`), messages.filter((message) => !expected.includes(message)), `NOT ${query}`)
        const { body } = await http(service.port, 'GET', `/api/logs/values?${new URLSearchParams({ query, field: 'level' })}`, basic('alice'))
        const { values, complete } = JSON.parse(body)
        t.strictSame({ values, complete }, { values: expected.length === 0 ? [] : [{ value: 'error', count: expected.length }], complete: true }, `counts ${query}`)
      }
    })

    await t.test('pages through what an expression finds, each log once', async (t) => {
      const all = await find(service, '/[a-z]/')
      const found: string[] = []
      for (let cursor: string | undefined, more = true; more;) {
        const { body } = await http(service.port, 'GET', `/api/logs?${new URLSearchParams({ query: '/[a-z]/', limit: '3', order: 'oldest', ...cursor && { cursor } })}`, basic('alice'))
        const page = JSON.parse(body)
        found.push(...page.logs.map(({ message }: { message: string }) => message))
        cursor = page.cursor
        more = cursor !== undefined
      }
      t.strictSame(found, all)
    })

    await t.test('large and small numbers compare and print alike', async (t) => {
      const numbers = [100000000000000000000, 1e21, 1e-7, 2 ** 64, 0.1, 503, 1.5e300]
      await send(service, 'bob', tokens.bob, numbers.map((big, index) => log({ msg: `number ${index}`, event_at: `2026-01-02T00:00:0${index}Z`, big })))
      for (const [index, number] of numbers.entries()) {
        t.strictSame(await find(service, `big:${number}`, 'bob'), [`number ${index}`], `big:${number}`)
        // Of larger whole numbers the digits are kept, as a text: it is compared as a number all the same.
        t.strictSame(await find(service, `big:[${number} TO ${number}]`, 'bob'), [`number ${index}`], `big:[${number} TO ${number}]`)
      }
      t.strictSame(await find(service, 'big:1e20', 'bob'), [], 'a text is compared')
      t.strictSame(await find(service, 'big:1*', 'bob'), numbers.flatMap((number, index) => String(number).startsWith('1') ? [`number ${index}`] : []))
      const { body } = await http(service.port, 'GET', '/api/logs/values?field=big', basic('bob'))
      t.strictSame(JSON.parse(body).values.map(({ value }: { value: string }) => value).sort(), numbers.map(String).sort())
    })

    await t.test('counts by a field whose value is __proto__', async (t) => {
      await send(service, 'bob', tokens.bob, ['__proto__', 'constructor', 'toString'].map((kind) => log({ msg: 'odd', kind, event_at: '2026-01-03T00:00:00Z' })))
      const { body } = await http(service.port, 'GET', '/api/logs/histogram?from=2026-01-03&to=2026-01-04&interval=1d&by=kind', basic('bob'))
      t.strictSame(Object.entries(JSON.parse(body).buckets[0].by).sort(), [['__proto__', 1], ['constructor', 1], ['toString', 1]])
    })

    await t.test('refuses what is out of range', async (t) => {
      const cursor = (text: string) => Buffer.from(text).toString('base64url')
      for (const path of [
        'histogram?interval=999999w', 'histogram?interval=99999999999d', 'histogram?from=-999999999w',
        ...['2026-13-01 00:00:00.000000', '2026-02-30 00:00:00.000000', '2026-01-01 25:00:00.000000', '0999-01-01 00:00:00.000000', '2026-01-01 00:00:00.000000,99999999999999999999,1', '2026-01-01 00:00:00.000000,1,9999999999'].map((text) => `?cursor=${cursor(text)}`),
        `?cursor=${cursor('2026-01-01 00:00:00.000000')}!`,
        `?query=${'a+'.repeat(2047)}`
      ]) {
        const { status, body } = await http(service.port, 'GET', `/api/logs${path.startsWith('?') ? '' : '/'}${path}`, basic('bob'))
        t.equal(status, 400, `${path.slice(0, 60)}: ${body}`)
      }
      for (const query of [`${'('.repeat(64)}a${')'.repeat(64)}`, 'a '.repeat(256), 'a*'.repeat(2000), Array.from({ length: 250 }, (_, index) => `NOT (a${index})`).join(' ')]) {
        t.equal((await http(service.port, 'GET', `/api/logs?${new URLSearchParams({ query })}`, basic('bob'))).status, 200, query.slice(0, 20))
      }
    })

    await t.test('a tail tests expressions in a thread, and ends if that takes too long', async (t) => {
      const quick = await followTail(t, service, basic('alice'), '/wanted \\d$/ OR a*a*a*a*c')
      const slow = await followTail(t, service, basic('alice'), slowQuery)
      await send(service, 'alice', tokens.alice, ['wanted 1', 'unwanted', 'wanted x', 'a '.repeat(20_000), slowMessage, 'wanted 2'].map((msg) => log({ msg })))
      await slow.until('the slow tail ends', () => slow.events.some(({ event }) => event === 'ended'))
      t.match(slow.events.at(-1), { event: 'ended', retry: '60000', data: /takes too long/ })
      const heard = () => quick.events.filter(({ event }) => event === 'log').map(({ data }) => JSON.parse(data!).message)
      await quick.until('the other goes on', () => heard().length === 2)
      t.strictSame(heard(), ['wanted 1', 'wanted 2'])
    })
  })

  t.test(`long searches on ${database.name} end with their time, and delay no other search, login or log`, async (t) => {
    const service = await startService(t, database, { settings: { LOGGER_SEARCH_TIMEOUT: '5000' } })
    const token = await createUser(service, 'alice')
    await createUser(service, 'bob')
    await send(service, 'alice', token, [log({ msg: 'failed', event_at: '2026-01-01T00:00:00Z' })])
    await send(service, 'alice', token, [log({ msg: slowMessage.repeat(3) })])
    let answered = 0
    const slow = Array.from({ length: 5 }, async () => {
      const { status, body } = await http(service.port, 'GET', `/api/logs?${new URLSearchParams({ query: slowQuery })}`, basic('alice'))
      answered++
      return status === 422 || JSON.parse(body).complete === false
    })
    t.strictSame(await find(service, 'nothing', 'bob'), [])
    await send(service, 'carol', await createUser(service, 'carol'), [log({ msg: 'of carol' })])
    t.strictSame(await find(service, 'carol', 'carol'), ['of carol'])
    t.ok(answered < 5, 'all of it during the long searches')
    t.strictSame(await Promise.all(slow), Array(5).fill(true), 'each answers that its time was over')
    t.strictSame(await find(service, 'failed'), ['failed'])
  })
}
