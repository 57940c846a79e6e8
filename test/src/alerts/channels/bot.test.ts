import { PassThrough } from 'node:stream'
import t from 'tap'
import { alertNumber } from '../../../../src/alerts/alert.ts'
import type { AlertMessage } from '../../../../src/alerts/channels/channel.ts'
import { buttonData } from '../../../../src/alerts/channels/telegram/button-data.ts'
import { TelegramClient } from '../../../../src/alerts/channels/telegram/client.ts'
import { telegramChannel } from '../../../../src/alerts/channels/telegram/message.ts'
import { raiseAlerts } from '../../../../src/alerts/outbox/raise.ts'
import { findGroup, listGroups } from '../../../../src/alerts/read.ts'
import { utcTime } from '../../../../src/model/instant.ts'
import { databases, type TestDatabase } from '../../../helpers/databases.ts'
import { startEmbedded } from '../../../helpers/embedded.ts'
import { http, post } from '../../../helpers/http.ts'
import { basic, createUser, startService, type TestService } from '../../../helpers/service.ts'
import { FakeTelegram, type Person } from '../../../helpers/telegram.ts'
import { until } from '../../../helpers/until.ts'

const { signal } = new AbortController()

/** A server with a bot, two users and two people. */
const start = async (t: Parameters<typeof FakeTelegram.start>[0], database: TestDatabase) => {
  const telegram = await FakeTelegram.start(t)
  const { token, root: apiRoot } = telegram
  const service = await startEmbedded(t, await database.createMigrated(t), { alerts: true, telegram: { token, apiRoot } })
  for (const user of ['alice', 'bob']) await createUser(service, user)
  const people = { ann: telegram.person(11, 'Ann'), ben: telegram.person(12, 'Ben') }
  return { telegram, service, client: new TelegramClient({ token, apiRoot }), ...people }
}

const newCode = async (service: TestService, user = 'alice') => {
  const { status, body } = await http(service.port, 'POST', '/api/telegram/codes', basic(user))
  if (status !== 201) throw new Error(`answered ${status}: ${body}`)
  return JSON.parse(body) as { code: string, link: string, groupLink: string, expires: string }
}

/** Says something to the bot, and gives its answer. */
const ask = async (telegram: FakeTelegram, from: Person, text: string, place: { chat?: number, thread?: number } = {}) => {
  telegram.pass(60_000)
  const chat = place.chat ?? from.id
  const before = telegram.transcript(chat).length
  telegram.say(from, text, place)
  return await until('the bot answers', () => telegram.texts(chat)[before])
}

const channels = (service: TestService) => service.knex('alert_channels').orderBy('id')
const audit = async ({ knex }: TestService, action: string) => (await knex('audit').where({ action }).orderBy('id')).map(({ caller, detail }) => ({ caller, ...JSON.parse(detail) }))

/** Sends an alert about the only group of a user to a chat, in place of the outbox; gives the message and its buttons. */
const alert = async ({ telegram, service: { app, knex }, client }: Awaited<ReturnType<typeof start>>, user: string, chat: number) => {
  const { id: userId } = await knex('users').where('username', user).first('id')
  const [group] = await listGroups(knex, { userId, limit: 1 })
  if (!group) throw new Error('there is no group')
  const number = (await knex('alerts').pluck('id')).length + 1
  const { samples, text: title } = group
  await raiseAlerts(knex, [{ userId, ruleId: 0, subject: group.key, number, kind: 'new', at: utcTime(), notBefore: utcTime(Date.now() + 86_400_000), detail: { title, logs: 1, samples, groupKey: group.key } }], utcTime())
  const { id } = await knex('alerts').orderBy('id', 'desc').first('id')
  const channel = await knex('alert_channels').where({ user_id: userId, chat: String(chat) }).first()
  const message: AlertMessage = {
    id: String(id),
    thread: group.key,
    number: alertNumber(String(id)),
    mayRepeat: false,
    kind: 'new',
    title,
    note: null,
    user,
    rule: 'r',
    process: null,
    level: 'error',
    logs: 1,
    first: null,
    last: null,
    state: null,
    lines: ['a line'],
    alerts: [],
    heldBack: 0,
    url: null,
    logsUrl: null,
    hasActions: true
  }
  telegram.pass(60_000)
  const outcome = await telegramChannel(client, JSON.parse(channel.target)).send(message, signal)
  if (outcome.kind !== 'delivered') throw new Error(JSON.stringify(outcome))
  await knex('alert_outbox').where({ alert_id: id, channel_id: channel.id }).update({ state: 'sent', next_at: null, message_id: outcome.messageId })
  const data = telegram.transcript(chat).at(-1)!.versions[0]!.buttons.flat().map(({ callback_data: data }) => data!)
  await app.logAlerts?.runNow()
  return { id: String(id), messageId: Number(outcome.messageId), data, state: async () => (await findGroup(knex, userId, group.key))?.state }
}

for (const database of databases) {
  t.test(`the Telegram bot on ${database.name}`, async (t) => {
    const fixture = await start(t, database)
    const { telegram, service, client, ann, ben } = fixture
    const press = async (from: Person, chat: number, messageId: number, data: string) => await telegram.answerTo(telegram.press(from, chat, messageId, data))

    await t.test('links a private chat by a code, once', async (t) => {
      const { code, link, groupLink, expires } = await newCode(service)
      t.match({ code, link, groupLink }, { code: /^[\w-]{22}$/, link: `https://t.me/logger_test_bot?start=${code}`, groupLink: `https://t.me/logger_test_bot?startgroup=${code}` })
      t.ok(Math.abs(Date.parse(expires) - Date.now() - 15 * 60_000) < 60_000)
      t.notMatch(JSON.stringify(await service.knex('telegram_codes')), code, 'only its hash is stored')
      t.equal(await ask(telegram, ann, `/start ${code}`), 'This chat now gets the alerts of alice. /unlink ends it.')
      const [channel] = await channels(service)
      t.match(channel, { name: 'Ann', kind: 'telegram', chat: '11', lines: 'whole', state: 'ok' })
      t.strictSame(JSON.parse(channel.target), { chat: '11', title: 'Ann', linkedBy: '11' })
      t.match(await audit(service, 'telegram.link'), [{ caller: 'alice', chat: '11', telegramUser: '11' }])
      t.strictSame(await service.knex('alert_rules').where('user_id', 1).pluck('kind'), ['group'], 'with rules from the start')
      t.match(await ask(telegram, ben, `/start ${code}`), /^This code was used/, 'not a second time, by another chat')
      t.match(await ask(telegram, ann, `/start ${(await newCode(service)).code}`), /^This chat gets them already/)
      const [old, fresh] = [await newCode(service), await newCode(service)]
      t.match(await ask(telegram, ben, `/start ${old.code}`), /^This code was used/, 'another one replaced it')
      await service.knex('telegram_codes').update({ expires_at: utcTime(Date.now() - 1000) })
      t.match(await ask(telegram, ben, `/start ${fresh.code}`), /older than 15 minutes/)
      t.equal((await channels(service)).length, 1)
      t.match(telegram.commands, [{ command: 'unlink' }])
    })

    await t.test('links groups and topics', async (t) => {
      await service.knex('users').where('username', 'bob').update({ admin: true })
      telegram.group(-20, 'Ops \u202eteam')
      telegram.group(-1_000_000_000_021, 'Forum', [5])
      await ask(telegram, ann, `/start@logger_test_bot ${(await newCode(service)).code}`, { chat: -20 })
      await ask(telegram, ben, `/start@logger_test_bot ${(await newCode(service, 'bob')).code}`, { chat: -1_000_000_000_021, thread: 5 })
      t.match((await channels(service)).slice(1).map(({ name, chat, lines, user_id: user }) => [name, chat, lines, user]), [
        ['Ops team', '-20', 'masked', 1], ['Forum 5', '-1000000000021', 'masked', 2]
      ])
      t.match(telegram.transcript(-1_000_000_000_021), [{ thread: 5 }])
      t.strictSame((await service.knex('alert_rules').where('user_id', 2).pluck('kind')).sort(), ['group', 'server'], 'an administrator hears of the server')
    })

    await t.test('changes the group of errors of an alert by its buttons', async (t) => {
      await service.knex('alert_rules').update({ is_enabled: false })
      for (const user of ['alice', 'bob']) await post(service.port, '/api/logs', [{ message: `order 1 of ${user} failed`, level: 'error', process: 'api' }], basic(user))
      await service.app.logAlerts?.runNow()
      const { messageId, data: [acknowledge = '', mute = '', around = ''], state } = await alert(fixture, 'alice', ann.id)
      t.equal(await press(ann, ann.id, messageId, acknowledge), 'Acknowledged.')
      t.equal(await state(), 'acknowledged')
      t.equal(await press(ann, ann.id, messageId, mute), 'Muted for an hour.')
      t.equal(await state(), 'muted')
      const { body } = await http(service.port, 'GET', '/api/errors', basic('alice'))
      const [{ id, until: { time } }] = JSON.parse(body).errors
      t.ok(Math.abs(Date.parse(time) - Date.now() - 3_600_000) < 60_000)
      t.match(JSON.parse((await http(service.port, 'GET', `/api/errors/${id}`, basic('alice'))).body).changes[0], { by: 'alice', source: 'telegram', note: 'Ann in Telegram' })
      t.match(await audit(service, 'error.state'), [{ caller: 'alice', chat: '11', telegramUser: '11', state: 'acknowledged' }, { state: 'muted' }])

      const before = telegram.texts(ann.id).length
      telegram.pass(60_000)
      t.equal(await press(ann, ann.id, messageId, around), 'Here they are.')
      t.match(await until('the logs come', () => telegram.texts(ann.id)[before]), /^→\n\d{4}-\d\d-\d\d \d\d:\d\d:\d\d error order 1 of alice failed$/)
      t.match(await audit(service, 'telegram.context'), [{ caller: 'alice', chat: '11', telegramUser: '11' }])
      await http(service.port, 'DELETE', `/api/logs?confirm=${JSON.parse((await http(service.port, 'DELETE', '/api/logs', basic('alice'))).body).confirm}`, basic('alice'))
      telegram.pass(60_000)
      t.equal(await press(ann, ann.id, messageId, around), 'Here they are.')
      t.equal(await until('the bot says that they are deleted', () => telegram.texts(ann.id)[before + 1]), 'The log is not stored any more.')
    })

    await t.test('refuses presses that are forged, or from elsewhere', async (t) => {
      const { messageId, data: [acknowledge = '', , around = ''], state } = await alert(fixture, 'alice', ann.id)
      const inGroup = await alert(fixture, 'alice', -20)
      const before = await state()
      const unknown = 'This button is not known any more.'
      const [letter, number, signature] = acknowledge.split(':')
      for (const data of ['', 'x', 'a:1', `a:${number}:`, `a:${number}:AAAAAAAAAAAAAAAA`, `m:${number}:${signature}`, `${letter}:zzz:${signature}`, `a:1' OR 1=1:${signature}`, '\0'.repeat(64)]) {
        t.equal(await press(ann, ann.id, messageId, data), unknown, JSON.stringify(data))
      }
      const foreign = 'This chat does not get these alerts any more.'
      telegram.say(ben, '/start')
      t.equal(await press(ben, ben.id, messageId, acknowledge), foreign, 'a chat that is not linked')
      t.equal(await press(ben, -1_000_000_000_021, messageId, acknowledge), foreign, 'a chat of another user')
      t.equal(await press(ann, -20, messageId, acknowledge), foreign, 'another chat of the same user')
      t.equal(await press(ann, ann.id, messageId + 50, acknowledge), foreign, 'another message')
      t.equal(await press(ben, -20, inGroup.messageId, buttonData(client, 'around', alertNumber(inGroup.id))), 'Logs are shown in private chats only.')
      t.equal(await state(), before)
      t.equal(await press(ben, -20, inGroup.messageId, inGroup.data[0]!), 'Acknowledged.', 'everybody in a linked group may')
      await service.knex('users').where('username', 'alice').update({ disabled_at: utcTime() })
      for (const data of [acknowledge, around]) t.equal(await press(ann, ann.id, messageId, data), foreign, 'a disabled user')
      await service.knex('users').where('username', 'alice').update({ disabled_at: null })
    })

    await t.test('follows a group that becomes a supergroup', async (t) => {
      const { messageId, data: [acknowledge = ''] } = await alert(fixture, 'alice', -20)
      telegram.migrate(-20, -1_000_000_000_020)
      const moved = await until('the channel moves', async () => await service.knex('alert_channels').where({ chat: '-1000000000020' }).first())
      t.match(JSON.parse(moved.target), { chat: '-1000000000020', title: /Ops/ })
      t.match(await press(ann, -20, messageId, acknowledge), /^This chat does not get/, 'the old chat is not linked')
    })

    await t.test('ends a chat by /unlink of the person who linked it', async (t) => {
      const chat = -1_000_000_000_020
      t.match(await ask(telegram, ben, '/unlink', { chat }), /^Only the person who linked/)
      t.match(await ask(telegram, ann, '/unlink@logger_test_bot', { chat }), 'This chat gets no more alerts.')
      t.match(await ask(telegram, ann, '/unlink', { chat }), 'This chat gets no alerts.')
      t.match(await audit(service, 'telegram.unlink'), [{ caller: 'alice', chat: String(chat), telegramUser: '11' }])
      t.strictSame((await channels(service)).map(({ chat }) => chat), ['11', '-1000000000021'])
    })

    await t.test('counts each update once, also when another instance goes on, and when ids begin anew', async (t) => {
      await until('all updates are confirmed', () => telegram.unconfirmed.length === 0)
      const { next_update: next } = await service.knex('telegram_progress').first()
      t.ok(Number(next) > 300_000_000)
      telegram.say(ann, 'nothing of interest')
      await until('it is stored, too', async () => Number((await service.knex('telegram_progress').first()).next_update) === Number(next) + 1)
      telegram.restartUpdateIds(1000)
      t.match(await ask(telegram, ann, '/unlink'), 'This chat gets no more alerts.')
      await until('it goes on there', async () => Number((await service.knex('telegram_progress').first()).next_update) === 1001)
    })

    await t.test('answers a chat three times a minute at most', async (t) => {
      for (let count = 0; count < 10; count++) telegram.say(ben, '/start')
      telegram.say(ben, '/start@another_bot')
      await until('all updates are confirmed', () => telegram.unconfirmed.length === 0)
      t.ok(telegram.calls.filter(({ method, parameters }) => method === 'sendMessage' && String(parameters.chat_id) === '12').length <= 8)
    })

    await t.test('keeps the token to itself', async (t) => {
      const answers = await Promise.all(['/api/errors', '/api/session', '/metrics', '/health', '/docs/json'].map((path) => http(service.port, 'GET', path, basic('alice'))))
      const rows = await Promise.all(['audit', 'alert_channels', 'alert_outbox', 'telegram_progress'].map((table) => service.knex(table)))
      t.notMatch(JSON.stringify([answers, rows]), telegram.token.slice(11))
    })
  })
}

t.test('codes need a bot that Telegram knows, and a user', async (t) => {
  const telegram = await FakeTelegram.start(t)
  const without = await startEmbedded(t, await databases[0]!.createMigrated(t), { alerts: true })
  await createUser(without, 'alice')
  t.match(await http(without.port, 'POST', '/api/telegram/codes', basic('alice')), { status: 409, body: /LOGGER_TELEGRAM_TOKEN/ })
  const log = new PassThrough()
  const token = `1${telegram.token}`
  const settings = { LOGGER_TELEGRAM_TOKEN: token, LOGGER_TELEGRAM_API: telegram.root, LOGGER_LOG_LEVEL: 'trace' }
  const wrong = await startService(t, databases[0]!, { settings, logStream: log })
  await createUser(wrong, 'alice')
  t.match(await http(wrong.port, 'POST', '/api/telegram/codes?user=bob', basic('alice')), { status: 400, body: /user/ })
  t.match(await post(wrong.port, '/api/telegram/codes', { user: 'bob' }, basic('alice')), { status: 400, body: /body must be empty/ })
  t.match(await http(wrong.port, 'POST', '/api/telegram/codes', basic('alice')), { status: 503, body: /Telegram does not answer/ })
  let logged = ''
  log.on('data', (part) => { logged += part })
  await until('the failure is logged', () => logged.includes('the Telegram bot failed'))
  t.match(logged, /Telegram answered: Unauthorized/)
  t.notMatch(logged, token.slice(12), 'the token is in no log')
})
