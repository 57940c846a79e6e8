import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { Webhook } from 'standardwebhooks'
import t, { type Test } from 'tap'
import { noBrowser, openTab, signIn } from '../helpers/browser.ts'
import { databases, sqlite } from '../helpers/databases.ts'
import { post } from '../helpers/http.ts'
import { basic, createUser, startService } from '../helpers/service.ts'
import { FakeTelegram } from '../helpers/telegram.ts'
import { until } from '../helpers/until.ts'

/** A receiver of webhooks, which answers with a status. */
async function startReceiver (t: Test) {
  const receiver = { bodies: [] as string[], headers: [] as Array<Record<string, string>>, status: 200, url: '' }
  const server = createServer((request, response) => {
    text(request).then((body) => {
      receiver.bodies.push(body)
      receiver.headers.push(request.headers as Record<string, string>)
      response.writeHead(receiver.status).end()
    }, () => {})
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
  t.teardown(() => server.close())
  return receiver
}

const hostile = '<img src=x onerror=alert(1)>'

for (const database of databases.filter(({ name }) => name !== 'MySQL')) {
  t.test(`alerts on ${database.name}`, { skip: noBrowser }, async (t) => {
    const receiver = await startReceiver(t)
    const telegram = await FakeTelegram.start(t)
    const service = await startService(t, database, {
      settings: { LOGGER_ALERT_TARGETS: '127.0.0.1', LOGGER_TELEGRAM_TOKEN: telegram.token, LOGGER_TELEGRAM_API: telegram.root }
    })
    await createUser(service, 'me')
    const send = (logs: object[]) => post(service.port, '/api/logs', logs, basic('me'))
    t.match(await send([{ message: 'all is well', process: 'api' }]), { status: 200 })
    const tab = await openTab(t)
    const { page } = tab
    const address = `http://127.0.0.1:${service.port}/`
    const dialog = page.locator('dialog')
    const entry = (name: string) => page.locator('.entries > li', { hasText: name })
    await page.goto(`${address}?v=alerts&tab=channels`)
    await signIn(tab, 'me')
    await page.getByText('No channels yet').waitFor()

    await t.test('a webhook is added, shows its secret once, and a test says what became of it', async (t) => {
      await page.getByRole('button', { name: 'Add a webhook' }).click()
      await dialog.getByLabel('Name').fill('ops')
      await dialog.getByLabel('Address').fill('nowhere')
      await dialog.getByRole('button', { name: 'Save' }).click()
      await dialog.getByText('This is no address').waitFor()
      await dialog.getByLabel('Address').fill(receiver.url)
      await dialog.getByRole('button', { name: 'Save' }).click()
      const secret = await dialog.locator('pre').innerText()
      await page.keyboard.press('Escape')
      await entry('ops').getByText('Works').waitFor()
      t.notMatch(await page.content(), secret)
      await page.getByRole('button', { name: 'Send a test to ops' }).click()
      await entry('ops').getByText('delivered').waitFor()
      const [body = ''] = receiver.bodies
      t.match(new Webhook(secret).verify(body, receiver.headers[0] ?? {}), { type: 'alert.test' })
    })

    await t.test('a channel is renamed, paused, tried again, and says why it is broken', async (t) => {
      await page.getByRole('button', { name: 'Change ops' }).click()
      await dialog.getByLabel('Name').fill(hostile)
      await dialog.getByLabel('Pause').selectOption('8')
      await dialog.getByRole('button', { name: 'Save' }).click()
      await entry(hostile).getByText('Paused until').waitFor()
      await page.getByRole('button', { name: `Send a test to ${hostile}` }).click()
      await entry(hostile).getByText('delivered').waitFor()
      await page.getByRole('button', { name: `Change ${hostile}` }).click()
      t.match(await dialog.getByLabel('Pause').locator('option:checked').innerText(), /^Paused until/, 'what is not changed stays')
      await dialog.getByLabel('Lines').selectOption('none')
      await dialog.getByRole('button', { name: 'Save' }).click()
      await entry(hostile).getByText('no lines of logs').waitFor()
      await entry(hostile).getByText('Paused until').waitFor()
      await service.knex('alert_channels').update({ recent: null })
      await page.getByRole('button', { name: `Change ${hostile}` }).click()
      await dialog.getByLabel('Pause').selectOption('0')
      await dialog.getByRole('button', { name: 'Save' }).click()
      await entry(hostile).getByText('Works').waitFor()
      await page.getByRole('button', { name: `Change ${hostile}` }).click()
      await dialog.getByLabel('Pause').selectOption('8')
      await dialog.getByRole('button', { name: 'Save' }).click()
      await entry(hostile).getByText('Paused until').waitFor()
      await page.getByRole('button', { name: `Try ${hostile} again now` }).click()
      await entry(hostile).getByText('Works').waitFor()
      receiver.status = 410
      await page.getByRole('button', { name: `Send a test to ${hostile}` }).click()
      await entry(hostile).getByText('Broken').waitFor()
      await entry(hostile).getByText('not delivered yet').waitFor()
      await entry(hostile).getByText('The address is no longer in use. answered 410').first().waitFor()
      const russian = await openTab(t, { locale: 'ru' })
      await russian.page.goto(`${address}?v=alerts&tab=channels`)
      await signIn(russian, 'me')
      await russian.page.getByText('Этот адрес больше не работает. answered 410').waitFor()
      await russian.page.close()
      receiver.status = 200
      await page.getByRole('button', { name: `Try ${hostile} again now` }).click()
      await entry(hostile).getByText('Works').waitFor()
    })

    await t.test('a chat of Telegram is linked by its code, seen as it comes, and unlinked', async (t) => {
      await page.getByRole('button', { name: 'Link Telegram' }).click()
      const start = await dialog.locator('pre').innerText()
      t.equal(await dialog.getByRole('link').first().getAttribute('href'), `https://t.me/${telegram.bot.username}?start=${start.slice('/start '.length)}`)
      await dialog.getByText('Waiting for the chat').waitFor()
      telegram.say(telegram.person(5, 'Anna'), start)
      await dialog.getByText('Linked: Anna').waitFor()
      await dialog.getByRole('button', { name: 'Close' }).last().click()
      await entry('Telegram · Anna').getByText('lines as they are').waitFor()
      await page.getByRole('button', { name: 'Send a test to Anna' }).click()
      await entry('Anna').getByText('delivered').waitFor()
      t.match(telegram.texts(5).at(-1), /Test/)
      await page.getByRole('button', { name: 'Delete Anna' }).click()
      await dialog.getByRole('button', { name: 'Delete', exact: true }).click()
      await entry('Anna').waitFor({ state: 'detached' })
    })

    await t.test('the list goes to a new rule of its search, and a wrong query is refused at its place', async () => {
      await page.goto(`${address}?q=level:warning`)
      await page.locator('.saved-tabs button').first().waitFor()
      await page.keyboard.press('a')
      await page.waitForURL(/v=alerts&tab=new&q=level%3Awarning/)
      await dialog.getByRole('textbox', { name: 'Query' }).fill('level:(')
      await dialog.getByLabel('Name').fill('warnings')
      await dialog.getByRole('button', { name: 'Save the rule' }).click()
      await dialog.locator('.field', { has: page.getByRole('textbox', { name: 'Query' }) }).getByRole('alert').waitFor()
      await dialog.getByRole('textbox', { name: 'Query' }).fill('level:warning disk')
      await dialog.getByRole('button', { name: 'Save the rule' }).click()
      await entry('Every log that this finds: level:warning disk').getByText('On').waitFor()
      await page.waitForURL(/v=alerts$/)
    })

    await t.test('rules of each kind are made, and say in plain words what they look at', async (t) => {
      const make = async (name: string, kind: string, fill: () => Promise<void>) => {
        await page.getByRole('button', { name: 'New rule' }).click()
        await dialog.getByLabel('Name').fill(name)
        await dialog.getByLabel('Tell me of').selectOption(kind)
        await fill()
        await dialog.getByRole('button', { name: 'Save the rule' }).click()
        await dialog.waitFor({ state: 'detached' })
      }
      await make('logins', 'count', async () => {
        await dialog.getByRole('spinbutton', { name: 'More logs than' }).fill('7')
        await dialog.getByLabel('Within: unit', { exact: true }).selectOption('hours')
        await dialog.getByLabel('Each value').fill('process')
        await dialog.getByLabel('Quiet hours').check()
        await dialog.getByLabel('Time zone').fill('Nowhere/At All')
        await dialog.getByRole('button', { name: 'Save the rule' }).click()
        await dialog.getByText('There is no such time zone.').waitFor()
        await dialog.getByLabel('Time zone').fill('Europe/Berlin')
      })
      await make('backup', 'silence', async () => {
        await dialog.getByRole('radio', { name: 'At certain times' }).check()
        await dialog.getByLabel('Times, as in crontab').fill('30 2 * * *')
        await dialog.getByLabel('Each value').fill('process')
        await dialog.getByRole('textbox', { name: 'Query' }).fill('backup')
      })
      await entry('More than 7 logs within 5 hr, each process for itself').waitFor()
      await entry('No log when one is due: 30 2 * * *').waitFor()
      t.match(await service.knex('alert_rules').where({ name: 'logins' }), [{ telling: /"from":"22:00".*Europe\/Berlin/ }])
    })

    await t.test('a rule tells, and its history and that of all say what became of it', async (t) => {
      // The tests have used up what a channel may get in a minute.
      await service.knex('alert_channels').update({ recent: null })
      t.match(await send([{ message: `disk of ${hostile} is full`, level: 'warning', process: 'db' }, { message: 'backup', process: 'cron-1' }, { message: 'boom', level: 'error', process: 'api' }]), { status: 200 })
      await until('both are told', () => receiver.bodies.some((body) => /boom/.test(body)) && receiver.bodies.some((body) => /warnings/.test(body)))
      await page.getByRole('link', { name: 'Told' }).click()
      await entry('warnings').getByText('delivered').first().waitFor()
      await page.getByRole('link', { name: 'boom' }).click()
      await page.getByRole('button', { expanded: true, name: /boom/ }).waitFor()
      t.match(page.url(), /v=errors&open=[0-9a-f]{16}$/)
      await page.goBack()
      await page.getByRole('radio', { name: 'Not delivered' }).check()
      await page.getByText('No such alerts in the last 90 days.').waitFor()
      await page.getByRole('link', { name: 'Rules' }).click()
      await entry('warnings').getByRole('button').first().click()
      await page.locator('.entry-details').getByText('Found').waitFor()
      await page.reload()
      await page.locator('.entry-details').getByText('delivered').waitFor()
    })

    await t.test('rules, and what was told, are shown as they change', async (t) => {
      const send = async (message: string) => {
        t.match(await post(service.port, '/api/logs', [{ message, level: 'error', process: message }], basic('me')), { status: 200 })
      }
      await entry('New errors').getByRole('button').first().click()
      await page.locator('.entry-details').getByText('Told so far').waitFor()
      await send('fire')
      await page.locator('.entry-details').getByText('fire').first().waitFor()
      await page.getByRole('link', { name: 'Told' }).click()
      await entry('fire').first().waitFor()
      await send('water')
      await entry('water').first().waitFor()
      t.match(await page.locator('.entries > li').first().innerText(), /water/)
      await page.getByRole('link', { name: 'Rules' }).click()
      await service.knex('alert_rules').where({ name: 'logins' }).update({ is_enabled: false })
      await entry('logins').getByText('Off', { exact: true }).waitFor()
      await entry('New errors').getByRole('button').first().waitFor()
    })

    await t.test('a silent value is listed, and forgotten', async () => {
      await entry('backup').getByRole('button').first().click()
      await page.getByRole('row', { name: /cron-1 in time/ }).waitFor()
      await page.getByRole('button', { name: 'Forget cron-1' }).click()
      await page.getByRole('row', { name: /cron-1/ }).waitFor({ state: 'detached' })
    })

    await t.test('a rule is switched off, changed, deleted, and brought back, by keys alone', async (t) => {
      const press = async (name: string) => {
        await page.getByRole('button', { name, exact: true }).focus()
        await page.keyboard.press('Enter')
      }
      await press('Switch off')
      await entry('backup').getByText('Off', { exact: true }).waitFor()
      await press('Change the rule')
      await dialog.locator('input:focus').waitFor()
      await page.keyboard.press('ControlOrMeta+a')
      await page.keyboard.type('nightly')
      await page.keyboard.press('Enter')
      await entry('nightly').waitFor()
      await entry('nightly').getByRole('button').first().press('Enter')
      await press('Delete')
      await page.getByText('nightly is deleted.').waitFor()
      t.equal((await service.knex('alert_rules').where({ name: 'nightly' })).length, 0)
      await press('Undo')
      await entry('nightly').getByText('Off', { exact: true }).waitFor()
      t.match(await service.knex('alert_rules').where({ name: 'nightly' }), [{ kind: 'silence', settings: /30 2/ }])
    })

    await t.test('all of it is in Russian', async () => {
      const russian = await openTab(t, { locale: 'ru' })
      await russian.page.goto(`${address}?v=alerts`)
      await signIn(russian, 'me')
      await russian.page.getByText(/Больше 7.логов за 5.ч, отдельно для каждого process/).waitFor()
      await russian.page.getByRole('link', { name: 'История' }).click()
      await russian.page.getByText('доставлено').first().waitFor()
      t.strictSame(russian.faults, [])
    })

    t.strictSame(tab.faults, [])
    t.strictSame([...tab.strangers], [])
  })
}

t.test('a server without alerts says so, and one without a bot', { skip: noBrowser }, async (t) => {
  for (const [settings, button, said] of [
    [{ LOGGER_ALERTS: 'false' }, undefined, 'This server sends no alerts'],
    [{}, 'Link Telegram', 'This server has no bot of Telegram.']
  ] as const) {
    const service = await startService(t, sqlite, { settings })
    await createUser(service, 'me')
    const tab = await openTab(t)
    await tab.page.goto(`http://127.0.0.1:${service.port}/?v=alerts&tab=channels`)
    await signIn(tab, 'me')
    if (button) await tab.page.getByRole('button', { name: button }).click()
    await tab.page.getByText(said).waitFor()
    t.strictSame(tab.faults, [])
  }
})
