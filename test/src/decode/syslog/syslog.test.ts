import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import { Frames } from '../../../../src/decode/syslog/frames.ts'
import { decodeSyslog } from '../../../../src/decode/syslog/index.ts'
import { severities } from '../../../../src/model/record.ts'
import { countDrops } from '../../../../src/receive/datagrams.ts'
import { root, run } from '../../../helpers/command.ts'
import { growsLinearly } from '../../../helpers/growth.ts'

const arrivedAt = Date.UTC(2026, 10, 23, 6)
const arrival = '2026-11-23 06:00:00.000000'
const decode = (message: string | Buffer, at = arrivedAt) => decodeSyslog({ bytes: Buffer.from(message as string), arrivedAt: at, address: '10.0.0.1' })
/** A time that is local, in UTC. */
const local = (...parts: [year: number, month: number, day: number, hour: number, minute: number, second: number]) => new Date(...parts).toISOString().slice(0, 19).replace('T', ' ')

const winston = JSON.parse(readFileSync(`${root}test/fixtures/winston-syslog.json`, 'utf8'))

await t.test('decodeSyslog', async (t) => {
  const bare = { eventAt: arrival, postTime: arrival, severity: 'info', pid: 0, processName: '-', description: '10.0.0.1' }
  const messages: Record<string, [message: string | Buffer, record: object]> = {
    'RFC 5424 with all fields': ['<165>1 2003-10-11T22:14:15.003Z web1.example.com evntslog 42 ID47 [exampleSDID@32473 iut="3" eventSource="Application"][meta sequenceId="29"] \ufeffAn application event', {
      eventAt: '2003-10-11 22:14:15.003000',
      postTime: arrival,
      severity: 'info',
      message: 'An application event',
      pid: 42,
      processName: 'evntslog',
      description: 'web1.example.com',
      attributes: { facility: 'local4', severity: 'notice', host: 'web1.example.com', msgid: 'ID47', structured_data: { 'exampleSDID@32473': { iut: '3', eventSource: 'Application' }, meta: { sequenceId: '29' } } }
    }],
    'RFC 5424 with nothing but nil values': ['<34>1 - - - - - -', { ...bare, severity: 'critical', message: '', attributes: { facility: 'auth' } }],
    'an offset and six digits': ['<34>1 2003-08-24T05:14:15.000003-07:00 - su - - - x', { eventAt: '2003-08-24 12:14:15.000003', processName: 'su' }],
    'escapes in structured data': ['<14>1 - - - - - [a@1 quote="\\"" backslash="\\\\" bracket="\\]" other="\\n" empty=""] x', { message: 'x', attributes: { structured_data: { 'a@1': { quote: '"', backslash: '\\', bracket: ']', other: '\\n', empty: '' } } } }],
    'a parameter given twice as a list': ['<14>1 - - - - - [origin ip="10.0.0.2" ip="10.0.0.3"]', { message: '', attributes: { structured_data: { origin: { ip: ['10.0.0.2', '10.0.0.3'] } } } }],
    'an SD-ID and a parameter called __proto__ as any others': ['<14>1 - - - - - [__proto__ __proto__="x"] y', { attributes: { structured_data: JSON.parse('{"__proto__": {"__proto__": "x"}}') } }],
    'a procid that is no number as an attribute': ['<14>1 - - app worker.1 - - x', { pid: 0, attributes: { facility: 'user', procid: 'worker.1' } }],
    'a procid that a number would change as an attribute': ['<14>1 - - app 007 - - x', { pid: 0, attributes: { facility: 'user', procid: '007' } }],
    'no structured data, as Heroku sends it': ['<40>1 2012-11-30T06:45:29+00:00 host app web.3 - State changed', { message: 'State changed', processName: 'app', attributes: { facility: 'syslog', severity: 'emerg', host: 'host', procid: 'web.3' } }],
    'broken structured data as text': ['<14>1 - - - - - [a@1 b="c] d', { message: '[a@1 b="c] d', attributes: { facility: 'user' } }],
    'lines and blanks in the text': ['<14>1 - - - - - -  one\n two \n', { message: ' one\n two ' }],
    'a time that is none, kept beside the arrival': ['<14>1 2026-02-30T00:00:00Z - - - - - x', { eventAt: arrival, attributes: { facility: 'user', timestamp: '2026-02-30T00:00:00Z' } }],
    'the time of a clock that was never set, kept beside the arrival': ['<14>1 1970-01-01T00:00:12Z - - - - - x', { eventAt: arrival, attributes: { facility: 'user', timestamp: '1970-01-01T00:00:12Z' } }],
    'winston-syslog, RFC 5424': [winston['udp, RFC 5424'], { eventAt: '2026-11-23 05:36:02.526000', severity: 'error', message: 'failed', pid: 22881, processName: 'shop', description: 'localhost' }],

    'winston-syslog, RFC 3164': [winston['tcp, RFC 3164'], { eventAt: `${local(2026, 10, 23, 5, 36, 2)}.000000`, severity: 'info', message: 'hello', pid: 22881, processName: 'shop', description: 'localhost', attributes: { facility: 'local0', host: 'localhost' } }],
    'RFC 3164 with a day of one digit': ["<34>Oct  1 22:14:15 mymachine su: 'su root' failed", { eventAt: `${local(2026, 9, 1, 22, 14, 15)}.000000`, severity: 'critical', message: "'su root' failed", processName: 'su', pid: 0, attributes: { facility: 'auth', host: 'mymachine' } }],
    'an ISO time, as rsyslog writes it': ['<13>2026-11-23T05:36:02.123456+01:00 web1 shop[12]: text', { eventAt: '2026-11-23 04:36:02.123456', message: 'text', processName: 'shop', pid: 12, description: 'web1' }],
    'no host': ['<13>Nov 23 05:36:02 shop[12]: text', { message: 'text', processName: 'shop', pid: 12, description: '10.0.0.1', attributes: { facility: 'user', severity: 'notice' } }],
    'no host and no pid': ['<13>Nov 23 05:36:02 error: disk full', { message: 'disk full', processName: 'error' }],
    'a host by its IPv6 address': ['<13>Nov 23 05:36:02 fe80::1 shop: text', { message: 'text', processName: 'shop', description: 'fe80::1' }],
    'tags with slashes, dots and brackets': ['<13>Nov 23 05:36:02 web1 postfix/smtpd.x[9]: text: more', { message: 'text: more', processName: 'postfix/smtpd.x', pid: 9 }],
    'a pid that is a name': ['<13>Nov 23 05:36:02 web1 shop[main]: text', { processName: 'shop', pid: 0, attributes: { procid: 'main' } }],
    'a host and a time without a tag': ['<13>Nov 23 05:36:02 last message repeated 3 times', { eventAt: `${local(2026, 10, 23, 5, 36, 2)}.000000`, message: 'last message repeated 3 times', processName: '-' }],
    'a fraction of a second': ['<13>Nov 23 05:36:02.25 web1 shop: text', { eventAt: `${local(2026, 10, 23, 5, 36, 2)}.250000` }],
    'a year, as Cisco\'s firewalls send it': ['<166>Nov 23 2025 05:36:02: %ASA-6-302013: Built', { eventAt: `${local(2025, 10, 23, 5, 36, 2)}.000000`, processName: '%ASA-6-302013', message: 'Built' }],
    'a day that no month has, kept beside the arrival': ['<13>Nov 31 05:36:02 web1 shop: text', { eventAt: arrival, message: 'text', attributes: { timestamp: 'Nov 31 05:36:02' } }],
    'no time, but a tag with a pid': ['<13>shop[12]: text', { eventAt: arrival, message: 'text', processName: 'shop', pid: 12 }],

    'only a priority, as Python sends it': ['<14>Error: disk full\0', { ...bare, message: 'Error: disk full', attributes: { facility: 'user' } }],
    'no priority at all': ['hello: world', { ...bare, message: 'hello: world', attributes: { facility: 'user', severity: 'notice' } }],
    'a priority that there is not': ['<192>1 - - - - - - x', { ...bare, message: '<192>1 - - - - - - x' }],
    'a version that there is not': ['<14>2 - - - - - - x', { ...bare, message: '2 - - - - - - x' }],
    nothing: ['', { ...bare, message: '' }],
    'Latin-1, where it is not UTF-8': [Buffer.from('<14>caf\xe9', 'latin1'), { message: 'café' }]
  }
  for (const [what, [message, record]] of Object.entries(messages)) {
    await t.test(`reads ${what}`, async (t) => t.match(JSON.parse(JSON.stringify(decode(message).record)), record))
  }

  await t.test('gives each priority its level, and keeps which it was', async (t) => {
    const levels = ['critical emerg', 'critical alert', 'critical undefined', 'error undefined', 'warning undefined', 'info notice', 'info undefined', 'debug undefined']
    for (const [number, level] of levels.entries()) {
      const { severity, attributes } = decode(`<${23 * 8 + number}>x`).record
      t.equal(`${severity} ${attributes!.severity}`, level)
      t.equal(attributes!.facility, 'local7')
    }
  })

  await t.test('guesses the year by the arrival, also at the turn of the year', async (t) => {
    for (const [time, at, year] of [
      ['Dec 31 23:59:58', new Date(2027, 0, 1, 0, 0, 1), 2026],
      ['Jan  1 00:00:02', new Date(2026, 11, 31, 23, 59, 59), 2027],
      ['Jun 30 12:00:00', new Date(2026, 6, 1), 2026],
      ['Feb 29 12:00:00', new Date(2028, 2, 1), 2028],
      ['Feb 29 12:00:00', new Date(2029, 0, 1), 2028]
    ] as const) t.equal(decode(`<13>${time} web1 shop: x`, at.getTime()).record.eventAt.slice(0, 4), String(year), time)
  })

  await t.test('takes the time of RFC 3164 for the local time of the process', async (t) => {
    const script = "import { decodeSyslog } from './src/decode/syslog/index.ts'; console.log(decodeSyslog({ bytes: Buffer.from('<13>Nov 23 05:36:02 web1 shop: x'), arrivedAt: Date.now(), address: '' }).record.eventAt.slice(5))"
    const { stdout } = await run(process.execPath, ['--import=tsx', '--input-type=module', '-e', script], { env: { TZ: 'Asia/Tokyo' } })
    t.equal(stdout, '11-22 20:36:02.000000\n')
  })

  await t.test('takes the token out', async (t) => {
    for (const [message, structured] of [
      ['<14>1 - - - - - [loggerbot@32473 token="lb_secret"] x', undefined],
      ['<14>1 - - - - - [loggerbot token="lb_secret"] x', undefined],
      ['<14>1 - - - - - [loggerbot@32473 token="lb_secret" shop="a"][meta sequenceId="1"] x', { 'loggerbot@32473': { shop: 'a' }, meta: { sequenceId: '1' } }],
      ['<14>1 - - - - - [loggerbot@1 token="lb_secret" token="lb_secret2"][loggerbot@2 token="lb_secret3"] x', undefined]
    ] as const) {
      const { token, record } = decode(message)
      t.equal(token, 'lb_secret')
      t.strictSame(record.attributes!.structured_data, structured)
      t.notMatch(JSON.stringify(record), 'lb_secret')
    }
    t.equal(decode('<14>1 - - - - - [other@1 token="x"] y').token, undefined)
  })

  const element = fc.tuple(fc.stringMatching(/^[a-z]{1,9}@[1-9]\d{0,4}$/).filter((id) => !id.startsWith('loggerbot')), fc.dictionary(fc.stringMatching(/^[!#-<>-\\^-~]{1,32}$/), fc.string({ unit: 'grapheme' })))
  const escaped = (value: string) => value.replaceAll(/["\\\]]/g, '\\$&')

  await t.test('reads every structured data and text that RFC 5424 allows', async () => {
    fc.assert(fc.property(fc.uniqueArray(element, { minLength: 1, maxLength: 4, selector: ([id]) => id }), fc.string({ unit: 'grapheme' }).filter((text) => !/^\ufeff|[\n\0]$/.test(text)), (elements, text) => {
      const written = elements.map(([id, parameters]) => `[${id}${Object.entries(parameters).map(([name, value]) => ` ${name}="${escaped(value)}"`).join('')}]`).join('')
      const { message, attributes } = decode(`<14>1 - host app 1 id ${written} ${text}`).record
      assert.equal(message, text)
      assert.equal(JSON.stringify(attributes!.structured_data), JSON.stringify(Object.fromEntries(elements)))
    }), { numRuns: 300 })
  })

  await t.test('makes a log of whatever bytes there are', async () => {
    const piece = fc.constantFrom('<13>', '<191>', '1 ', '- ', '2026-11-23T05:36:02Z ', 'Nov 23 05:36:02 ', 'host ', 'tag[1]: ', '[', ']', 'a@1', ' b="', '"', '\\', '\ufeff', '\n', '\0', 'loggerbot token="lb_x"', ' ')
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)), fc.array(fc.oneof(piece, fc.string()), { maxLength: 20 }).map((parts) => Buffer.from(parts.join(''))))
    fc.assert(fc.property(bytes, (bytes) => {
      const { eventAt, severity, message, pid, attributes } = decode(bytes).record
      return /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/.test(eventAt) && severities.includes(severity) && message.length <= bytes.length &&
        Number.isSafeInteger(pid) && pid >= 0 && JSON.stringify(attributes).length < 1000 + 10 * bytes.length
    }), { numRuns: 3000 })
  })

  const hostile: Record<string, (bytes: number) => string> = {
    quotes: (bytes) => `[a@1 b="${'\\"'.repeat(bytes / 2)}`,
    backslashes: (bytes) => `[a@1 b="${'\\'.repeat(bytes)}`,
    elements: (bytes) => '[a@1]'.repeat(bytes / 5),
    parameters: (bytes) => `[a@1${' b="c"'.repeat(bytes / 6)}`,
    colons: (bytes) => ':'.repeat(bytes),
    blanks: (bytes) => ' '.repeat(bytes)
  }
  for (const [what, text] of Object.entries(hostile)) {
    await t.test(`reads megabytes of ${what} in linear time`, async (t) => {
      for (const header of ['<14>1 - - - - - ', '<14>Nov 23 05:36:02 ']) {
        growsLinearly(t, `${what} after ${header}`, { small: 400_000, input: (bytes) => header + text(bytes), work: decode })
      }
    })
  }
})

await t.test('Frames', async (t) => {
  const cut = (stream: Buffer, sizes: readonly number[], limit = 1000) => {
    const frames = new Frames(limit)
    const messages: string[] = []
    const pieces = []
    for (let at = 0, turn = 0; at < stream.length; turn++) {
      const size = sizes[turn % sizes.length]!
      pieces.push(stream.subarray(at, at + size))
      at += size
    }
    for (const piece of pieces) messages.push(...frames.push(piece).map((bytes) => bytes.toString('latin1')))
    const { messages: last, cut } = frames.end()
    return { messages: [...messages, ...last.map((bytes) => bytes.toString('latin1'))], tooLong: frames.tooLong, skipped: frames.skipped, cut }
  }

  await t.test('gives back the messages, however they are framed and wherever the stream is cut', async () => {
    const message = fc.uint8Array({ maxLength: 60 }).map((array) => `<${Buffer.from(array).toString('latin1')}`)
    const framed = fc.oneof(
      message.map((text) => [`${text.length} ${text}`, text] as const),
      fc.tuple(message.map((text) => text.replaceAll(/[\n\0\r]/g, '')), fc.constantFrom('\n', '\r\n', '\0', '\n\n')).map(([text, end]) => [text + end, text] as const)
    )
    fc.assert(fc.property(fc.array(framed, { maxLength: 12 }), fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (all, sizes) => {
      assert.deepEqual(cut(Buffer.from(all.map(([bytes]) => bytes).join(''), 'latin1'), sizes), { messages: all.map(([, text]) => text), tooLong: false, skipped: 0, cut: false })
    }), { numRuns: 500 })
  })

  await t.test('takes no number in a line for a count', async (t) => {
    t.strictSame(cut(Buffer.from('404 not found\n12\n123456789 <x\n2026-11-23 x\n'), [1]).messages, ['404 not found', '12', '123456789 <x', '2026-11-23 x'])
  })

  await t.test('gives a last line without an end, but no half of a counted message', async (t) => {
    t.match(cut(Buffer.from('<1>a\n<2>b'), [3]), { messages: ['<1>a', '<2>b'], cut: false })
    t.match(cut(Buffer.from('<1>a\n9 <2>b'), [3]), { messages: ['<1>a'], cut: true })
  })

  await t.test('stops at a line over the limit, and gives what came before', async (t) => {
    for (const size of [1, 7, 10_000]) {
      t.match(cut(Buffer.from(`<1>before\n<1>${'x'.repeat(98)}\n<1>after\n`), [size], 100), { messages: ['<1>before'], tooLong: true })
    }
    for (const longest of [`<1>${'x'.repeat(97)}\n`, `100 <1>${'x'.repeat(97)}`]) t.match(cut(Buffer.from(longest), [9], 100), { messages: { length: 1 }, tooLong: false })
  })

  await t.test('skips a message whose count is over the limit, right or wrong, and no other', async (t) => {
    for (const size of [1, 7, 10_000]) {
      for (const long of [`101 <1>${'x'.repeat(98)}`, `300 <1>${'x'.repeat(98)}\n`, '99999999 <1>long\n', '99999999 <1>long9 <1>second']) {
        const { messages, tooLong, skipped } = cut(Buffer.from(`<1>before\n${long}<1>after\n8 <1>third`), [size], 100)
        t.strictSame(messages.filter((message) => message !== '<1>second'), ['<1>before', '<1>after', '<1>third'], `${long} in pieces of ${size}`)
        t.strictSame({ tooLong, skipped }, { tooLong: false, skipped: 1 })
      }
    }
  })

  const counted = (text: string, by = 0) => `${text.length + by} ${text}`
  const wrong: Record<string, (by: number) => string> = {
    'in a row': (by) => `${counted('<13>1 - h a - - - first')}${counted('<13>1 - h a - - - wrong', by)}${counted('<13>1 - h a - - - third')}${counted('<13>1 - h a - - - last of all')}`,
    'with a line\'s end behind each': (by) => `${counted('<13>first')}\n${counted('<13>wrong', by)}\n${counted('<13>third')}\n${counted('<13>last of all')}\n`,
    'with lines in between': (by) => `<13>first\n${counted('<13>wrong', by)}\n<13>third\n<13>last of all\n`,
    'with lines in a message': (by) => `${counted('<13>first')}${counted('<13>wrong\n at x\n at y', by)}${counted('<13>third')}${counted('<13>last of all')}`
  }
  for (const [how, stream] of Object.entries(wrong)) {
    await t.test(`loses at most the message whose count is wrong, ${how}`, async (t) => {
      for (const by of [-9, -3, -1, 1, 2, 3, 5, 8, 500]) {
        for (const size of [1, 3, 10, 10_000]) {
          const { messages, tooLong } = cut(Buffer.from(stream(by)), [size])
          // Where a piece ends within a message whose count was too small, the one behind it may suffer, too.
          const expected = size === 10_000 ? ['<13>first', '<13>third', '<13>last of all'] : ['<13>first', '<13>last of all']
          const bare = messages.map((message) => message.replace('1 - h a - - - ', ''))
          t.strictSame(bare.filter((message) => expected.includes(message)), expected, `${by} more, in pieces of ${size}: ${messages.join('|')}`)
          t.equal(tooLong, false)
        }
      }
    })
  }

  await t.test('gives what follows a wrong count while the stream is open', async (t) => {
    const frames = new Frames(1000)
    t.strictSame(frames.push(Buffer.from(`${counted('<13>wrong', 500)}${counted('<13>second')}${counted('<13>third')}`)).map(String), ['<13>wrong', '<13>second', '<13>third'])
  })

  await t.test('keeps a message with messages in it whole', async (t) => {
    const outer = `<13>relayed:\n${counted('<14>inner')}\n<14>another\n`
    t.strictSame(cut(Buffer.from(counted(outer) + counted('<13>next')), [5]).messages, [outer, '<13>next'])
  })

  await t.test('holds twice the limit at most, whatever comes', async () => {
    fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 100 }), (pieces) => {
      const frames = new Frames(100)
      return pieces.every((piece) => {
        frames.push(Buffer.from(piece))
        return frames.bytes <= 2 * 100 + 40
      })
    }))
  })

  const streams: Record<string, { piece: string, size: number, pieces: number }> = {
    'a line in pieces of one byte': { piece: 'x', size: 1, pieces: 50_000 },
    'counts that are too small': { piece: '1 <13>', size: 6, pieces: 5_000 },
    'counts that are too large': { piece: '9000000 <13>', size: 12, pieces: 10_000 },
    'large counts in small pieces': { piece: '20000 <13>', size: 3, pieces: 10_000 },
    'brackets behind a wrong count': { piece: '<', size: 10, pieces: 20_000 },
    'counts over the limit': { piece: '99999999 <13>', size: 13, pieces: 5_000 }
  }
  for (const [what, { piece, size, pieces }] of Object.entries(streams)) {
    await t.test(`reads ${what} in linear time`, async (t) => {
      growsLinearly(t, what, {
        small: pieces,
        input: (count) => Buffer.from(`5 <13>xxx${piece.repeat(count)}`),
        work (stream) {
          const frames = new Frames(2 ** 24)
          for (let at = 0; at < stream.length; at += size) frames.push(stream.subarray(at, at + size))
        }
      })
    })
  }
})

await t.test('countDrops finds the drops of the sockets on a port', async (t) => {
  const table = `   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  338: 0100007F:158A 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 51205 2 0000000000000000 17
  350: 00000000:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 51206 2 0000000000000000 4
`
  t.equal(countDrops(5514, table), 17)
  t.equal(countDrops(53, table), 4)
  t.equal(countDrops(514, table), 0)
})
