import { randomUUID } from 'node:crypto'
import type { Knex } from 'knex'
import t, { type Test } from 'tap'
import type { NewAlert } from '../../../src/alerts/alert.ts'
import type { AlertMessage, Channel, SendOutcome } from '../../../src/alerts/channels/channel.ts'
import type { StoredChannel } from '../../../src/alerts/channels/stored.ts'
import { raiseAlerts } from '../../../src/alerts/outbox/raise.ts'
import { dueChannels } from '../../../src/alerts/outbox/rows.ts'
import { PageLinks } from '../../../src/alerts/page-links.ts'
import { Sender } from '../../../src/alerts/outbox/sender.ts'
import { takeTurn } from '../../../src/alerts/outbox/turn.ts'
import { millisecondsOf, utcTime } from '../../../src/model/instant.ts'
import { loggerbot } from '../../helpers/command.ts'
import { databases, environmentOf, openKnex } from '../../helpers/databases.ts'
import { until } from '../../helpers/until.ts'

const start = '2026-11-27 09:00:00.000000'
const someAlert = (differences: Partial<NewAlert> = {}): NewAlert => ({
  userId: 1, ruleId: 1, subject: 'db', number: 1, kind: 'match', at: start, detail: { title: 'disk full', logs: 1, samples: [] }, ...differences
})
const addChannel = async (knex: Knex, name: string, differences: object = {}) => {
  await knex('alert_channels').insert({
    user_id: 1, name, kind: 'webhook', target: '{}', lines: 'whole', state: 'ok', pauses: 0, created_at: start, ...differences
  })
  return Number((await knex('alert_channels').where({ name }).first()).id)
}

for (const database of databases) {
  t.test(`raising alerts on ${database.name}`, async (t) => {
    const knex = openKnex(t, await database.createMigrated(t))
    const one = await addChannel(knex, 'one')
    const two = await addChannel(knex, 'two')
    await addChannel(knex, 'of another user', { user_id: 2 })
    const rule = { user_id: 1, kind: 'match', settings: '{}', telling: '{}', revision: 1, is_enabled: true, created_at: start, updated_at: start }
    await knex('alert_rules').insert([
      { ...rule, id: 1, name: 'all channels' }, { ...rule, id: 2, name: 'one channel', channels: JSON.stringify([two, 999]) }
    ])
    const raise = (...alerts: NewAlert[]) => knex.transaction((transaction) => raiseAlerts(transaction, alerts, start))
    const rows = () => knex('alert_outbox').join('alerts', 'id', 'alert_id').orderBy(['rule_id', 'number', 'channel_id'])

    await raise(someAlert(), someAlert(), someAlert({ ruleId: 2, notBefore: '2026-11-27 20:00:00.000000' }))
    t.match(await rows(), [
      { rule_id: 1, channel_id: one, state: 'waiting', next_at: '2026-11-27 09:00:01.000000' },
      { rule_id: 1, channel_id: two },
      { rule_id: 2, channel_id: two, next_at: '2026-11-27 20:00:00.000000' }
    ], 'each channel of the rule, else each of the user, after a second or at the end of quiet hours')
    await addChannel(knex, 'three')
    await raise(someAlert(), someAlert({ number: 2 }))
    t.strictSame((await rows()).map(({ rule_id: id, number }) => [id, number]), [[1, 1], [1, 1], [1, 2], [1, 2], [1, 2], [2, 1]], 'an alert that is known is left out')
    await raise(...Array.from({ length: 1000 }, (_, number) => someAlert({ subject: 'many', number })))
    t.equal((await rows()).length, 3006)
  })
}

/** Number of alerts that the lines of a digest stand for. */
const shownIn = (entries: AlertMessage['alerts']) => entries.reduce((sum, { alerts }) => sum + alerts, 0)

function withResolvers<T> () {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((_resolve) => { resolve = _resolve })
  return { promise, resolve }
}

/** A channel that keeps what it gets, and answers as the test says. */
class TestChannel {
  readonly sent: Array<AlertMessage & { channel: string, at: string }> = []
  readonly edits: Array<AlertMessage & { messageId: string, at: string }> = []
  answer: (message: AlertMessage) => SendOutcome | Promise<SendOutcome> = () => ({ kind: 'delivered', messageId: String(this.sent.length) })
  canEdit = false
  nowMs = Date.parse(`${start.replace(' ', 'T')}Z`)

  get now (): string {
    return utcTime(this.nowMs)
  }

  open = ({ name }: StoredChannel): Channel => ({
    send: async (message) => {
      this.sent.push({ ...message, channel: name, at: this.now })
      return await this.answer(message)
    },
    ...this.canEdit && {
      edit: async (messageId, message) => {
        this.edits.push({ ...message, messageId, at: this.now })
        return await this.answer(message)
      }
    }
  })
}

const senderOf = (t: Test, knex: Knex, channel: TestChannel, id: string = randomUUID()) => {
  const sender = new Sender({
    knex, instance: { id, control: knex, commits: 0 }, openChannel: channel.open, links: new PageLinks(undefined), now: async () => channel.now, onFailure: (error) => { throw error }
  })
  t.teardown(() => sender.close())
  return sender
}

for (const database of databases) {
  t.test(`sending alerts on ${database.name}`, async (t) => {
    const options = await database.createMigrated(t)
    const knex = openKnex(t, options)
    await knex('users').insert([1, 2].map((id) => ({ id, username: `user ${id}`, credential: '', created_at: start })))
    const rule = { kind: 'match', settings: '{}', telling: '{}', revision: 1, is_enabled: true, created_at: start, updated_at: start }
    await knex('alert_rules').insert([{ ...rule, id: 1, user_id: 1, name: 'mine' }, { ...rule, id: 2, user_id: 2, name: 'theirs' }])
    /** A fresh outbox with one channel. */
    const fresh = async (t: Test, differences: object = {}) => {
      for (const table of ['alerts', 'alert_outbox', 'alert_channels', 'error_groups', 'leases']) await knex(table).delete()
      const channel = new TestChannel()
      const id = await addChannel(knex, 'hook', differences)
      const sender = senderOf(t, knex, channel)
      const raise = async (...subjects: string[]) => {
        await knex.transaction((transaction) => raiseAlerts(transaction, subjects.map((subject) => someAlert({ subject, at: channel.now })), channel.now))
      }
      /** Lets time pass second by second. */
      const pass = async (seconds: number, each: (second: number) => Promise<void> | void = () => {}) => {
        for (let second = 0; second < seconds; second++) {
          channel.nowMs += 1000
          await each(second)
          await sender.runNow()
        }
      }
      return { channel, sender, raise, pass, id, rows: () => knex('alert_outbox').orderBy(['alert_id', 'channel_id']), row: () => knex('alert_channels').where({ id }).first() }
    }

    await t.test('up to three go one by one, as the limits allow', async (t) => {
      const { channel, raise, pass, rows } = await fresh(t)
      await raise('a', 'b', 'c')
      await pass(12)
      t.match(channel.sent, [{ at: '2026-11-27 09:00:01.000000', title: 'disk full', rule: 'mine', user: 'user 1', kind: 'match', logs: 1, mayRepeat: false }, { at: '2026-11-27 09:00:04.000000' }, { at: '2026-11-27 09:00:07.000000' }])
      t.equal(channel.sent.length, 3)
      t.match(channel.sent[0]?.number, /^#[0-9A-Z]+$/)
      t.equal(new Set(channel.sent.map(({ id }) => id)).size, 3)
      t.ok((await rows()).every(({ state, message_id: id, next_at: next }) => state === 'sent' && id !== null && next === null))
    })

    await t.test('a flood becomes digests that say how many they hold back', async (t) => {
      const { channel, raise, pass, rows } = await fresh(t)
      let raised = 0
      await pass(90, async (second) => {
        if (second < 60) await raise(...Array.from({ length: 100 }, () => String(raised++)))
      })
      const shown = channel.sent.reduce((sum, { kind, alerts }) => sum + (kind === 'digest' ? shownIn(alerts) : 1), 0)
      const heldBack = channel.sent.reduce((sum, message) => sum + message.heldBack, 0)
      t.equal(shown + heldBack, raised, 'each alert is shown or counted')
      for (const { at } of channel.sent) {
        const minute = channel.sent.filter((other) => other.at >= at && other.at < utcTime(millisecondsOf(at) + 60_000))
        t.ok(minute.length <= 6, `${minute.length} in a minute`)
      }
      t.match(channel.sent.at(-1), { kind: 'digest', title: /^\d+ alerts$/, rule: 'mine' })
      t.ok((await rows()).every(({ state }) => state === 'sent'))
      await pass(1)
      t.equal(channel.sent.length, new Set(channel.sent.map(({ id }) => id)).size)
    })

    await t.test('errors that differ in one word are told in one line, and told alone in one message', async (t) => {
      const { channel, pass, rows } = await fresh(t)
      const raise = async (titles: readonly string[], detail: object = { process: 'sshd' }) => {
        await knex.transaction((transaction) => raiseAlerts(transaction, titles.map((title, index) => (
          someAlert({ subject: title, kind: 'new', at: channel.now, detail: { title, logs: 2, samples: [{ id: String(index), at: start }], groupKey: '00000000000000bb', ...detail } })
        )), channel.now))
      }
      const names = Array.from({ length: 48 }, (_, index) => `name${String.fromCharCode(97 + index % 26)}${index < 26 ? '' : 'x'}`)
      await raise(['no disk', ...names.map((name) => `Invalid user ${name} from <*>`), 'no net', ...['read', 'write', 'seek', 'stat'].map((call) => `cannot ${call} file`)])
      await raise(['Invalid user nobody from <*>'], { process: 'other' })
      await pass(1)
      t.match(channel.sent, [{
        kind: 'digest',
        title: '55 alerts',
        heldBack: 0,
        logs: 110,
        alerts: [
          { title: 'no disk', logs: 2, alerts: 1 }, { title: 'Invalid user … from <*>', logs: 96, alerts: 48 }, { title: 'no net' },
          { title: 'cannot read file' }, { title: 'cannot write file' }, { title: 'cannot seek file' }, { title: 'cannot stat file' }, { title: 'Invalid user nobody from <*>', alerts: 1 }
        ]
      }])
      t.equal(channel.sent[0]?.alerts.length, 8)
      await raise(['hot', 'cold', 'wet', 'dry', 'dark'].map((word) => `it is too ${word} here`))
      await raise(['hot', 'cold', 'wet', 'dry', 'dark'].map((word) => `it was ${word} today`), { groupKey: undefined })
      await pass(4)
      t.match(channel.sent[1], { title: '10 alerts', alerts: { length: 6 } }, 'what is not about errors is told one by one')
      await raise(['a', 'b', 'c', 'd', 'e', 'f'].map((word) => `the ${word} of it failed`))
      await pass(4)
      t.match(channel.sent[2], { kind: 'digest', title: 'the … of it failed (6 different)', logs: 12, alerts: [{ alerts: 6 }], heldBack: 0 })
      t.equal(channel.sent.length, 3)
      t.ok((await rows()).every(({ state }) => state === 'sent'))
    })

    await t.test('at most 30 messages go in an hour, also by another sender', async (t) => {
      const { channel, sender, raise } = await fresh(t)
      for (let minute = 0; minute < 60; minute++) {
        channel.nowMs += 60_000
        await raise(`minute ${minute}`)
        channel.nowMs += 1000
        if (minute === 20) await sender.close()
        await (minute < 20 ? sender : senderOf(t, knex, channel)).runNow().catch((error) => { if (minute > 20) return; throw error })
        await knex('leases').delete()
      }
      t.ok(channel.sent.length >= 29 && channel.sent.length <= 31, `${channel.sent.length}`)
    })

    await t.test('what may have arrived is sent again as it was, with that remark', async (t) => {
      const { channel, raise, pass, rows, row } = await fresh(t)
      channel.answer = () => ({ kind: 'unknown', cause: 'send.failed', reason: 'reset' })
      await raise('a', 'b', 'c', 'd')
      await pass(1)
      t.match(await rows(), Array.from({ length: 4 }, () => ({ state: 'waiting', reason: 'reset' })))
      t.match(await row(), { pauses: 1, last_error: 'reset' })
      channel.answer = () => ({ kind: 'delivered', messageId: null })
      await raise('e')
      await pass(5)
      const [first, again, ...others] = channel.sent
      t.strictSame(again, first && { ...first, mayRepeat: true, at: again?.at })
      t.match([first?.kind, others.length], ['digest', 0])
      await pass(5)
      t.match(channel.sent[2], { kind: 'match', mayRepeat: false })
      t.match(await row(), { pauses: 0, state: 'ok', paused_until: null })
    })

    await t.test('a claim of a dead sender is taken back, and so is one without an outcome', async (t) => {
      const { channel, raise, pass, rows, sender } = await fresh(t)
      await raise('a')
      channel.nowMs += 1000
      const dies = new TestChannel()
      dies.nowMs = channel.nowMs
      const { promise, resolve } = withResolvers<SendOutcome>()
      dies.answer = () => promise
      const dead = senderOf(t, knex, dies)
      const run = dead.runNow()
      await until('the message is under way', () => dies.sent.length === 1)
      await knex('leases').delete()
      t.match(await rows(), [{ state: 'sending', tries: 1 }])
      await sender.runNow()
      await pass(4)
      t.match(channel.sent, [{ id: dies.sent[0]?.id, number: dies.sent[0]?.number, mayRepeat: true }])
      resolve({ kind: 'delivered', messageId: 'too late' })
      await run.catch(() => {})
      t.match(await rows(), [{ state: 'sent', tries: 2, message_id: '1' }])
    })

    await t.test('an answer that the database takes only later is no doubt', async (t) => {
      const { channel, raise, rows } = await fresh(t)
      let failures = 0
      const sender = new Sender({
        knex,
        instance: { id: randomUUID(), control: knex, commits: 0 },
        openChannel: channel.open,
        links: new PageLinks(undefined),
        async now () {
          if (channel.sent.length === 1 && failures === 0) throw new Error('the database is away')
          return channel.now
        },
        onFailure: () => { failures++ }
      })
      t.teardown(() => sender.close())
      await raise('a')
      channel.nowMs += 1000
      await sender.runNow()
      t.match(await rows(), [{ state: 'sent', claimed_by: null }])
      channel.nowMs += 300_000
      await sender.runNow()
      t.equal(channel.sent.length, 1, 'it is not sent again')
      t.equal(failures, 1)
    })

    await t.test('two senders send each alert once', async (t) => {
      const { channel, raise } = await fresh(t)
      await addChannel(knex, 'second')
      await addChannel(knex, 'third')
      await raise('a')
      channel.nowMs += 1000
      const turns = await Promise.all(Array.from({ length: 6 }, async (_, index) => {
        const ids = await dueChannels(knex, channel.now, [])
        return await Promise.all(ids.map((id) => takeTurn(knex, id, `sender ${index}`, channel.now)))
      }))
      const claimed = turns.flat().flatMap((turn) => turn ? [turn.channel.id] : [])
      t.equal(claimed.length, 3)
      t.equal(new Set(claimed).size, 3)
    })

    await t.test('a channel rests longer with each failure, and after 24 hours alerts are given up', async (t) => {
      const { channel, raise, sender, rows, row } = await fresh(t)
      channel.answer = () => ({ kind: 'notDelivered', then: 'wait', cause: 'send.failed', reason: 'refused' })
      await raise('a')
      for (;;) {
        const [due] = await rows()
        if (due?.next_at == null) break
        channel.nowMs = millisecondsOf(due.next_at)
        await sender.runNow()
      }
      const gaps = channel.sent.slice(1).map(({ at }, index) => millisecondsOf(at) - millisecondsOf(channel.sent[index]?.at ?? at))
      t.ok(gaps.slice(0, 5).every((gap) => gap <= 40_000) && gaps.slice(-3).every((gap) => gap >= 450_000 && gap <= 660_000))
      t.match(await rows(), [{ state: 'given_up', reason: 'it could not be delivered within 24 hours' }])
      t.match(await row(), { last_error: 'refused' })
      t.equal(new Set(channel.sent.map(({ id }) => id)).size, channel.sent.length, 'what did not arrive is a new message')
    })

    await t.test('a channel that refuses messages rests, a broken one waits for its owner', async (t) => {
      const { channel, raise, pass, row, rows, id } = await fresh(t)
      channel.answer = () => ({ kind: 'notDelivered', then: 'pause', cause: 'send.failed', reason: 'blocked' })
      await raise('a')
      await pass(1)
      t.match(await row(), { state: 'paused', paused_until: '2026-11-27 09:01:01.000000', last_error: 'blocked' })
      await pass(58)
      t.equal(channel.sent.length, 1)
      channel.answer = () => ({ kind: 'notDelivered', then: 'broken', cause: 'send.failed', reason: 'gone' })
      await pass(3)
      t.match(await row(), { state: 'broken', last_error: 'gone' })
      await raise('b')
      await pass(20)
      t.equal(channel.sent.length, 2)
      channel.answer = () => ({ kind: 'notDelivered', then: 'giveUp', cause: 'send.failed', reason: 'too odd' })
      await knex('alert_channels').where({ id }).update({ state: 'ok', paused_until: null })
      await knex('alert_outbox').update({ next_at: channel.now })
      await pass(8)
      t.match(await rows(), [{ state: 'given_up', reason: 'too odd' }, { state: 'given_up' }])
    })

    await t.test('Telegram\'s wish to wait holds for a chat, and for all when a second one hears it', async (t) => {
      const chat = { kind: 'telegram', chat: '1', target: '{"chat":"1"}' }
      const { channel, raise, pass } = await fresh(t, chat)
      await addChannel(knex, 'same chat', { ...chat, user_id: 2 })
      await addChannel(knex, 'other chat', { ...chat, chat: '2', user_id: 2 })
      await addChannel(knex, 'third chat', { ...chat, chat: '3', user_id: 2 })
      channel.answer = () => ({ kind: 'notDelivered', then: 'wait', cause: 'send.failed', reason: 'slow down', retryAfterMs: 60_000 })
      const states = async () => (await knex('alert_channels').orderBy('id')).map(({ paused_until: time }) => time !== null)
      await raise('a')
      await pass(1)
      t.strictSame(await states(), [true, true, false, false])
      channel.answer = ({ user }) => user === 'user 2' ? { kind: 'notDelivered', then: 'wait', cause: 'send.failed', reason: 'slow down', retryAfterMs: 60_000 } : { kind: 'delivered', messageId: '1' }
      await knex('alert_channels').where({ chat: '3' }).delete()
      await addChannel(knex, 'third chat', { ...chat, chat: '3', user_id: 1 })
      await knex.transaction((transaction) => raiseAlerts(transaction, [someAlert({ userId: 2, ruleId: 2 })], channel.now))
      await pass(2)
      t.strictSame(await states(), [true, true, true, true])
      channel.answer = (message) => message.user === 'user 1' && message.mayRepeat ? { kind: 'unknown', cause: 'send.failed', reason: '' } : { kind: 'delivered', messageId: '1' }
      const before = channel.sent.length
      await pass(55)
      t.equal(channel.sent.length, before)
      await pass(10)
      t.ok(channel.sent.length > before)
    })

    await t.test('a chat that moved is followed', async (t) => {
      const { channel, raise, pass, row } = await fresh(t, { kind: 'telegram', chat: '-1', target: '{"chat":"-1","title":"ops"}' })
      channel.answer = () => channel.sent.length > 1 ? { kind: 'delivered', messageId: '1' } : { kind: 'notDelivered', then: 'wait', cause: 'send.failed', reason: 'moved', movedTo: '-1001' }
      await raise('a')
      await pass(6)
      t.equal(channel.sent.length, 2)
      t.match(await row(), { chat: '-1001', target: '{"chat":"-1001","title":"ops"}', state: 'ok' })
    })

    await t.test('alerts of disabled users and deleted channels are not sent', async (t) => {
      const { channel, raise, pass, rows, id } = await fresh(t)
      await raise('a')
      await knex('users').where({ id: 1 }).update({ disabled_at: start })
      await pass(2)
      await knex('users').where({ id: 1 }).update({ disabled_at: null })
      await raise('b')
      await knex('alert_channels').where({ id }).delete()
      await pass(2)
      t.equal(channel.sent.length, 0)
      t.match(await rows(), [{ state: 'given_up', reason: 'the user is disabled' }, { state: 'given_up', reason: 'the channel was deleted' }])
    })

    await t.test('the terminal lists what could not be delivered, and what to do', async (t) => {
      const { channel, raise, pass, id } = await fresh(t)
      const alerts = (...args: string[]) => loggerbot(['alerts', ...args], { env: environmentOf(options) })
      const failed = async () => (await alerts('--failed', '--json')).stdout.trim().split('\n').filter(Boolean).map((line) => JSON.parse(line))
      await raise('arrives')
      await pass(2)
      t.strictSame(await failed(), [])
      channel.answer = () => ({ kind: 'notDelivered', then: 'wait', cause: 'send.unreachable', reason: 'no answer \x1b[1mhere' })
      await raise('waits')
      await pass(2)
      t.match(await failed(), [{ channel: 'hook', state: 'waiting', cause: 'send.unreachable', remedy: /^check the address/ }], 'also while it is tried again')
      await knex('alert_outbox').where('state', 'waiting').delete()
      await raise('waits for its first try')
      t.strictSame(await failed(), [])
      await knex('alert_channels').where({ id }).delete()
      await pass(2)
      await knex('alert_outbox').whereNot('state', 'sent').update({ cause: null })
      t.match(await failed(), [{ user: 'user 1', rule: 'mine', kind: 'match', title: 'disk full', channel: null, state: 'given_up', reason: 'the channel was deleted', cause: null, remedy: null }], 'also what an earlier version noted')

      await knex('alert_outbox').whereNot('state', 'sent').update({ cause: 'send.unreachable', reason: 'no answer \x1b[1mhere' })
      const { code, stdout, stderr } = await alerts('--failed')
      t.strictSame([code, stderr], [0, ''])
      t.match(stdout, /^NUMBER +TIME \(UTC\) +USER +CHANNEL +STATE +TRIES +CAUSE +REASON\n#\w+ +2026-11-27 \d\d:\d\d:\d\d +user 1 +\(deleted\) +given_up +\d +send\.unreachable +no answer \\x1b\[1mhere\n\nCAUSE +WHAT TO DO\nsend\.unreachable +check the address[^\n]*\n$/)
      t.match(await alerts(), { code: 0, stdout: / sent .*\n.* given_up |given_up .*\n.* sent / }, 'without --failed all are listed')
      await knex('users').insert({ id: 3, username: 'carol', credential: '', created_at: start })
      t.match(await alerts('--owner', 'carol'), { code: 0, stdout: /^NUMBER.*\n$/ })
      t.match(await alerts('--owner', 'nobody'), { code: 1, stderr: /there is no user nobody/ })
      t.match(await alerts('-n', '201'), { code: 2, stderr: /--lines must be a whole number, 1 to 200/ })
    })

    await t.test('the message of a group lives until a user has seen to it', async (t) => {
      const { channel, pass, sender } = await fresh(t, { kind: 'telegram', chat: '1', lines: 'masked' })
      channel.canEdit = true
      const key = '00000000000000aa'
      await knex('user_logs').where({ user_id: 1 }).delete()
      await knex('user_logs').insert({ user_id: 1, log_event_at: start, id: 7, pid: 1, p_name: 'api', p_description: '', log_level: 'error', log_msg: 'order 17 failed\nat line 3', post_time: start })
      await knex('error_groups').insert({
        user_id: 1, group_key: Buffer.from(key, 'hex'), process: 'api', text: 'order <*> failed', worst: 'error', state: 'new', state_at: start, state_logs: 0, logs: 1, first_seen: start, last_seen: start, first_at: start, last_at: start, samples: JSON.stringify([{ id: '7', at: start }, { id: '8', at: start }]), changes: 1
      })
      const group = () => knex('error_groups').where({ user_id: 1 })
      await knex.transaction((transaction) => raiseAlerts(transaction, [someAlert({ subject: key, kind: 'new', at: channel.now, detail: { title: 'order <*> failed', logs: 1, samples: [], groupKey: key } })], channel.now))
      await pass(1)
      t.match(channel.sent, [{ lines: ['order <*> failed'], state: 'new', logs: 1, hasActions: true, process: 'api' }], 'lines of deleted logs are left out')
      for (let step = 1; step <= 60; step++) {
        await group().update({ logs: 1 + step })
        channel.nowMs += 10_000
        await sender.runNow()
      }
      t.equal(channel.sent.length, 1)
      t.equal(channel.edits.length, 20, 'at most 20 edits in an hour')
      t.ok(millisecondsOf(channel.edits[1]?.at ?? '') - millisecondsOf(channel.edits[0]?.at ?? '') >= 15_000)
      t.match(channel.edits.at(-1), { messageId: '1', id: channel.sent[0]?.id, hasActions: true })
      await group().update({ state: 'acknowledged' })
      channel.nowMs += 3_600_000
      await pass(1)
      t.match(channel.edits[20], { state: 'acknowledged', logs: 61, hasActions: false }, 'one last edit shows it')
      await group().update({ logs: 700 })
      channel.nowMs += 3_600_000
      await pass(40)
      t.equal(channel.edits.length, 21)
    })

    await t.test('alerts of 90 days ago, and of deleted rules, are deleted', async (t) => {
      const { channel, raise, sender, rows } = await fresh(t)
      await raise('a')
      channel.nowMs += 1000
      await sender.runNow()
      channel.nowMs += 89 * 86_400_000
      await raise('b')
      await knex.transaction((transaction) => raiseAlerts(transaction, [someAlert({ ruleId: 77, at: channel.now })], channel.now))
      await sender.runNow()
      t.equal((await rows()).length, 2, 'no rule 77')
      channel.nowMs += 2 * 86_400_000
      await sender.runNow()
      t.equal((await rows()).length, 1)
      t.match(await knex('alerts'), [{ subject: 'b' }])
    })
  })
}
