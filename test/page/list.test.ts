import t from 'tap'
import { databases } from '../helpers/databases.ts'
import { noBrowser, openTab, screenshot, signIn } from '../helpers/browser.ts'
import { basic, createUser, startService } from '../helpers/service.ts'
import { post } from '../helpers/http.ts'

for (const database of databases.filter(({ name }) => name !== 'MySQL')) {
  t.test(`the list on ${database.name}`, { skip: noBrowser }, async (t) => {
    const service = await startService(t, database)
    await createUser(service, 'me')
    const logs = Array.from({ length: 1200 }, (_, index) => ({
      message: `message ${index}`,
      level: index % 3 === 0 ? 'error' : 'info',
      process: 'api',
      order: { id: `A-${index}` },
      time: new Date(Date.now() - (1200 - index) * 1000).toISOString()
    }))
    t.match(await post(service.port, '/api/logs', logs, basic('me')), { status: 200 })

    const tab = await openTab(t)
    const { page } = tab
    await page.goto(`http://127.0.0.1:${service.port}/`)
    await signIn(tab, 'me')

    await t.test('shows the newest log first, and reads further pages as they are scrolled to', async (t) => {
      await page.getByText('message 1199', { exact: true }).waitFor()
      t.ok(await page.locator('.row').count() < 100, 'only the rows in view are in the document')
      for (let seen = false; !seen;) {
        await page.locator('.list-rows').evaluate((element) => { element.scrollTop = element.scrollHeight })
        seen = await page.getByText('message 0', { exact: true }).waitFor({ timeout: 500 }).then(() => true, () => false)
      }
      t.pass('the oldest one is reached')
    })

    await t.test('opens a log in place, and asks for its values by a click', async () => {
      await page.goto(`http://127.0.0.1:${service.port}/?q=message`)
      await page.getByText('message 1199', { exact: true }).click()
      await page.locator('.detail').getByText('A-1199').waitFor()
      await screenshot(tab, `opened-${database.name}`)
      await page.locator('.tree-line', { hasText: 'A-1199' }).hover()
      await page.getByTitle('Only order.id A-1199').click()
      await page.waitForURL(/q=message\+order\.id%3AA-1199/)
      await page.locator('.row').nth(1).waitFor({ state: 'detached' })
    })

    t.strictSame(tab.faults, [])
    t.strictSame([...tab.strangers], [])
  })
}
