// Pictures of errors and alerts for the documents, as screenshots.test.ts makes those of the other screens.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import t from 'tap'
import { noBrowser, openTab, screenshot, signIn } from '../helpers/browser.ts'
import { sqlite } from '../helpers/databases.ts'
import { http, post } from '../helpers/http.ts'
import { basic, createUser, startService } from '../helpers/service.ts'
import { shopLogs } from '../helpers/shop.ts'
import { FakeTelegram } from '../helpers/telegram.ts'
import { pictureOf } from '../helpers/telegram/picture.ts'
import { until } from '../helpers/until.ts'

const isWanted = process.env.LOGGER_SCREENSHOTS !== undefined

const rules = [
  { name: 'Nightly backup', kind: 'silence', settings: { query: 'backup done', by: 'process', cron: '30 2 * * *', zone: 'Europe/Berlin', graceSeconds: 3600 } },
  { name: 'Slow checkout', kind: 'match', settings: { query: 'process:api latency:>5000' } },
  { name: 'Failed logins', kind: 'count', settings: { query: 'login failed', moreThan: 10, withinSeconds: 300, by: 'user.name' } }
]
/** Each with its address, and something that is there once all is. */
const screens = [
  ['errors', '?v=errors', '.groups > li'],
  ['rules', '?v=alerts&open=Nightly+backup', '.entry-details table'],
  ['channels', '?v=alerts&tab=channels', '.entries > li']
] as const
const columns = 'address amount city comment country coupon currency discount email notes phone price status street total weight zip'.split(' ')

t.test('pictures of errors and alerts', { skip: !isWanted || noBrowser, timeout: 600_000 }, async (t) => {
  const telegram = await FakeTelegram.start(t)
  const receiver = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(request.url === '/gone' ? 410 : 200).end())
  })
  receiver.listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  t.teardown(() => receiver.close())
  const hooks = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`
  const service = await startService(t, sqlite, {
    settings: { LOGGER_ALERT_TARGETS: '127.0.0.1', LOGGER_TELEGRAM_TOKEN: telegram.token, LOGGER_TELEGRAM_API: telegram.root, LOGGER_PUBLIC_URL: 'https://logs.example.com' }
  })
  await createUser(service, 'me')
  const ask = (path: string, content: object) => post(service.port, `/api/${path}`, content, basic('me'))
  const send = async (logs: object[]) => t.match(await ask('logs', logs), { status: 200 })
  const ann = telegram.person(11, 'Ann')
  const told = (text: string) => until(`Telegram has ${text}`, () => telegram.texts(11).some((one) => one.includes(text)))

  await send(shopLogs(1500, new Date()))
  // Nobody is told of them: they are from before the first channel.
  await service.app.logAlerts?.runNow()
  const { code } = JSON.parse((await http(service.port, 'POST', '/api/telegram/codes', basic('me'))).body)
  telegram.say(ann, `/start ${code}`)
  await told('This chat now gets the alerts of me')
  for (const [name, path, template] of [['on call', 'hook', 'json'], ['team chat', 'gone', 'slack']]) {
    t.match(await ask('channels', { name, url: `${hooks}/${path}`, template }), { status: 201 })
  }
  await http(service.port, 'POST', '/api/channels/team%20chat/test', basic('me'))
  for (const rule of rules) t.match(await ask('rules', rule), { status: 201 })
  await service.app.logAlerts?.runNow()
  telegram.pass(60_000)
  await send([{ message: 'backup done in 312 s', process: 'backup-orders' }, { message: 'backup done in 41 s', process: 'backup-users' }])
  const refuse = (count: number) => send(Array.from({ length: count }, (_, index) => (
    { level: 'error', process: 'billing', message: `refund of order A-${1042 + index} refused: the bank answered 502` }
  )))
  await refuse(2)
  await told('New error')
  await refuse(15)
  await told('17 logs')
  await send(Array.from({ length: 14 }, () => ({ level: 'warning', process: 'api', message: 'login failed', user: { name: 'alice' } })))
  await told('Failed logins')
  for (const locale of ['en', 'ru']) {
    const tab = await openTab(t, { locale, timezoneId: 'Europe/Berlin', viewport: { width: 1120, height: 670 } })
    await tab.page.goto(`http://127.0.0.1:${service.port}/?v=errors`)
    await signIn(tab, 'me')
    await tab.page.locator('.groups > li').first().waitFor()
    for (const [name, search, ready] of screens) {
      await tab.page.goto(`http://127.0.0.1:${service.port}/${search}`)
      await tab.page.locator(ready).first().waitFor()
      await screenshot(tab, `${name}-${locale}`)
    }
    t.strictSame(tab.faults, [])
  }

  await send(columns.map((name) => ({ level: 'error', process: 'reports', message: `Unknown column '${name}' in 'field list'` })))
  await told('different')

  const messages = telegram.transcript(11).slice(-3)
  const chat = await openTab(t, { viewport: { width: 524, height: 400 } })
  await chat.page.setContent(pictureOf(messages))
  await chat.page.setViewportSize({ width: 524, height: await chat.page.evaluate(() => document.documentElement.scrollHeight) })
  await screenshot(chat, 'telegram')
})
