import t from 'tap'
import { FakeTelegram } from './telegram.ts'
import { until } from './until.ts'

const minute = 60_000

const call = async (telegram: FakeTelegram, method: string, parameters: object = {}, token = telegram.token) => {
  const body = JSON.stringify(parameters)
  const answer = await fetch(`${telegram.root}/bot${token}/${method}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  return await answer.json() as any
}

const clock = () => {
  let time = Date.parse('2026-11-27T12:00:00Z')
  return { now: () => time, pass: (ms: number) => { time += ms } }
}

/** A fake whose time stands still, and a person who started the bot. */
const start = async (t: Parameters<typeof FakeTelegram.start>[0]) => {
  const { now, pass } = clock()
  const telegram = await FakeTelegram.start(t, now)
  const ann = telegram.person(11, 'Ann', 'ann_smith')
  telegram.say(ann, '/start')
  const send = async (text: string, more: object = {}) => {
    pass(minute)
    return await call(telegram, 'sendMessage', { chat_id: ann.id, text, ...more })
  }
  return { telegram, pass, ann, send }
}

t.test('the fake of Telegram takes JSON, forms and multipart, for its token alone', async (t) => {
  const { telegram, ann } = await start(t)
  t.match(await call(telegram, 'getMe'), { ok: true, result: { is_bot: true, username: 'logger_test_bot' } })
  t.match(await call(telegram, 'getMe', {}, 'nonsense'), { ok: false, error_code: 404, description: 'Not Found' })
  t.match(await call(telegram, 'getMe', {}, telegram.token.replace('AA', 'BB')), { ok: false, error_code: 401, description: 'Unauthorized' })
  t.match(await call(telegram, 'sendPigeon'), { error_code: 404 })
  const form = new FormData()
  form.set('chat_id', String(ann.id))
  form.set('text', 'by multipart')
  for (const body of [new URLSearchParams({ chat_id: String(ann.id), text: 'by form' }), form]) {
    const answer = await fetch(`${telegram.root}/bot${telegram.token}/sendMessage`, { method: 'POST', body })
    t.equal(answer.status, 200)
  }
  t.strictSame(telegram.texts(ann.id), ['by form', 'by multipart'])
  const broken = await fetch(`${telegram.root}/bot${telegram.token}/sendMessage`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{' })
  t.match(await broken.json(), { error_code: 400, description: "Bad Request: can't parse JSON object" })
})

t.test('the fake of Telegram parses texts', async (t) => {
  const { telegram, ann, send } = await start(t)
  const description = async (text: string, more?: object) => (await send(text, more)).description
  const entities = async (text: string, more?: object) => (await send(text, more)).result.entities?.map(({ type, offset, length }: any) => [type, offset, length])

  await t.test('as HTML', async (t) => {
    const html = { parse_mode: 'HTML' }
    t.match((await send('a &lt;b&gt; &amp; <b>bold</b>', html)).result, { text: 'a <b> & bold', entities: [{ type: 'bold', offset: 8, length: 4 }] })
    t.strictSame(await entities('<pre>a <b>b</b></pre>', html), [['pre', 0, 3], ['bold', 2, 1]])
    t.equal(await description('<b>x', html), 'Bad Request: can\'t parse entities: Can\'t find end tag corresponding to start tag "b"')
    t.equal(await description('é<h1>x</h1>', html), 'Bad Request: can\'t parse entities: Unsupported start tag "h1" at byte offset 2')
    t.equal(await description('x</b>', html), "Bad Request: can't parse entities: Unexpected end tag at byte offset 1")
    t.equal(await description('<b>x</i>', html), 'Bad Request: can\'t parse entities: Unmatched end tag at byte offset 4, expected "</b>", found "</i>"')
    t.equal(await description('a < b', html), "Bad Request: can't parse entities: Unclosed start tag at byte offset 2")
  })
  await t.test('as MarkdownV2', async (t) => {
    const markdown = { parse_mode: 'MarkdownV2' }
    t.strictSame(await entities('*bold* _it_ `x` [a](https://example.com)', markdown), [['bold', 0, 4], ['italic', 5, 2], ['code', 8, 1], ['text_link', 10, 1]])
    t.equal((await send('1\\.5', markdown)).result.text, '1.5')
    t.equal(await description('1.5', markdown), "Bad Request: can't parse entities: Character '.' is reserved and must be escaped with the preceding '\\'")
    t.equal(await description('a *b', markdown), "Bad Request: can't parse entities: Can't find end of Bold entity at byte offset 2")
    t.equal(await description('x', { parse_mode: 'Rich' }), 'Bad Request: unsupported parse_mode')
  })
  await t.test('with entities', async (t) => {
    const entity = (offset: number, length: number, type = 'pre') => ({ entities: [{ type, offset, length }] })
    t.strictSame(await entities('some code', entity(5, 4)), [['pre', 5, 4]])
    t.equal(await description('ab', entity(1, 2)), 'Bad Request: entity beginning at UTF-16 offset 1 ends after the end of the text at UTF-16 offset 3')
    t.match(await description('a😀', entity(2, 1)), /begins in a middle of a UTF-16 symbol/)
    t.match(await description('a😀', entity(0, 2)), /ends in a middle of a UTF-16 symbol/)
    t.match(await description('ab', entity(-1, 2)), /incorrect offset -1/)
    t.match(await description('ab', entity(0, 2, 'blink')), /unsupported type/)
  })
  await t.test('and makes clickable what is not code', async (t) => {
    t.strictSame((await entities('@channel /stop #tag https://example.com a@example.com'))?.map(([type]: [string]) => type), ['mention', 'bot_command', 'hashtag', 'url', 'email'])
    t.strictSame(await entities('@channel /stop', { entities: [{ type: 'pre', offset: 0, length: 14 }] }), [['pre', 0, 14]])
  })
  await t.test('of 4,096 characters at most, after they are parsed, and not empty', async (t) => {
    t.equal((await send('x'.repeat(4096))).ok, true)
    t.equal((await send(`<b>${'&amp;'.repeat(4096)}</b>`, { parse_mode: 'HTML' })).ok, true)
    t.equal(await description('x'.repeat(4097)), 'Bad Request: message is too long')
    t.equal(await description(''), 'Bad Request: message text is empty')
    t.equal(await description(' \n\0 '), 'Bad Request: message text is empty')
    t.equal(await description('a\ud800'), 'Bad Request: strings must be encoded in UTF-8')
    t.match((await send('a\rb\u202ec\0d', { entities: [{ type: 'code', offset: 3, length: 4 }] })).result, { text: 'abc d', entities: [{ offset: 2, length: 3 }] })
  })
  await t.test('with buttons', async (t) => {
    const buttons = (...row: object[]) => ({ reply_markup: { inline_keyboard: [row] } })
    t.match((await send('x', buttons({ text: 'Go', callback_data: 'x'.repeat(64) }))).result, { reply_markup: { inline_keyboard: [[{ text: 'Go' }]] } })
    t.equal(await description('x', buttons({ text: 'Go', callback_data: 'é'.repeat(33) })), 'Bad Request: BUTTON_DATA_INVALID')
    t.equal(await description('x', buttons({ text: 'Go', callback_data: '' })), 'Bad Request: BUTTON_DATA_INVALID')
    t.match(await description('x', buttons({ text: 'Go' })), /text buttons are unallowed/)
    t.match(await description('x', buttons({ text: 'Go', url: 'http://localhost:5000/' })), /Wrong HTTP URL/)
  })
  t.ok(telegram.transcript(ann.id).length > 5)
})

t.test('the fake of Telegram writes only where the bot may', async (t) => {
  const { telegram, pass, ann, send } = await start(t)
  const bob = telegram.person(12)
  const group = telegram.group(-20)
  const forum = telegram.group(-1_000_000_000_021, 'Forum', [5])
  const sendTo = (id: number, more: object = {}) => call(telegram, 'sendMessage', { chat_id: id, text: 'x', ...more })
  t.match(await sendTo(bob.id), { error_code: 403, description: "Forbidden: bot can't initiate conversation with a user" })
  t.match(await sendTo(99), { error_code: 400, description: 'Bad Request: chat not found' })
  t.match(await sendTo(forum.id, { message_thread_id: 5 }), { ok: true, result: { message_thread_id: 5 } })
  t.match(await sendTo(forum.id, { message_thread_id: 6 }), { description: 'Bad Request: message thread not found' })
  for (const [state, description] of [['blocked', /^Forbidden: bot was blocked by the user/], ['away', /^Forbidden: user is deactivated/], ['ok', undefined]] as const) {
    telegram.setState(ann.id, state)
    t.match((await send('x')).description, description)
  }
  telegram.setState(group.id, 'kicked')
  t.match(await sendTo(group.id), { error_code: 403, description: 'Forbidden: bot was kicked from the group chat' })
  telegram.setState(group.id, 'muted')
  t.match(await sendTo(group.id), { error_code: 400, description: /not enough rights/ })
  telegram.setState(group.id, 'ok')
  telegram.migrate(group.id, -1_000_000_000_020)
  t.match(await sendTo(group.id), { error_code: 400, parameters: { migrate_to_chat_id: -1_000_000_000_020 } })
  pass(minute)
  t.match(await sendTo(-1_000_000_000_020), { ok: true })
})

t.test('the fake of Telegram limits messages by chat, by group and altogether', async (t) => {
  const { telegram, pass, ann } = await start(t)
  const sendTo = (id: number) => call(telegram, 'sendMessage', { chat_id: id, text: 'x' })
  for (let count = 0; count < 3; count++) t.ok((await sendTo(ann.id)).ok, 'a burst of three')
  t.match(await sendTo(ann.id), { error_code: 429, description: 'Too Many Requests: retry after 3', parameters: { retry_after: 3 } })
  t.match(await sendTo(ann.id), { parameters: { retry_after: 6 } }, 'it grows when it is ignored')
  pass(5999)
  t.match(await sendTo(ann.id), { parameters: { retry_after: 12 } })
  pass(12_000)
  t.ok((await sendTo(ann.id)).ok)
  const { id } = telegram.group(-20)
  for (let count = 0; count < 20; count++) {
    t.ok((await sendTo(id)).ok)
    pass(1000)
  }
  t.match(await sendTo(id), { error_code: 429, parameters: { retry_after: 40 } }, 'twenty a minute in a group')
  pass(minute)
  const people = Array.from({ length: 31 }, (_, index) => telegram.person(100 + index))
  const answers = []
  for (const person of people) {
    telegram.say(person, '/start')
    answers.push(await sendTo(person.id))
  }
  t.strictSame(answers.filter(({ ok }) => !ok).map(({ parameters }) => parameters), [{ retry_after: 1 }], 'thirty a second')
})

t.test('the fake of Telegram edits the messages of the bot, and keeps each version', async (t) => {
  const { telegram, pass, ann, send } = await start(t)
  const { result: { message_id: id } } = await send('one')
  const edit = (message: number, text: string) => call(telegram, 'editMessageText', { chat_id: ann.id, message_id: message, text })
  t.match(await edit(id, 'two'), { ok: true, result: { text: 'two' } })
  t.match(await edit(id, 'two'), { error_code: 400, description: /^Bad Request: message is not modified/ })
  t.match(await edit(999, 'two'), { description: 'Bad Request: message to edit not found' })
  const theirs = telegram.say(ann, 'hello')
  const { result: updates } = await call(telegram, 'getUpdates')
  const { message } = updates.find(({ update_id: update }: any) => update === theirs)
  t.match(await edit(message.message_id, 'two'), { description: "Bad Request: message can't be edited" })
  pass(minute)
  t.match(await edit(id, 'x'.repeat(4097)), { description: 'Bad Request: MESSAGE_TOO_LONG' })
  t.match(telegram.transcript(ann.id), [{ id, versions: [{ text: 'one' }, { text: 'two' }] }])
})

t.test('the fake of Telegram gives updates once, to one poller', async (t) => {
  const { telegram, pass, ann } = await start(t)
  const get = (parameters: object = {}) => call(telegram, 'getUpdates', parameters)
  const { result: [first] } = await get()
  t.match(first, { message: { text: '/start', entities: [{ type: 'bot_command', offset: 0, length: 6 }], from: { id: ann.id }, chat: { type: 'private' } } })
  t.equal((await get()).result.length, 1, 'again, until they are confirmed')
  t.strictSame((await get({ offset: first.update_id + 1 })).result, [])
  const waiting = get({ offset: first.update_id + 1, timeout: 50 })
  t.equal(telegram.say(ann, 'hello'), first.update_id + 1)
  t.match(await waiting, { result: [{ update_id: first.update_id + 1, message: { text: 'hello' } }] })
  const confirm = { offset: first.update_id + 2, timeout: 50 }
  const one = get(confirm)
  await until('the first one polls', () => telegram.polls)
  const other = get(confirm)
  t.match(await one, { error_code: 409, description: /^Conflict: terminated by other getUpdates request/ })
  const query = telegram.press(ann, ann.id, 5, 'data')
  t.match(await other, { result: [{ callback_query: { id: query, data: 'data', from: { id: ann.id } } }] })
  t.strictSame((await get({ allowed_updates: ['message'] })).result, [])
  pass(24 * 60 * minute)
  t.strictSame((await get()).result, [], 'they are kept for a day')
  telegram.restartUpdateIds(500)
  telegram.say(ann, 'after a week')
  t.match(await get({ offset: first.update_id + 3 }), { result: [{ update_id: 500 }] }, 'an offset of before hides nothing')
  await call(telegram, 'setWebhook', { url: 'https://example.com' })
  t.match(await get(), { error_code: 409, description: /webhook is active/ })
  await call(telegram, 'deleteWebhook')
  t.match(await get(), { ok: true })
})

t.test('the fake of Telegram takes one answer to a press, within 15 seconds', async (t) => {
  const { telegram, pass, ann } = await start(t)
  const answer = (id: string, text = 'done') => call(telegram, 'answerCallbackQuery', { callback_query_id: id, text })
  const query = telegram.press(ann, ann.id, 5, 'data')
  t.match(await answer(query, 'x'.repeat(201)), { error_code: 400, description: 'Bad Request: MESSAGE_TOO_LONG' })
  t.match(await answer(query), { ok: true })
  t.equal(await telegram.answerTo(query), 'done')
  const late = telegram.press(ann, ann.id, 5, 'data')
  pass(15_001)
  for (const id of [query, late, '1']) t.match(await answer(id), { error_code: 400, description: /^Bad Request: query is too old/ })
})

t.test('the fake of Telegram fails as it is told', async (t) => {
  const { telegram, pass, ann, send } = await start(t)
  const outcome = async () => {
    pass(minute)
    const body = new URLSearchParams({ chat_id: String(ann.id), text: 'x' })
    try {
      const answer = await fetch(`${telegram.root}/bot${telegram.token}/sendMessage`, { method: 'POST', body, signal: AbortSignal.timeout(500) })
      return [answer.status, (await answer.text()).slice(0, 6)]
    } catch (error: any) {
      return [error.cause?.code ?? error.name]
    }
  }
  const count = () => telegram.transcript(ann.id).length
  for (const [kind, expected, sent] of [
    ['deliveredThenReset', ['ECONNRESET'], 1], ['deliveredThen5xx', [500, '{"ok":'], 1], ['halfAnswer', ['UND_ERR_SOCKET'], 1],
    ['neverAnswered', ['TimeoutError'], 0], ['reset', ['ECONNRESET'], 0], ['badGateway', [502, '<html>'], 0]
  ] as const) {
    const before = count()
    telegram.fail(kind, 'sendMessage')
    t.strictSame(await outcome(), expected, kind)
    t.equal(count() - before, sent, kind)
  }
  const slow = telegram.fail('slow')
  const sending = send('slow')
  await slow.met
  t.notOk(telegram.texts(ann.id).includes('slow'))
  slow.release()
  t.ok((await sending).ok)
  await telegram.refuse()
  t.strictSame(await outcome(), ['ECONNREFUSED'])
  await telegram.listen()
  t.match(await outcome(), [200])
  t.match(await call(telegram, 'setMyCommands', { commands: [{ command: 'Bad!', description: 'x' }] }), { error_code: 400 })
  t.match(await call(telegram, 'setMyCommands', { commands: [{ command: 'unlink', description: 'x' }] }), { ok: true })
  t.match(await call(telegram, 'getChat', { chat_id: ann.id }), { result: { type: 'private', first_name: 'Ann' } })
})
