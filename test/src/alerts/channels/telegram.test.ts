import fc from 'fast-check'
import t, { type Test } from 'tap'
import type { AlertMessage } from '../../../../src/alerts/channels/channel.ts'
import { TelegramClient } from '../../../../src/alerts/channels/telegram/client.ts'
import { telegramChannel, type TelegramTarget } from '../../../../src/alerts/channels/telegram/message.ts'
import { FakeTelegram } from '../../../helpers/telegram.ts'

const minute = 60_000
const { signal } = new AbortController()

const message = (differences: Partial<AlertMessage> = {}): AlertMessage => ({
  id: '1731',
  thread: '1',
  number: '#1C3',
  mayRepeat: false,
  kind: 'new',
  title: 'order <*> failed',
  note: null,
  user: 'alice',
  rule: 'new errors',
  process: 'api',
  level: 'error',
  logs: 3,
  first: '2026-11-27T09:30:00.000000Z',
  last: '2026-11-27T09:30:05.000000Z',
  state: null,
  lines: ['order 17 failed', 'order 18 failed'],
  alerts: [],
  heldBack: 0,
  url: null,
  logsUrl: null,
  hasActions: true,
  ...differences
})

/** A fake whose clock stands still, and a channel of a private chat, of a group and of a topic. */
const start = async (t: Test) => {
  let time = Date.parse('2026-11-27T12:00:00Z')
  const telegram = await FakeTelegram.start(t, () => time)
  const ann = telegram.person(11, 'Ann')
  telegram.say(ann, '/start')
  telegram.group(-20, 'Ops')
  telegram.group(-1_000_000_000_021, 'Forum', [5])
  const client = new TelegramClient({ token: telegram.token, apiRoot: `${telegram.root}/` })
  const channelOf = (target: Partial<TelegramTarget>) => telegramChannel(client, { chat: '11', title: 'Ann', linkedBy: '11', ...target })
  const send = async (given: AlertMessage, target: Partial<TelegramTarget> = {}) => {
    time += minute
    return await channelOf(target).send(given, signal)
  }
  return { telegram, client, channelOf, send, pass: (ms: number) => { time += ms } }
}

t.test('an alert in Telegram', async (t) => {
  const { telegram, send, channelOf, pass } = await start(t)
  const last = (id = 11) => telegram.transcript(id).at(-1)!.versions.at(-1)!

  await t.test('says what happened, with the first lines, and buttons', async (t) => {
    const outcome = await send(message())
    t.match(outcome, { kind: 'delivered', messageId: /^\d+$/ })
    t.equal(last().text, [
      'New error #1C3', 'order <*> failed', '3 logs, error, api', '2026-11-27 09:30:00 to 2026-11-27 09:30:05 UTC',
      'alice: new errors', 'order 17 failed', 'order 18 failed'
    ].join('\n'))
    t.strictSame(last().entities.map(({ type }) => type), ['bold', 'hashtag', 'code', 'code', 'code', 'pre', 'pre'])
    t.strictSame(last().buttons.map((row) => row.map(({ text }) => text)), [['Acknowledge', 'Mute 1 h'], ['Show 10 around']])
    for (const { callback_data: data } of last().buttons.flat()) t.match(data, /^[ams]:1c3:[\w-]{16}$/)
    await send(message({ mayRepeat: true, url: 'http://logs.example.com/?v=errors', logsUrl: 'http://logs.example.com/?from=&log=7', state: 'muted by bob', note: 'came 3 h late', logs: 1 }))
    t.match(last().text, /^New error #1C3, may be a repeat\n[^]*\n1 log, error, api\n[^]*\nmuted by bob\ncame 3 h late\n/)
    t.match(last().entities[1], { type: 'text_link', offset: 10, length: 4, url: 'http://logs.example.com/?v=errors' })
    t.match(last().entities.filter(({ type }) => type === 'text_link')[1], { length: 'Logs around'.length, url: 'http://logs.example.com/?from=&log=7' })
  })
  await t.test('shows no logs to groups beyond its lines', async (t) => {
    t.match(await send(message(), { chat: '-20' }), { kind: 'delivered' })
    t.strictSame(last(-20).buttons.flat().map(({ text }) => text), ['Acknowledge', 'Mute 1 h'])
    t.match(await send(message({ hasActions: false }), { chat: '-1000000000021', topic: 5 }), { kind: 'delivered' })
    t.match(telegram.transcript(-1_000_000_000_021), [{ thread: 5, versions: [{ buttons: [] }] }])
  })
  await t.test('is edited in place', async (t) => {
    const sent = await send(message())
    if (sent.kind !== 'delivered' || sent.messageId === null) return t.fail('it was not sent')
    const edit = (logs: number) => channelOf({}).edit!(sent.messageId!, message({ logs }), signal)
    t.match(await edit(17), { kind: 'delivered', messageId: sent.messageId })
    t.match(await edit(17), { kind: 'delivered', messageId: sent.messageId }, 'the same again is no failure')
    t.match(telegram.transcript(11).at(-1)!.versions.map(({ text }) => text), [/\n3 logs/, /\n17 logs/])
    pass(minute)
    t.match(await channelOf({}).edit!('1', message(), signal), { kind: 'notDelivered', then: 'giveUp' })
  })
  await t.test('may be a digest, which says how many alerts it does not show', async (t) => {
    const alerts = Array.from({ length: 40 }, (_, index) => ({ number: `#${index}`, title: `error ${index} `.repeat(20), logs: index, alerts: 1 }))
    await send(message({ kind: 'digest', title: '90 errors', alerts, heldBack: 50, lines: [], hasActions: false }))
    const { text } = last()
    t.ok(text.length <= 700, `${text.length} units`)
    const shown = [...text.matchAll(/^#\d+ \d+ × /gm)].length
    t.ok(shown > 2)
    t.match(text, new RegExp(`\n${90 - shown} more$`))
    await send(message({ kind: 'digest', title: '50 alerts', alerts: [{ number: '#1', title: 'Invalid user … from <*>', logs: 60, alerts: 48 }, { number: '#2', title: 'no disk', logs: 1, alerts: 1 }], heldBack: 1, lines: [] }))
    t.match(last().text, /\n#1 60 × Invalid user … from <\*>, 48 different\n#2 1 × no disk\n1 more$/)
    await send(message({ kind: 'digest', title: 'Invalid user … from <*> (48 different)', alerts: [{ number: '#1', title: 'Invalid user … from <*>', logs: 60, alerts: 48 }], lines: ['Invalid user bob'] }))
    t.equal(last().text.split('Invalid user').length, 3, 'one line of its own says nothing more')
  })
})

/** Texts that markup, clients or parsers could stumble over. */
const hostile = [
  '<b>bold</b> &lt; *bold* [a](http://example.com)', '@all @channel a@example.com', '/stop /start@bot', '#tag $USD +491234567890',
  'https://example.com example.com', '\u202egnp.exe \u2066x\u2069 \u200f', 'a\ud800b\udc00', 'nul \0 bell \x07 esc \x1b[31m', '😀'.repeat(3000),
  'x'.repeat(4097), '\n\n\n', '   ', '', '\r\n\u2028\u2029', '```', 'e\u0301\u030a\u0333'.repeat(400), '👨‍👩‍👧‍👦'
]

t.test('any text is accepted, and stays text', async (t) => {
  const { telegram, send } = await start(t)
  const check = async (given: AlertMessage) => {
    const outcome = await send(given)
    if (outcome.kind !== 'delivered') throw new Error(JSON.stringify(outcome))
    const { text, entities, buttons } = telegram.transcript(11).pop()!.versions[0]!
    if (text.length > 700) throw new Error(`${text.length} units`)
    // The number of the alert leads to its other messages.
    const others = entities.filter(({ type, offset, length }) => !['bold', 'code', 'pre'].includes(type) && text.slice(offset, offset + length) !== '#1C3')
    if (others.length > 0) throw new Error(`clickable: ${JSON.stringify(others)}`)
    if (/[\p{Cc}\u202a-\u202e\u2066-\u2069\u200e\u200f]/u.test(text.replaceAll('\n', ''))) throw new Error('control characters')
    if (buttons.flat().some(({ callback_data: data = '' }) => Buffer.byteLength(data) > 64)) throw new Error('buttons')
  }
  for (const text of hostile) {
    await t.resolves(check(message({ title: text, note: text, process: text, rule: text, user: text, state: text, lines: [text, text] })), text.slice(0, 20))
    const alerts = [{ number: '#1C3', title: text, logs: 1, alerts: 1 }, { number: '#2', title: text, logs: 2, alerts: 7 }]
    await t.resolves(check(message({ kind: 'digest', title: text, alerts, lines: [] })), `a digest of ${text.slice(0, 20)}`)
  }
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }), fc.constantFrom(...hostile), fc.array(fc.constantFrom(...hostile, '😀', '\ud83d', '\n'), { maxLength: 4 }).map((parts) => parts.join(''))
  )
  const given = fc.record({
    title: text, note: fc.option(text), process: fc.option(text), state: fc.option(text), user: text, rule: text, lines: fc.array(text, { maxLength: 24 }), logs: fc.nat(), mayRepeat: fc.boolean()
  })
  await t.resolves(fc.assert(fc.asyncProperty(given, async (differences) => check(message(differences))), { numRuns: 60 }))
})

t.test('what became of a message', async (t) => {
  const { telegram, client, send, pass } = await start(t)
  const outcome = (target: Partial<TelegramTarget> = {}) => send(message(), target)

  for (const [name, expected, meddle] of [
    ['a blocked bot rests', { kind: 'notDelivered', then: 'pause', reason: 'Telegram answered: Forbidden: bot was blocked by the user' }, () => telegram.setState(11, 'blocked')],
    ['a deleted account rests', { kind: 'notDelivered', then: 'pause' }, () => telegram.setState(11, 'away')],
    ['a group without rights is broken', { kind: 'notDelivered', then: 'broken' }, () => telegram.setState(11, 'muted')],
    ['a reset after the request leaves it unknown', { kind: 'unknown', reason: 'Telegram could not be reached: ECONNRESET' }, () => telegram.fail('deliveredThenReset')],
    ['a failure of the server leaves it unknown', { kind: 'unknown', reason: 'Telegram answered 500' }, () => telegram.fail('deliveredThen5xx')],
    ['half an answer leaves it unknown', { kind: 'unknown' }, () => telegram.fail('halfAnswer')],
    ['a bad gateway leaves it unknown', { kind: 'unknown', reason: 'Telegram answered 502' }, () => telegram.fail('badGateway')]
  ] as const) {
    telegram.setState(11, 'ok')
    meddle()
    t.match(await outcome(), expected, name)
  }
  telegram.setState(11, 'ok')
  t.match(await outcome({ chat: '99' }), { kind: 'notDelivered', then: 'broken', reason: /chat not found/ })
  t.match(await outcome({ chat: '-1000000000021', topic: 6 }), { kind: 'notDelivered', then: 'broken', reason: /thread not found/ })
  telegram.migrate(-20, -1_000_000_000_020)
  t.match(await outcome({ chat: '-20' }), { kind: 'notDelivered', then: 'wait', movedTo: '-1000000000020' })
  pass(minute)
  for (let count = 0; count < 3; count++) await client.call('sendMessage', { chat_id: '11', text: 'x', entities: [], link_preview_options: { is_disabled: true } }, { signal })
  pass(-minute)
  t.match(await outcome(), { kind: 'notDelivered', then: 'wait', retryAfterMs: 3000 })

  telegram.fail('neverAnswered')
  const short = await client.call('getMe', {}, { signal, timeoutMs: 50 })
  t.strictSame(short, { kind: 'unknown', reason: 'Telegram could not be reached: TimeoutError' })
  await telegram.refuse()
  pass(minute)
  t.match(await outcome(), { kind: 'notDelivered', then: 'wait', reason: 'Telegram could not be reached: ECONNREFUSED' })
  await telegram.listen()
  t.match(await outcome(), { kind: 'delivered' })
})

t.test('the token is in no reason', async (t) => {
  const { telegram, client } = await start(t)
  const { token } = telegram
  const quoting = await FakeTelegram.start(t)
  const replies = [await client.call('getChat' as 'getMe', {}, { signal }), await client.call('nothing' as 'getMe', {}, { signal })]
  for (const [given, apiRoot] of [
    [`1${token}`, telegram.root], [token.slice(0, 20), telegram.root], [token, 'http://nothing.invalid'], [token, 'http://127.0.0.1:99999'],
    [token, quoting.root.replace('http:', 'https:')]
  ] as const) {
    replies.push(await new TelegramClient({ token: given, apiRoot }).call('getMe', {}, { signal }))
  }
  t.notMatch(JSON.stringify(replies), new RegExp(token.split(':')[1]!.slice(0, 10)))
  t.strictSame(replies.map(({ kind }) => kind), ['refused', 'refused', 'refused', 'refused', 'notWritten', 'unknown', 'notWritten'])
})
