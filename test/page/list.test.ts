import t from 'tap'
import { databases } from '../helpers/databases.ts'
import { noBrowser, openTab, screenshot, signIn, type Tab } from '../helpers/browser.ts'
import { basic, createUser, startService } from '../helpers/service.ts'
import { post } from '../helpers/http.ts'
import { until } from '../helpers/until.ts'

const count = 1200

/** A log a second; the last ones have what the tests look for. */
function logsBefore (now: number): object[] {
  const time = (index: number) => new Date(now - (count - index) * 1000).toISOString()
  const logs: object[] = Array.from({ length: count }, (_, index) => ({
    message: `message ${index}`,
    level: index % 3 === 0 ? 'error' : 'info',
    process: index % 2 === 0 ? 'api' : 'billing',
    order: { id: `A-${index}` },
    time: time(index)
  }))
  logs.splice(-30, 20, ...logs.slice(-30, -10).map((log, index) => ({ ...log, message: `retry ${index} of the job`, level: 'info', process: 'api' })))
  logs[count - 31] = { ...logs[count - 31], message: `long ${'word '.repeat(1000)}the end`, level: 'warning' }
  logs[count - 32] = {
    ...logs[count - 32],
    message: 'TypeError: no\n    at own (/srv/api/pay.js:1:1)\n    at a (/srv/node_modules/x/a.js:1:1)\n    at b (/srv/node_modules/x/b.js:1:1)\n    at c (/srv/node_modules/x/c.js:1:1)\nwith {"job":{"name":"mail"}}',
    latency: 812
  }
  return logs
}

for (const database of databases.filter(({ name }) => name !== 'MySQL')) {
  t.test(`the list on ${database.name}`, { skip: noBrowser }, async (t) => {
    const service = await startService(t, database)
    await createUser(service, 'me')
    t.match(await post(service.port, '/api/logs', logsBefore(Date.now()), basic('me')), { status: 200 })
    const address = `http://127.0.0.1:${service.port}/`
    const tab = await openTab(t)
    const { page } = tab
    await page.goto(address)
    await signIn(tab, 'me')
    const open = async (search: string, tab: Tab['page'] = page) => {
      await tab.goto(`${address}${search}`)
      await tab.locator('.row').first().waitFor()
    }

    await t.test('shows the newest log first, and reads further pages as they are scrolled to', async (t) => {
      await page.getByText('message 1199', { exact: true }).waitFor()
      t.ok(await page.locator('.row').count() < 100, 'only the rows in view are in the document')
      for (let isSeen = false; !isSeen;) {
        await page.locator('.list-rows').evaluate((element) => { element.scrollTop = element.scrollHeight })
        isSeen = await page.getByText('message 0', { exact: true }).waitFor({ timeout: 500 }).then(() => true, () => false)
      }
      t.equal(await page.locator('.status [role=status]').textContent(), '1,200\u00a0logs, exact')
    })

    await t.test('opens a log in place, and asks for its values by a click', async () => {
      await open('?q=message')
      await page.getByText('message 1199', { exact: true }).click()
      await page.locator('.tree-line', { hasText: 'A-1199' }).hover()
      await screenshot(tab, `opened-${database.name}`)
      await page.getByTitle('Only order.id A-1199').click()
      await page.waitForURL(/q=message\+order\.id%3AA-1199/)
      await page.locator('.row').nth(1).waitFor({ state: 'detached' })
    })

    await t.test('shows a whole message, its frames folded, its JSON and its SQL', async (t) => {
      await open('')
      await page.keyboard.press('End')
      await page.getByText('message 0', { exact: true }).waitFor()
      await open('?q=TypeError%20OR%20long%20OR%20retry')
      await page.getByText('TypeError: no').click()
      const detail = page.locator('.detail')
      await detail.getByText('3 frames of libraries').click()
      await detail.getByText('at b (/srv/node_modules').waitFor()
      await detail.getByRole('tab', { name: 'JSON' }).click()
      await detail.getByRole('treeitem').getByText('mail').waitFor()
      await detail.getByRole('tab', { name: 'SQL' }).click()
      const sql = await detail.locator('pre').textContent() ?? ''
      t.equal((await service.knex.raw(sql).then((rows) => [rows].flat(2).filter((row) => 'message' in row))).length, 1, sql)
      await page.getByText('TypeError: no').first().click()
      await page.getByText('long word').first().click()
      await detail.getByText('the end').waitFor()
    })

    await t.test('moves, opens, wraps, folds and zooms by keys', async () => {
      await open('')
      const active = page.locator('.line:focus')
      for (const key of ['j', 'j', 'k', 'ArrowDown']) await page.keyboard.press(key)
      await active.getByText('message 1197').waitFor()
      await page.keyboard.press('e')
      await active.getByText('message 1194').waitFor()
      // The key of "o" on a Russian layout.
      await active.dispatchEvent('keydown', { key: 'щ', code: 'KeyO' })
      await page.locator('.detail').waitFor()
      await page.keyboard.press('Escape')
      await page.locator('.detail').waitFor({ state: 'detached' })
      await page.keyboard.press('Shift+G')
      await active.getByText('message 0', { exact: true }).waitFor()
      await page.keyboard.press('g')
      await page.keyboard.press('g')
      await active.getByText('message 1199').waitFor()
      await page.keyboard.press('x')
      await page.getByText('×20').waitFor()
      await page.getByText('×20').click()
      await page.getByText('retry 5 of the job').waitFor()
      await page.keyboard.press('x')
      await page.keyboard.press('w')
      await page.waitForURL(/w=6/)
      for (const key of ['j', 'Shift+J', 'Shift+J', 'z']) await page.keyboard.press(key)
      await until('the page shows those three alone', async () => await page.locator('.row').count() === 3)
    })

    await t.test('asks for the value under the focus, and for what is selected', async () => {
      await open('?q=TypeError')
      await page.getByText('TypeError: no').click()
      await page.locator('.tree-line', { hasText: 'latency' }).focus()
      await page.keyboard.press('!')
      await page.waitForURL(/q=TypeError\+-latency%3A812/)
      await open('?q=retry')
      await page.getByText('retry 3 of the job').dblclick({ position: { x: 10, y: 8 } })
      await page.locator('.bubble').getByText('without it').click()
      await page.waitForURL(/q=retry\+-%22retry%22/)
    })

    await t.test('has columns of attributes, which the address keeps', async (t) => {
      await open('?q=message')
      await page.getByText('message 1199', { exact: true }).click()
      await page.locator('.tree-line', { hasText: 'A-1199' }).hover()
      await page.getByTitle('Show order.id as a column').click()
      await page.keyboard.press('Escape')
      const head = page.getByRole('columnheader', { name: 'order.id' })
      await head.focus()
      await page.keyboard.press('Alt+ArrowLeft')
      await page.keyboard.press('Alt+Shift+ArrowRight')
      await page.waitForURL(/c=time%2Clevel%2Corder\.id%3A17%2Cprocess%2Cmessage/)
      await page.locator('.cell', { hasText: 'A-1199' }).waitFor()
      await page.reload()
      await head.focus()
      await page.keyboard.press('Delete')
      await head.waitFor({ state: 'detached' })
      t.notMatch(page.url(), /order/)
    })

    await t.test('shows what happened around a log, dims what the search does not find, and leads back', async (t) => {
      await open('?q=message+level:error')
      await page.keyboard.press('j')
      await page.locator('.line:focus').getByText('message 1194').waitFor()
      await page.keyboard.press('c')
      await page.getByRole('button', { name: 'process api' }).waitFor()
      await page.locator('.is-dimmed').getByText('message 1196').waitFor()
      t.equal(await page.locator('.line', { hasText: 'message 1197' }).count(), 0, 'of another process')
      await page.getByRole('button', { name: 'user me' }).click()
      await page.locator('.is-dimmed').getByText('message 1193').waitFor()
      t.equal(await page.locator('.is-dimmed', { hasText: 'message 1194' }).count(), 0)
      const { searchParams } = new URL(page.url())
      await page.keyboard.press('Escape')
      await page.waitForURL((url) => !url.searchParams.has('log'))
      await page.goto(`${address}?log=${searchParams.get('log')}`)
      await page.locator('.detail').getByText('A-1194').waitFor()
      await page.getByText('Take over as the search').click()
      await page.waitForURL(/q=process%3Aapi/)
      await page.locator('.detail').getByText('A-1194').waitFor()
    })

    await t.test('begins at the log of a link, however far down it is', async (t) => {
      await open('?q="message+3"&o=oldest')
      await page.getByText('message 3', { exact: true }).click()
      await page.locator('.detail').waitFor()
      const id = new URL(page.url()).searchParams.get('open')
      await page.goto(`${address}?open=${id}`)
      await page.locator('.detail').getByText('A-3').waitFor()
      await page.getByText('message 4', { exact: true }).waitFor()
      t.notOk(await page.getByText('message 1199').count())
      await page.keyboard.press('Home')
      await page.getByText('message 1199').waitFor()
    })

    await t.test('opens a log on the whole screen of a phone, which going back closes', async (t) => {
      const phone = await openTab(t, { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true })
      await phone.page.goto(address)
      await signIn(phone, 'me')
      await phone.page.getByText('message 1199').tap()
      await phone.page.locator('dialog.phone-detail').getByText('A-1199').waitFor()
      await phone.page.goBack()
      await phone.page.locator('dialog.phone-detail').waitFor({ state: 'detached' })
      t.ok(await phone.page.getByText('message 1199').isVisible())
      t.strictSame(phone.faults, [])
    })

    t.strictSame(tab.faults, [])
    t.strictSame([...tab.strangers], [])
  })
}
