// The outbox as a chat of Telegram sees it, on each database, by clocks that the test sets.
import { randomUUID } from 'node:crypto'
import type { Knex } from 'knex'
import t, { type Test } from 'tap'
import type { NewAlert } from '../../../../src/alerts/alert.ts'
import { openChannel } from '../../../../src/alerts/channels/channels.ts'
import { TelegramClient } from '../../../../src/alerts/channels/telegram/client.ts'
import { TargetGuard } from '../../../../src/alerts/channels/webhook/target.ts'
import { raiseAlerts } from '../../../../src/alerts/outbox/raise.ts'
import { Sender } from '../../../../src/alerts/outbox/sender.ts'
import { PageLinks } from '../../../../src/alerts/page-links.ts'
import { millisecondsOf, utcTime } from '../../../../src/model/instant.ts'
import { databases, openKnex } from '../../../helpers/databases.ts'
import { startEmbedded } from '../../../helpers/embedded.ts'
import { post } from '../../../helpers/http.ts'
import { basic, createUser } from '../../../helpers/service.ts'
import { FakeTelegram } from '../../../helpers/telegram.ts'
import { until } from '../../../helpers/until.ts'

const start = Date.parse('2026-11-27T09:00:00Z')
const minute = 60_000
const [ann, group, supergroup] = [11, -20, -1_000_000_000_020]

const addChat = (knex: Knex, chat: number, differences: object = {}) => knex('alert_channels').insert({
  user_id: 1, name: `chat ${chat}`, kind: 'telegram', chat: String(chat), target: JSON.stringify({ chat: String(chat), title: 'x', linkedBy: '12' }), lines: 'none', state: 'ok', pauses: 0, created_at: utcTime(start), ...differences
})

/** A fake with a person and a group, and the time of all clocks that go right. */
const startFake = async (t: Test) => {
  const clock = { ms: start }
  const telegram = await FakeTelegram.start(t, () => clock.ms)
  telegram.person(ann, 'Ann')
  telegram.setState(ann, 'ok')
  telegram.group(group, 'Ops')
  return { telegram, clock }
}

/** A sender on a database; its clock is ahead by milliseconds. */
const senderOf = (t: Test, knex: Knex, { telegram: { token, root: apiRoot }, clock }: Awaited<ReturnType<typeof startFake>>, { id = randomUUID(), aheadMs = 0 }: { id?: string, aheadMs?: number } = {}) => {
  const client = new TelegramClient({ token, apiRoot })
  const sender = new Sender({
    knex,
    instance: { id, control: knex, commits: 0 },
    openChannel: (channel) => openChannel(channel, { guard: new TargetGuard([]), telegram: client }),
    links: new PageLinks(undefined),
    now: async () => utcTime(clock.ms + aheadMs),
    onFailure: (error) => { throw error }
  })
  t.teardown(() => sender.close())
  return sender
}

/** The numbers of alerts by the copies that arrived in a chat: those without and those with the remark. */
const copiesIn = (telegram: FakeTelegram, chat: number) => {
  const copies = new Map<string, { unmarked: number, marked: number }>()
  for (const { versions: [first] } of telegram.transcript(chat)) {
    const [, number = '', remark] = /#(\w+)(, may be a repeat)?\n/.exec(first?.text ?? '') ?? []
    const known = copies.get(number) ?? { unmarked: 0, marked: 0 }
    copies.set(number, remark ? { ...known, marked: known.marked + 1 } : { ...known, unmarked: known.unmarked + 1 })
  }
  return copies
}

for (const database of databases) {
  t.test(`sending to Telegram on ${database.name}`, async (t) => {
    const knex = openKnex(t, await database.createMigrated(t))
    await knex('users').insert({ id: 1, username: 'alice', credential: '', created_at: utcTime(start) })
    await knex('alert_rules').insert({ id: 1, user_id: 1, name: 'mine', kind: 'match', settings: '{}', telling: '{}', revision: 1, is_enabled: true, created_at: utcTime(start), updated_at: utcTime(start) })
    let raised = 0
    /** An empty outbox of one chat, and a sender. */
    const fresh = async (t: Test, chat = ann) => {
      for (const table of ['alerts', 'alert_outbox', 'alert_channels', 'instances', 'leases']) await knex(table).delete()
      await addChat(knex, chat)
      const fake = await startFake(t)
      const { telegram, clock } = fake
      const sender = senderOf(t, knex, fake)
      const raise = (title: string) => knex.transaction(async (transaction) => {
        const alert: NewAlert = { userId: 1, ruleId: 1, subject: `${raised++}`, number: 1, kind: 'match', at: utcTime(clock.ms), detail: { title, logs: 1, samples: [] } }
        await raiseAlerts(transaction, [alert], utcTime(clock.ms))
      })
      /** Lets time pass second by second. */
      const pass = async (seconds: number) => {
        for (let second = 0; second < seconds; second++) {
          clock.ms += 1000
          await sender.runNow()
        }
      }
      return { ...fake, sender, raise, pass, texts: () => telegram.texts(chat), row: () => knex('alert_outbox').first(), channel: () => knex('alert_channels').first() }
    }

    for (const fault of ['deliveredThenReset', 'deliveredThen5xx', 'halfAnswer'] as const) {
      await t.test(`what may have arrived is sent once more, with that remark: ${fault}`, async (t) => {
        const { telegram, raise, pass, texts, row } = await fresh(t)
        telegram.fail(fault, 'sendMessage')
        await raise('disk full')
        await pass(30)
        const [first, second] = texts()
        t.match(first, /^Match #\w+\ndisk full\n/)
        t.equal(second, first?.replace(/^(Match #\w+)/, '$1, may be a repeat'))
        t.equal(texts().length, 2)
        t.match(await row(), { state: 'sent', tries: 2 })
      })
    }

    await t.test('what did not arrive is sent again without a remark', async (t) => {
      const { telegram, raise, pass, texts, row } = await fresh(t)
      await telegram.refuse()
      await raise('disk full')
      await pass(5)
      t.match(await row(), { state: 'waiting', reason: /ECONNREFUSED/ })
      await telegram.listen()
      await pass(30)
      t.match(texts(), [/^Match #\w+\ndisk full\n/])
      t.equal(texts().length, 1)
    })

    await t.test('a wish to wait is obeyed, and nothing is lost', async (t) => {
      const { telegram, clock, raise, pass, texts, channel } = await fresh(t, group)
      const { token, root: apiRoot } = telegram
      const other = new TelegramClient({ token, apiRoot })
      const say = { chat_id: String(group), text: 'from elsewhere', entities: [], link_preview_options: { is_disabled: true as const } }
      for (let count = 0; count < 20; count++) {
        clock.ms += 1000
        t.match(await other.call('sendMessage', say, { signal: AbortSignal.timeout(minute) }), { kind: 'done' })
      }
      await raise('disk full')
      await pass(2)
      const { paused_until: until } = await channel()
      const waitMs = millisecondsOf(until) - clock.ms
      t.ok(waitMs > 30_000 && waitMs <= minute, `${waitMs} ms`)
      const calls = telegram.calls.length
      await pass(Math.floor(waitMs / 1000) - 1)
      t.equal(telegram.calls.length, calls, 'nothing is sent before')
      await pass(5)
      t.equal(texts().length, 21)
      t.equal(telegram.calls.length, calls + 1)
    })

    await t.test('a chat that refuses messages is tried again, and hears all once it takes them', async (t) => {
      const { telegram, raise, pass, texts, channel } = await fresh(t)
      telegram.setState(ann, 'blocked')
      await raise('disk full')
      await pass(5)
      t.match(await channel(), { state: 'paused', last_error: /bot was blocked by the user/ })
      telegram.setState(ann, 'ok')
      await pass(65)
      t.match(texts(), [/\ndisk full\n/])
      t.match(await channel(), { state: 'ok', paused_until: null, pauses: 0 })
    })

    await t.test('a chat that refuses messages for a day has lost them, and that is listed', async (t) => {
      const { telegram, clock, sender, raise, row } = await fresh(t)
      telegram.setState(ann, 'blocked')
      await raise('disk full')
      for (;;) {
        const { next_at: next } = await row()
        if (next === null) break
        clock.ms = millisecondsOf(next)
        await sender.runNow()
      }
      t.match(await row(), { state: 'given_up', reason: /24 hours/ })
      const hours = (clock.ms - start) / 3_600_000
      t.ok(hours >= 24 && hours < 25.1, `after ${hours} h`)
      const tries = telegram.calls.length
      t.ok(tries > 20 && tries < 40, `${tries} tries`)
    })

    await t.test('a group that becomes a supergroup is followed', async (t) => {
      const { telegram, raise, pass, channel } = await fresh(t, group)
      telegram.migrate(group, supergroup, { tells: false })
      await raise('disk full')
      await pass(6)
      t.match(telegram.texts(supergroup), [/\ndisk full\n/])
      t.match(await channel(), { chat: String(supergroup), state: 'ok' })
    })

    await t.test('two senders whose clocks are five minutes apart tell nothing twice without a remark', async (t) => {
      const fake = await fresh(t)
      const { telegram, clock, raise } = fake
      const senders = [0, 5 * minute].map((aheadMs) => senderOf(t, knex, fake, { aheadMs }))
      const count = 12
      for (let turn = 0; turn < count; turn++) {
        await raise(`alert ${turn}`)
        clock.ms += 5000
        // Each may believe that it has the lease.
        for (const sender of turn % 2 ? senders : senders.toReversed()) {
          await knex('leases').delete()
          await Promise.all([sender.runNow(), raise(`alert ${turn}, too`)])
        }
        clock.ms += 5000
        await knex('leases').delete()
        await Promise.all(senders.map((sender) => sender.runNow().catch(() => {})))
      }
      await until('all are sent', async () => {
        clock.ms += 10_000
        await knex('leases').delete()
        for (const sender of senders) await sender.runNow().catch(() => {})
        return (await knex('alert_outbox').whereIn('state', ['waiting', 'sending'])).length === 0
      })
      const shown = telegram.texts(ann).reduce((sum, text) => sum + Number(/\n(\d+) alerts\n/.exec(text)?.[1] ?? 1), 0)
      t.equal(shown, 3 * count)
      t.strictSame([...copiesIn(telegram, ann).values()].filter(({ unmarked, marked }) => unmarked !== 1 || marked > 0), [])
    })

    await t.test('a message under way is not sent by another sender, and is marked once that one thinks it lost', async (t) => {
      const fake = await fresh(t)
      const { telegram, clock, raise, row } = fake
      const id = 'the first'
      const [first, ahead] = [senderOf(t, knex, fake, { id }), senderOf(t, knex, fake, { aheadMs: 5 * minute })]
      const slow = telegram.fail('slow', 'sendMessage')
      await raise('disk full')
      clock.ms += 2000
      const run = first.runNow()
      await slow.met
      await knex('leases').delete()
      await ahead.runNow()
      clock.ms += 10_000
      await ahead.runNow()
      t.match(telegram.texts(ann), [/^Match #\w+, may be a repeat\n/])
      slow.release()
      await run.catch(() => {})
      t.match(await row(), { state: 'sent', tries: 2 })
      t.strictSame([...copiesIn(telegram, ann).values()], [{ unmarked: 1, marked: 1 }])
    })
  })

  t.test(`two live instances with one bot on ${database.name}`, async (t) => {
    const telegram = await FakeTelegram.start(t)
    const { token, root: apiRoot } = telegram
    const options = await database.createMigrated(t)
    const startOne = () => startEmbedded(t, options, { alerts: true, telegram: { token, apiRoot } })
    const services = [await startOne(), await startOne()]
    const [first, second] = services
    if (!first || !second) throw new Error('two instances')
    const person = telegram.person(ann, 'Ann')
    telegram.setState(ann, 'ok')
    await createUser(first, 'alice')
    await addChat(first.knex, ann)
    await first.knex('alert_rules').insert({ user_id: 1, name: 'errors', kind: 'group', settings: '{"query":""}', telling: JSON.stringify({ coolDownSeconds: 300, repeatSeconds: 0, quietHours: null }), revision: 1, is_enabled: true, created_at: utcTime(), updated_at: utcTime() })
    const words = ['alpha', 'beta', 'gamma']
    const fail = async (port: number, some: readonly string[]) => {
      for (const word of some) {
        const { status } = await post(port, '/api/logs', [{ level: 'error', process: word, message: `${word} is lost` }], basic('alice'))
        if (status !== 200) throw new Error(`answered ${status}`)
        telegram.pass(minute)
      }
    }
    const told = () => telegram.texts(ann).join('\n')
    const isTold = (some: readonly string[]) => until('all are told', () => some.every((word) => told().includes(`${word} is lost`)))

    await t.test('one polls, and each alert comes once', async (t) => {
      await until('one of them polls', () => telegram.polls)
      await Promise.all(services.map(({ port }, index) => fail(port, words.slice(index, index + 1))))
      await isTold(words.slice(0, 2))
      telegram.say(person, '/unlink')
      await until('the bot has read it', () => telegram.unconfirmed.length === 0)
      t.strictSame(telegram.calls.filter(({ status }) => status === 409), [], 'never two at a time')
      t.match(await until('it is answered', () => telegram.texts(ann).find((text) => text.startsWith('Only'))), 'Only the person who linked this chat can end it here.')
    })

    await t.test('the other one goes on', async (t) => {
      const update = telegram.say(person, 'nothing of interest')
      await until('it is read', () => !telegram.unconfirmed.includes(update))
      await first.app.close()
      await fail(second.port, words.slice(2))
      await isTold(words)
      telegram.say(person, 'nothing more')
      await until('it is read by the other', () => telegram.unconfirmed.length === 0)
      t.strictSame(words.map((word) => told().split(`\n${word} is lost\n`).length - 1), words.map(() => 1), 'each once')
      t.notMatch(told(), /may be a repeat/)
    })
  })
}
