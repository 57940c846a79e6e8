import { readFileSync } from 'node:fs'
import t from 'tap'
import { databases } from '../helpers/databases.ts'
import { noBrowser, openTab, screenshot, signIn } from '../helpers/browser.ts'
import { basic, createUser, startService } from '../helpers/service.ts'
import { http, post } from '../helpers/http.ts'

for (const database of databases.filter(({ name }) => name !== 'MySQL')) {
  t.test(`saved searches and exports on ${database.name}`, { skip: noBrowser }, async (t) => {
    const service = await startService(t, database)
    await createUser(service, 'me')
    await createUser(service, 'bob')
    const logs = Array.from({ length: 30 }, (_, index) => (
      { message: `=payment ${index}`, level: index % 3 === 0 ? 'error' : 'info', process: 'api' }))
    t.match(await post(service.port, '/api/logs', logs, basic('me')), { status: 200 })
    const put = (user: string, name: string, body: unknown) => http(
      service.port, 'PUT', `/api/searches/${name}`, { ...basic(user), 'content-type': 'application/json' }, JSON.stringify(body))
    const names = async () => {
      const { body } = await http(service.port, 'GET', '/api/searches', basic('me'))
      return JSON.parse(body).searches.map(({ name }: { name: string }) => name)
    }
    await put('bob', 'of-bob', { query: 'level:info', from: '-1d', shared: true })

    const tab = await openTab(t)
    const { page } = tab
    const address = `http://127.0.0.1:${service.port}/`
    await page.goto(`${address}?q=level%3Aerror`)
    await signIn(tab, 'me')
    await page.locator('.row').first().waitFor()

    const save = async (name: string) => {
      // It is read after the rows, and its keys with it.
      await page.locator('.saved-actions').waitFor()
      await page.keyboard.press('s')
      await page.fill('dialog input[name=name]', name)
      await page.click('dialog button[type=submit]')
      await page.locator('dialog').waitFor({ state: 'detached' })
    }
    const tabOf = (name: string) => page.locator('.saved-tabs').getByRole('link', { name })

    await t.test('a search is saved by a key, and shown by its tab or its number', async () => {
      await save('Errors')
      await page.locator('.saved-tabs [aria-current=page]').getByText('Errors').waitFor()
      await page.goto(`${address}?q=payment&o=oldest&c=time,message`)
      await page.locator('.row').first().waitFor()
      await save('Payments')
      await page.keyboard.press('1')
      await page.waitForURL(/q=level%3Aerror&s=Errors/)
      await tabOf('Payments').click()
      await page.waitForURL(/q=payment&o=oldest&c=time%2Cmessage&s=Payments/)
      await screenshot(tab, `saved-${database.name}`)
    })

    await t.test('a change is marked, and replaces what is stored unless that has changed', async (t) => {
      await page.goto(`${address}?q=payment+0&o=oldest&c=time,message&s=Payments`)
      await tabOf('Payments').getByLabel('changed').waitFor()
      await page.getByRole('button', { name: 'Replace' }).click()
      await page.getByRole('button', { name: 'Replace' }).waitFor({ state: 'detached' })
      await put('me', 'Payments', { query: 'elsewhere' })
      await page.goto(`${address}?q=payment+1&o=oldest&c=time,message&s=Payments`)
      await page.getByRole('button', { name: 'Replace' }).waitFor()
      await put('me', 'Payments', { query: 'elsewhere again', position: 1 })
      await page.getByRole('button', { name: 'Replace' }).click()
      await page.getByText('changed elsewhere meanwhile').waitFor()
      t.match(JSON.parse((await http(service.port, 'GET', '/api/searches/Payments', basic('me'))).body), { query: 'elsewhere again' })
    })

    await t.test('tabs are ordered by Alt and the arrows, and by dragging', async (t) => {
      t.strictSame((await names()).slice(0, 2), ['Errors', 'Payments'])
      const saved = () => page.waitForResponse((response) => response.url().endsWith('/api/searches') && response.request().method() === 'GET')
      const moved = saved()
      await tabOf('Errors').press('Alt+ArrowRight')
      await moved
      t.strictSame((await names()).slice(0, 2), ['Payments', 'Errors'])
      const dragged = saved()
      await tabOf('Errors').dragTo(tabOf('Payments'))
      await dragged
      t.strictSame((await names()).slice(0, 2), ['Errors', 'Payments'])
    })

    await t.test('searches of others are listed with their owner; own ones are shared and deleted', async (t) => {
      await page.goto(`${address}?q=payment`)
      await page.getByRole('button', { name: 'Saved searches' }).click()
      await page.locator('dialog').getByText('bob', { exact: true }).waitFor()
      await page.locator('dialog li').filter({ hasText: 'Errors' }).getByLabel('shared').check()
      await page.getByRole('button', { name: 'Delete Payments' }).click()
      await page.getByRole('button', { name: 'Delete Payments' }).waitFor({ state: 'detached' })
      t.strictSame(await names(), ['Errors', 'of-bob'])
      t.match(JSON.parse((await http(service.port, 'GET', '/api/searches', basic('bob'))).body).searches[1], { name: 'Errors', owner: 'me' })
      await page.locator('dialog').getByText('of-bob').click()
      await page.waitForURL(/q=level%3Ainfo&from=-1d/)
    })

    await t.test('an export has the logs of the list and its columns, not those that came since', async (t) => {
      await page.goto(`${address}?q=level%3Aerror&c=time,level,message`)
      await page.locator('.row').first().waitFor()
      await post(service.port, '/api/logs', { message: 'too late', level: 'error' }, basic('me'))
      await page.getByRole('button', { name: 'Export the logs' }).click()
      await page.getByText('The file will have 10 logs.').waitFor()
      await page.getByLabel('CSV').check()
      await page.getByLabel('Those shown').check()
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download' }).click()])
      const lines = readFileSync(await download.path(), 'utf8').trimEnd().split('\r\n')
      t.equal(lines.length, 11)
      t.equal(lines[0], 'at,level,message')
      t.match(lines[1], /^\d{4}-.*Z,error,'=payment \d+$/)
    })

    t.strictSame(tab.faults, [])
    t.strictSame([...tab.strangers], [])
  })
}
