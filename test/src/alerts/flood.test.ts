// Floods of errors, as the receivers of a webhook and of Telegram see them.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { utcTime } from '../../../src/model/instant.ts'
import { databases } from '../../helpers/databases.ts'
import { startEmbedded } from '../../helpers/embedded.ts'
import { http, post } from '../../helpers/http.ts'
import { basic, createUser } from '../../helpers/service.ts'
import { FakeTelegram } from '../../helpers/telegram.ts'
import { until } from '../../helpers/until.ts'

interface Message { type: string, data: { title: string, url: string, logsUrl: string, heldBack: number, alerts: Array<{ alerts: number }> } }

/** A receiver of webhooks. */
async function startReceiver (t: Test) {
  const receiver = { received: [] as Array<Message & { at: number }>, url: '' }
  const server = createServer((request, response) => {
    json(request).then((message) => {
      receiver.received.push({ ...message as Message, at: performance.now() })
      response.end()
    }, () => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  t.teardown(() => server.close())
  return receiver
}

/** A number as a word of letters, so that each message is of a group of its own. */
const word = (number: number): string => [...String(number)].map((digit) => 'bcdfghjklm'[Number(digit)]).join('')
const logsPerRequest = 500

// One database is enough: outbox.test.ts sends on each. 20,000 errors take minutes on a slow machine.
for (const database of databases.slice(0, 1)) {
  t.test(`floods of errors on ${database.name}`, { timeout: 300_000 }, async (t) => {
    const [telegram, receiver] = [await FakeTelegram.start(t), await startReceiver(t)]
    const { token, root: apiRoot } = telegram
    const service = await startEmbedded(t, await database.createMigrated(t), {
      alerts: true, alertTargets: ['127.0.0.1'], telegram: { token, apiRoot }, publicUrl: 'https://logs.example/here/'
    })
    const { knex } = service
    await createUser(service, 'alice')
    const ann = telegram.person(11, 'Ann')
    telegram.setState(11, 'ok')
    await knex('alert_channels').insert({ user_id: 1, name: 'chat', kind: 'telegram', chat: '11', target: '{"chat":"11","title":"Ann","linkedBy":"11"}', lines: 'none', state: 'ok', pauses: 0, created_at: utcTime() })
    const made = await post(service.port, '/api/channels', { name: 'hook', url: receiver.url, lines: 'none' }, basic('alice'))
    t.equal(made.status, 201)
    const fail = async (count: number, messageOf: (index: number) => object) => {
      for (let from = 0; from < count; from += logsPerRequest) {
        const logs = Array.from({ length: Math.min(logsPerRequest, count - from) }, (_, index) => ({ level: 'error', process: 'api', ...messageOf(from + index) }))
        const { status } = await post(service.port, '/api/logs', logs, basic('alice'))
        if (status !== 200) throw new Error(`answered ${status}`)
      }
    }
    const messages = () => telegram.transcript(11)
    const edits = () => messages().reduce((sum, { versions }) => sum + versions.length - 1, 0)

    await t.test('10,000 equal errors are one message, which is edited', async (t) => {
      await fail(10_000, () => ({ message: 'no route to host' }))
      await until('the message has the count', () => telegram.texts(11).some((text) => text.includes('10000 logs')))
      t.ok(messages().length <= 3, `${messages().length} messages`)
      t.ok(edits() <= 20, `${edits()} edits`)
      await until('the webhook has a message', () => receiver.received.length > 0)
      t.ok(receiver.received.length <= 3)
      const [{ data } = { data: undefined }] = receiver.received
      const [{ id }] = JSON.parse((await http(service.port, 'GET', '/api/errors', basic('alice'))).body).errors
      t.match(data, { title: 'no route to host', url: `https://logs.example/here/?v=errors&open=${id}`, logsUrl: /^https:\/\/logs\.example\/here\/\?from=&log=\d+$/ })
    })

    await t.test('Acknowledge stops it, and another error comes through', async (t) => {
      const message = messages().at(-1)!
      const { callback_data: data = '' } = message.versions.at(-1)!.buttons.flat()[0]!
      t.equal(await telegram.answerTo(telegram.press(ann, 11, message.id, data)), 'Acknowledged.')
      const before = messages().length
      await fail(2000, () => ({ message: 'no route to host' }))
      await fail(1, () => ({ message: 'disk is full' }))
      await until('the other error is told', () => telegram.texts(11).at(-1)?.includes('disk is full') && receiver.received.at(-1)?.data.title === 'disk is full')
      t.equal(messages().length, before + 1)
    })

    await t.test('10,000 different errors are a few messages, which say how many they do not show', async (t) => {
      const before = receiver.received.length
      await fail(10_000, (index) => ({ message: `failure of ${word(index)}`, process: `part ${word(index % 10)}` }))
      const told = () => receiver.received.slice(before)
      const count = () => told().reduce((sum, { data }) => sum + data.heldBack + (data.alerts.length === 0 ? 1 : data.alerts.reduce((all, { alerts }) => all + alerts, 0)), 0)
      await until('all are told', () => count() >= 10_000, { progress: () => receiver.received.length })
      t.equal(count(), 10_000, 'shown, or counted')
      const most = receiver.received.map(({ at }) => receiver.received.filter((other) => other.at >= at && other.at < at + 60_000).length)
      t.ok(Math.max(...most) <= 6, `${Math.max(...most)} messages in a minute`)
      t.ok(messages().length <= before + told().length + 6)
    })
  })
}
