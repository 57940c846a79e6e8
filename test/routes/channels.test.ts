import { readFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { Webhook } from 'standardwebhooks'
import t, { type Test } from 'tap'
import { failureCauses } from '../../src/alerts/channels/failures.ts'
import { remedies } from '../../src/commands/alerts.ts'
import { raiseAlerts } from '../../src/alerts/outbox/raise.ts'
import { utcTime } from '../../src/model/instant.ts'
import { root } from '../helpers/command.ts'
import { databases } from '../helpers/databases.ts'
import { startEmbedded } from '../helpers/embedded.ts'
import { http } from '../helpers/http.ts'
import { basic, createUser, type TestService } from '../helpers/service.ts'
import { until } from '../helpers/until.ts'

interface Received { headers: IncomingHttpHeaders, body: string }

/** A receiver of webhooks. */
async function startReceiver (t: Test) {
  const receiver = { received: [] as Received[], status: 200, url: '' }
  const server = createServer((request, response) => {
    text(request).then((body) => {
      receiver.received.push({ headers: request.headers, body })
      response.writeHead(receiver.status).end()
    }, () => {})
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/secret-path`
  t.teardown(() => server.close())
  return receiver
}

const ask = async (service: TestService, method: string, path: string, { user = 'alice', body }: { user?: string, body?: object } = {}) => {
  const headers = { ...basic(user), ...body && { 'content-type': 'application/json' } }
  const answer = await http(service.port, method, path, headers, body && JSON.stringify(body))
  return { status: answer.status, ...answer.body !== '' && JSON.parse(answer.body) }
}

t.test('docs/alerts.md lists every cause of a failed message and no other, and what `loggerbot alerts` says to do', async (t) => {
  const rows = [...readFileSync(`${root}docs/alerts.md`, 'utf8').matchAll(/^\| `(send\.[a-z-]+)` \|[^|]*\| (.*) \|$/gm)]
  t.strictSame(rows.map(([, cause]) => cause), [...failureCauses])
  t.strictSame(rows.map(([, cause, remedy]) => [cause, remedy]), Object.entries(remedies))
})

for (const database of databases) {
  t.test(`channels and alerts over HTTP on ${database.name}`, async (t) => {
    const receiver = await startReceiver(t)
    const service = await startEmbedded(t, await database.createMigrated(t), { alerts: true, alertTargets: ['127.0.0.1'] })
    const { knex } = service
    for (const user of ['alice', 'bob', 'root']) await createUser(service, user)
    await knex('users').where({ username: 'root' }).update({ admin: true })
    const idOf = async (name: string) => Number((await knex('users').where({ username: name }).first()).id)
    let number = 0
    const raise = async (user: string) => {
      const userId = await idOf(user)
      const detail = { title: `disk of ${user} is full`, logs: 1, samples: [] }
      await knex.transaction((transaction) => raiseAlerts(transaction, [{ userId, ruleId: 1, subject: user, number: ++number, kind: 'match', at: utcTime(), detail }], utcTime()))
    }
    await knex('alert_rules').insert({ id: 1, user_id: 0, name: 'disk', kind: 'match', settings: '{}', telling: '{}', revision: 1, is_enabled: true, created_at: utcTime(), updated_at: utcTime() })

    /** Forgets what was sent: a channel takes one message in 3 seconds, and 6 a minute. */
    const liftLimits = () => knex('alert_channels').update({ recent: null })
    const sendTest = async () => {
      await liftLimits()
      return ask(service, 'POST', '/api/channels/ops/test')
    }

    let secret = ''
    await t.test('a webhook is made, its secret shown once, and its address never', async (t) => {
      const made = await ask(service, 'POST', '/api/channels', { body: { name: 'ops', url: receiver.url } })
      t.match(made, { status: 201, secret: /^whsec_/ })
      secret = made.secret
      t.match(await ask(service, 'POST', '/api/channels', { body: { name: 'ops', url: receiver.url } }), { status: 409 })
      const list = await http(service.port, 'GET', '/api/channels', basic('alice'))
      t.match(JSON.parse(list.body), { channels: [{ name: 'ops', user: 'alice', kind: 'webhook', template: 'json', lines: 'masked', state: 'ok' }], complete: true })
      t.notMatch(list.body, /secret-path|whsec/)
      t.match((await ask(service, 'GET', '/api/rules')).rules, [{ kind: 'group' }], 'the first channel brings the first rules')
      t.match(await knex('audit').where({ action: 'channel.make' }), [{ caller: 'alice', detail: /"channel":"ops"/ }])
      t.notMatch(JSON.stringify(await knex('audit')), /secret-path|whsec/)
    })

    const refused: Record<string, [body: object, field: RegExp]> = {
      'an address without a scheme': [{ name: 'x', url: 'example.com' }, /url/],
      'a user in the address': [{ name: 'x', url: 'http://a:b@example.com' }, /url/],
      'another template': [{ name: 'x', url: receiver.url, template: 'fax' }, /template/],
      'a token that the template has not': [{ name: 'x', url: receiver.url, token: 'a' }, /token/],
      'other lines': [{ name: 'x', url: receiver.url, lines: 'all' }, /lines/],
      'an unknown field': [{ name: 'x', url: receiver.url, colour: 'red' }, /colour/],
      'a name of spaces': [{ name: ' ', url: receiver.url }, /name/]
    }
    for (const [name, [body, field]] of Object.entries(refused)) {
      await t.test(`refuses ${name}`, async (t) => {
        const answer = await ask(service, 'POST', '/api/channels', { body })
        t.equal(answer.status, 400)
        t.match(JSON.stringify(answer), field)
      })
    }

    await t.test('a test arrives at once, signed', async (t) => {
      t.match(await sendTest(), { status: 200, state: 'sent', tries: 1, channel: 'ops' })
      const [{ headers, body } = { headers: {}, body: '' }] = receiver.received
      t.match(new Webhook(secret).verify(body, headers as Record<string, string>), { type: 'alert.test', data: { title: 'Test of ops', user: 'alice' } })
      t.match(await ask(service, 'GET', '/api/channels'), { channels: [{ lastSent: /Z$/, lastError: null }] })
    })

    await t.test('a new secret signs beside the one of before', async (t) => {
      const { secret: newer } = await ask(service, 'PATCH', '/api/channels/ops', { body: { rotate: true, lines: 'none' } })
      t.match(newer, /^whsec_/)
      t.match(await sendTest(), { state: 'sent' })
      const { headers, body } = receiver.received.at(-1)!
      for (const one of [secret, newer]) t.match(new Webhook(one).verify(body, headers as Record<string, string>), { type: 'alert.test' })
      t.match(await ask(service, 'PATCH', '/api/channels/ops', { body: { url: 'ftp://x' } }), { status: 400 })
      t.match(await ask(service, 'PATCH', '/api/channels/none', { body: { lines: 'none' } }), { status: 404 })
    })

    await t.test('alerts are told, and listed with what became of them, to their user alone', async (t) => {
      await liftLimits()
      await raise('alice')
      await raise('bob')
      const sent = await until('the alert is sent', async () => (await ask(service, 'GET', '/api/alerts?state=sent')).alerts.find(({ kind }: { kind: string }) => kind === 'match'))
      t.match(sent, { user: 'alice', rule: 'disk', title: 'disk of alice is full', deliveries: [{ channel: 'ops', state: 'sent', mayRepeat: false }] })
      t.match(JSON.parse(receiver.received.at(-1)!.body), { type: 'alert.match', data: { number: sent.number } })
      const page = await ask(service, 'GET', '/api/alerts?limit=1')
      t.equal(page.alerts.length, 1)
      const next = await ask(service, 'GET', `/api/alerts?limit=1&cursor=${page.cursor}`)
      t.not(next.alerts[0].number, page.alerts[0].number)
      t.match((await ask(service, 'GET', '/api/alerts', { user: 'bob' })).alerts.map(({ user }: { user: string }) => user), ['bob'])
      t.ok((await ask(service, 'GET', '/api/alerts', { user: 'root' })).alerts.some(({ user }: { user: string }) => user === 'bob'))
      t.equal((await ask(service, 'GET', '/api/alerts?user=alice', { user: 'bob' })).status, 403)
      t.equal((await ask(service, 'GET', '/api/alerts?cursor=!')).status, 400)
      t.equal((await ask(service, 'GET', '/api/alerts?color=red')).status, 400)
    })

    await t.test('a channel that is gone is broken, which its state says, and a test tries it again', async (t) => {
      receiver.status = 410
      t.match(await sendTest(), { state: 'waiting', tries: 1, cause: 'send.gone', reason: 'answered 410' })
      t.match(await sendTest(), { state: 'waiting', tries: 2 })
      t.match(await ask(service, 'GET', '/api/channels'), { channels: [{ state: 'broken', lastError: 'answered 410', lastErrorCause: 'send.gone' }] })
      await raise('alice')
      t.match(await ask(service, 'GET', '/api/alerts/health'), { waiting: 2, givenUp: 0, channels: [{ name: 'ops', user: 'alice', state: 'broken', waiting: 2 }] })
      receiver.status = 200
      t.match(await ask(service, 'PATCH', '/api/channels/ops', { body: { lines: 'whole' } }), { status: 200, secret: null })
      await until('all is sent', async () => {
        await liftLimits()
        await knex('alert_outbox').where({ state: 'waiting' }).update({ next_at: '2020-01-01 00:00:00.000000' })
        return (await ask(service, 'GET', '/api/alerts/health')).waiting === 0
      })
      t.match(await ask(service, 'GET', '/api/channels'), { channels: [{ state: 'ok' }] })
    })

    await t.test('a channel is renamed, and paused by its user until a time', async (t) => {
      t.match(await ask(service, 'PATCH', '/api/channels/inner', { body: { name: 'OTHER' } }), { status: 404 })
      t.match(await ask(service, 'PATCH', '/api/channels/ops', { body: { name: 'desk', pausedUntil: '2126-01-01T00:00:00Z' } }), { status: 200 })
      await raise('alice')
      await until('the channel rests', async () => (await knex('alert_outbox').where({ next_at: '2126-01-01 00:00:00.000000' })).length === 1)
      t.match(await ask(service, 'GET', '/api/channels'), { channels: [{ name: 'desk', state: 'paused', pausedUntil: '2126-01-01T00:00:00.000000Z' }] })
      await liftLimits()
      receiver.status = 500
      t.match(await ask(service, 'POST', '/api/channels/desk/test'), { state: 'waiting', cause: 'send.unanswered', reason: 'answered 500' })
      receiver.status = 200
      await liftLimits()
      t.match(await ask(service, 'POST', '/api/channels/desk/test'), { state: 'sent' }, 'a test goes through the pause')
      t.match(await ask(service, 'PATCH', '/api/channels/desk', { body: { lines: 'none' } }), { status: 200 })
      t.match(await ask(service, 'GET', '/api/channels'), { channels: [{ lines: 'none', state: 'paused', pausedUntil: '2126-01-01T00:00:00.000000Z' }] }, 'which goes on')
      t.equal((await ask(service, 'GET', '/api/alerts/health')).waiting, 1)
      t.match(await ask(service, 'PATCH', '/api/channels/desk', { body: { pausedUntil: 'later' } }), { status: 400, error: { rule: 'time.invalid', field: 'pausedUntil' } })
      t.match(await ask(service, 'PATCH', '/api/channels/desk', { body: { pausedUntil: null, name: 'ops' } }), { status: 200 })
      await until('it is sent what waited', async () => {
        await knex('alert_channels').update({ recent: null })
        return (await ask(service, 'GET', '/api/alerts/health')).waiting === 0
      })
    })

    await t.test('a server may not be sent to its own network', async (t) => {
      t.match(await ask(service, 'POST', '/api/channels', { body: { name: 'inner', url: 'http://169.254.169.254/' } }), { status: 201 })
      t.match(await ask(service, 'POST', '/api/channels/inner/test'), { state: 'waiting', reason: /may not send/ })
    })

    await t.test('channels are deleted by their users, and by administrators', async (t) => {
      const [{ id }] = await knex('alert_channels').where({ name: 'inner' })
      await knex('alert_rules').where({ id: 1 }).update({ user_id: await idOf('alice'), channels: JSON.stringify([id]) })
      t.equal((await ask(service, 'DELETE', '/api/channels/inner', { user: 'bob' })).status, 404)
      t.equal((await ask(service, 'DELETE', '/api/channels/inner?user=alice', { user: 'bob' })).status, 403)
      t.equal((await ask(service, 'DELETE', '/api/channels/inner?user=alice', { user: 'root' })).status, 204)
      t.match(await knex('alert_rules').where({ id: 1 }), [{ channels: null }], 'a rule never falls silent by it')
      t.equal((await ask(service, 'DELETE', '/api/channels/ops')).status, 204)
      t.equal((await ask(service, 'GET', '/api/channels')).channels.length, 0)
    })

    await t.test('a user has 50 channels at most', async (t) => {
      for (let index = 0; index < 50; index++) await ask(service, 'POST', '/api/channels', { user: 'bob', body: { name: `channel ${index}`, url: receiver.url } })
      t.equal((await ask(service, 'POST', '/api/channels', { user: 'bob', body: { name: 'one more', url: receiver.url } })).status, 409)
      t.equal((await ask(service, 'GET', '/api/channels', { user: 'bob' })).channels.length, 50)
    })
  })
}
