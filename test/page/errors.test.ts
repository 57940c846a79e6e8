import t from 'tap'
import { databases } from '../helpers/databases.ts'
import { noBrowser, openTab, screenshot, signIn } from '../helpers/browser.ts'
import { basic, createUser, startService } from '../helpers/service.ts'
import { post } from '../helpers/http.ts'

for (const database of databases.filter(({ name }) => name !== 'MySQL')) {
  t.test(`errors on ${database.name}`, { skip: noBrowser }, async (t) => {
    const service = await startService(t, database)
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
      await screenshot(tab, `errors-${database.name}`)
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
}
