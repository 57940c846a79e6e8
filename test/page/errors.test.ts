import t from 'tap'
import { databases } from '../helpers/databases.ts'
import { noBrowser, openTab, screenshot, signIn } from '../helpers/browser.ts'
import { basic, createUser, startService } from '../helpers/service.ts'
import { post } from '../helpers/http.ts'
import { until } from '../helpers/until.ts'

for (const database of databases.filter(({ name }) => name !== 'MySQL')) {
  t.test(`errors of a server that does not group them, on ${database.name}`, { skip: noBrowser }, async (t) => {
    const service = await startService(t, database, { settings: { LOGGER_ALERTS: 'false' } })
    await createUser(service, 'me')
    const logs = Array.from({ length: 30 }, (_, index) => ({
      message: index % 3 === 0 ? `timeout after ${index} ms` : `Payment of order A-${index} failed`,
      level: index % 2 === 0 ? 'error' : 'info',
      process: 'billing',
      time: new Date(Date.now() - (60 - index) * 1000).toISOString()
    }))
    t.match(await post(service.port, '/api/logs', [...logs, { message: '<img src=x onerror=alert(1)>', level: 'critical', process: '<b>' }], basic('me')), { status: 200 })

    const tab = await openTab(t)
    const { page } = tab
    await page.goto(`http://127.0.0.1:${service.port}/`)
    await signIn(tab, 'me')

    await t.test('groups what errors say, and counts them', async () => {
      await page.getByRole('link', { name: 'Errors' }).click()
      await page.getByRole('link', { name: /5 times billing timeout after … ms/ }).waitFor()
      await page.getByRole('link', { name: /10 times billing Payment of order … failed/ }).waitFor()
      await page.getByText('16 errors in 3 groups.').waitFor()
      await screenshot(tab, `errors-by-template-${database.name}`)
    })

    await t.test('puts the most frequent ones first when asked', async (t) => {
      t.match(await page.locator('.group').first().innerText(), /<img/)
      await page.getByRole('radio', { name: 'Most frequent' }).check()
      t.match(await page.locator('.group').first().innerText(), /Payment/)
    })

    await t.test('opens the logs of a group by Enter', async () => {
      await page.getByRole('link', { name: /timeout/ }).press('Enter')
      await page.getByText('timeout after 24 ms').waitFor()
      await page.getByText('5 logs').first().waitFor()
    })

    t.strictSame(tab.faults, [])
    t.strictSame([...tab.strangers], [])
  })
  t.test(`groups of errors on ${database.name}`, { skip: noBrowser }, async (t) => {
    const service = await startService(t, database)
    await createUser(service, 'me')
    const logs = Array.from({ length: 12 }, (_, index) => ({ message: index % 3 === 0 ? `timeout after ${index} ms` : `Payment ${index} failed`, level: 'error', process: 'billing' }))
    t.match(await post(service.port, '/api/logs', [...logs, { message: '<img src=x onerror=alert(1)>', level: 'critical', process: '<b>' }], basic('me')), { status: 200 })
    await until('the errors are grouped', async () => (await service.knex('error_groups')).length === 3)
    const state = async (text: string) => (await service.knex('error_groups').where('text', 'like', `${text}%`).first())

    const tab = await openTab(t)
    const { page } = tab
    await page.goto(`http://127.0.0.1:${service.port}/?v=errors`)
    await signIn(tab, 'me')
    const payment = page.locator('li', { has: page.getByRole('button', { name: /8 times billing New Payment <\*> failed/ }) })

    await t.test('are listed with their states, and open to what is known of them', async (t) => {
      await page.getByText('3 groups.').waitFor()
      await payment.getByRole('button', { name: /Payment/ }).press('Enter')
      await payment.getByText('Their messages are the same, but for values.').waitFor()
      await payment.getByRole('link', { name: /Payment 11 failed/ }).first().waitFor()
      t.equal(await payment.locator('.group-logs li').count(), 8)
      await payment.getByRole('cell', { name: 'the server' }).waitFor()
      await screenshot(tab, `errors-${database.name}`)
    })

    await t.test('are acknowledged, muted, resolved and opened again', async (t) => {
      const open = page.locator('li', { has: page.getByRole('button', { expanded: true }) })
      for (const [button, shown, stored] of [['Acknowledge', /^Acknowledged since/, 'acknowledged'], ['Mute for 1 hour', /^Muted since .*, until /, 'muted'], ['Mute for as many', /until 250 more logs$/, 'muted'], ['Resolve', /^Resolved since/, 'resolved'], ['Reopen', /^Ongoing since/, 'ongoing']] as const) {
        if (button === 'Mute for as many') await open.getByLabel('Further logs').fill('250')
        await open.getByRole('button', { name: button, exact: true }).click()
        await open.getByText(shown).waitFor()
        t.match(await state('Payment'), { state: stored })
      }
      await open.getByRole('cell', { name: 'me', exact: true }).nth(4).waitFor()
    })

    await t.test('have an address each, which outlives a reload, and the way back closes them', async () => {
      const opened = page.url()
      await page.getByRole('button', { name: /Payment/ }).click()
      await page.getByRole('radio', { name: 'Resolved 0' }).check()
      await page.getByText('No errors here.').waitFor()
      await page.goto(opened)
      await page.getByRole('button', { expanded: true, name: /Payment/ }).waitFor()
      await page.getByText('3 groups.').waitFor()
      await page.getByRole('radio', { name: 'Resolved 0' }).check()
      // The list has no such group: it is read by its address.
      await page.getByRole('button', { expanded: true, name: /Payment/ }).waitFor()
      await page.getByText('1 group.').waitFor()
      await page.getByRole('radio', { name: 'Open 3' }).check()
      await page.getByText('3 groups.').waitFor()
    })

    await t.test('are merged, split, and put back by undo', async (t) => {
      const open = page.locator('li', { has: page.getByRole('button', { expanded: true }) })
      await open.getByLabel('Count with').selectOption({ label: 'billing: timeout after <*>' })
      await open.getByRole('button', { name: 'Merge' }).click()
      await page.getByText('2 groups.').waitFor()
      t.ok((await state('Payment')).merged_into)
      await page.getByRole('button', { name: 'Undo' }).click()
      await page.getByText('3 groups.').waitFor()
      t.equal((await state('Payment')).merged_into, null)
    })

    await t.test('lead to the logs around one of theirs, and are told in Russian', async () => {
      await page.getByRole('button', { name: /timeout/ }).click()
      await page.getByRole('link', { name: /timeout after 9 ms/ }).click()
      await page.waitForURL(/log=\d+/)
      await page.getByText('Payment 8 failed').first().waitFor()
      const russian = await openTab(t, { locale: 'ru' })
      await russian.page.goto(`http://127.0.0.1:${service.port}/?v=errors`)
      await signIn(russian, 'me')
      await russian.page.getByText('Групп: 3.').waitFor()
      await russian.page.getByRole('button', { name: /timeout/ }).click()
      await russian.page.getByText('Их сообщения одинаковы, кроме значений.').waitFor()
      await screenshot(russian, `errors-ru-${database.name}`)
      t.strictSame(russian.faults, [])
    })

    t.strictSame(tab.faults, [])
    t.strictSame([...tab.strangers], [])
  })
}
