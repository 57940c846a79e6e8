// What the page says and does where the server refuses, is busy, is away, or has changed.
import type { Page } from 'playwright-core'
import t from 'tap'
import { databases } from '../helpers/databases.ts'
import { noBrowser, openTab, screenshot, signIn } from '../helpers/browser.ts'
import { post } from '../helpers/http.ts'
import { Proxy } from '../helpers/proxy.ts'
import { basic, createUser, startService } from '../helpers/service.ts'

/** The page of a list, of its counts and of its values; not the tail. */
const lists = /\/api\/logs\?/

interface Refusal {
  status: number
  /** Seconds. */
  retryAfter?: string
  rule?: string
  says: RegExp
}

const refusals: Record<string, Refusal> = {
  'too many requests': { status: 429, retryAfter: '2', says: /^Too many requests at the same time\. Next attempt in [123] s\.$/ },
  'a busy server': { status: 503, retryAfter: '2', says: /^The server is busy\. Next attempt in [123] s\.$/ },
  'a database that is away': { status: 503, retryAfter: '2', rule: 'database.unavailable', says: /^The database has not answered since \d\d:\d\d\..* Next attempt in [123] s\.$/ },
  'a proxy without its server': { status: 502, says: /^The server does not answer\./ }
}

// One database is enough: the page knows none, and what it asks for is tested over HTTP on each of them.
for (const database of databases.slice(0, 1)) {
  t.test(`states of the page on ${database.name}`, { skip: noBrowser }, async (t) => {
    const service = await startService(t, database)
    await createUser(service, 'me')
    const logs = Array.from({ length: 30 }, (_, index) => ({ message: `log ${index}`, level: 'info', process: 'api', order: { id: `A-${index}` } }))
    t.match(await post(service.port, '/api/logs', logs, basic('me')), { status: 200 })
    const proxy = await Proxy.start(t, service.port)
    const address = `http://127.0.0.1:${proxy.port}/`
    const tab = await openTab(t)
    const { page } = tab
    await page.goto(address)
    await signIn(tab, 'me')
    await page.getByText('log 29', { exact: true }).waitFor()
    const line = page.locator('.connection')
    const bar = page.locator('.query-text')

    for (const [name, { status, retryAfter, rule, says }] of Object.entries(refusals)) {
      await t.test(`keeps the rows at ${name}, says when it tries again, and goes on`, async (t) => {
        await page.route(lists, (route) => route.fulfill({
          status,
          headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter },
          json: { code: status, detail: 'not now', ...rule !== undefined && { error: { rule } } }
        }))
        await search(page, 'log')
        await line.getByText(says).waitFor()
        await page.locator('.results[aria-busy=true]').getByText('log 29', { exact: true }).waitFor()
        await screenshot(tab, `${status}-${rule ?? 'refused'}-${database.name}`)
        await page.unroute(lists)
        await page.locator('.results[aria-busy=false]').waitFor()
        t.equal(await line.textContent(), '')
        await search(page, '')
      })
    }

    await t.test('says how far the replica that was read is behind', async (t) => {
      await page.route(lists, async (route) => {
        const answer = await route.fetch()
        await route.fulfill({ response: answer, json: { ...await answer.json(), lag: 42 } })
      })
      await search(page, 'log')
      await page.locator('.status').getByText('the replica is 42 seconds behind').waitFor()
      await page.unroute(lists)
      await search(page, '')
      await page.locator('.results[aria-busy=false]').waitFor()
      t.equal(await page.locator('.status').getByText('behind').count(), 0)
    })

    await t.test('says why it is refused for good, and keeps the rows', async (t) => {
      await page.route(lists, (route) => route.fulfill({ status: 403, json: { code: 403, detail: 'the user is disabled' } }))
      await search(page, 'log')
      await page.locator('.status .problem').getByText('the user is disabled').waitFor()
      await page.getByText('log 29', { exact: true }).waitFor()
      await page.unroute(lists)
      await page.locator('.status .problem').getByRole('button', { name: 'Try again' }).click()
      await page.locator('.results[aria-busy=false]').waitFor()
      t.equal(await page.locator('.status .problem').count(), 0)
      await search(page, '')
    })

    await t.test('keeps all while the server is away, and goes on by itself', async (t) => {
      await page.getByText('log 28', { exact: true }).click()
      await page.locator('.detail').waitFor()
      await bar.fill('log -nothing')
      await proxy.setMode('refuse')
      await page.getByRole('button', { name: 'Search', exact: true }).click()
      await line.getByText('The server does not answer.').waitFor()
      await page.locator('.detail').waitFor()
      t.equal(await bar.inputValue(), 'log -nothing')
      await proxy.setMode('pass')
      await page.locator('.results[aria-busy=false]').waitFor()
      t.equal(await line.textContent(), '')
      await search(page, '')
    })

    await t.test('asks to sign in on top of the page, and loses nothing', async (t) => {
      await page.getByText('log 27', { exact: true }).click()
      await page.locator('.detail').waitFor()
      await bar.fill('log 27')
      await page.evaluate(() => fetch('api/session', { method: 'DELETE' }))
      await bar.press('Enter')
      await page.getByRole('dialog', { name: 'Sign in' }).waitFor()
      await page.keyboard.press('Escape')
      t.ok(await page.getByRole('dialog', { name: 'Sign in' }).isVisible(), 'there is no way around it')
      t.equal(await bar.inputValue(), 'log 27')
      await signIn(tab, 'me')
      await page.getByRole('dialog', { name: 'Sign in' }).waitFor({ state: 'detached' })
      await page.locator('.results[aria-busy=false]').waitFor()
      t.equal(await bar.inputValue(), 'log 27')
      t.match(page.url(), /q=log\+27/)
      await search(page, '')
    })

    await t.test('offers another version of the page, and keeps the query', async (t) => {
      const parts = /\/_page\/(?!index)\S+\.js$/
      await page.route(parts, (route) => route.fulfill({ status: 404 }))
      await page.route(address, async (route) => {
        if (route.request().resourceType() === 'document') return route.continue()
        const answer = await route.fetch()
        await route.fulfill({ response: answer, body: (await answer.text()).replaceAll(/index-[\w-]+/g, 'index-another') })
      })
      await page.goto(address)
      await page.getByText('log 29', { exact: true }).waitFor()
      await line.getByText('The server has a new version of this page.').waitFor()
      await bar.fill('"log 26"')
      await screenshot(tab, `new-version-${database.name}`)
      await page.unrouteAll({ behavior: 'wait' })
      await line.getByRole('button', { name: 'Reload' }).click()
      await page.locator('.saved-tabs button').first().waitFor()
      await page.locator('.results[aria-busy=false]').getByText('log 26', { exact: true }).waitFor()
      t.equal(await bar.inputValue(), '"log 26"')
      t.equal(await line.textContent(), '')
    })

    await t.test('says that nothing is found, counts what would be, and leads there', async (t) => {
      const counts: string[] = []
      page.on('request', (request) => { if (request.url().includes('/api/logs/count')) counts.push(request.url()) })
      await page.goto(`${address}?q=log+-order.id:A-1&from=-2h&to=-1h`)
      const nothing = page.locator('.nothing')
      await nothing.locator('li', { hasText: 'At any time' }).getByText('29\u00a0logs', { exact: true }).waitFor()
      await nothing.getByText('Looking').waitFor({ state: 'detached' })
      await screenshot(tab, `nothing-${database.name}`)
      t.equal(counts.length, 2)
      t.strictSame(await nothing.locator('li button').allTextContents(), ['At any time', 'Without log'])
      await nothing.getByRole('button', { name: 'At any time' }).click()
      await page.locator('.results[aria-busy=false] .row').nth(28).waitFor()
      t.notMatch(page.url(), /to=/)

      await page.goto(`${address}?q=ordr.id:A-1`)
      await nothing.getByRole('button', { name: 'No log has “ordr.id”. Search for “order.id”' }).click()
      await page.locator('.row', { hasText: 'log 1' }).waitFor()
      t.equal(await bar.inputValue(), 'order.id:A-1')

      await page.goto(`${address}?q=db.example.com:5432/<b>`)
      await nothing.getByRole('button', { name: 'As a text of the message: “db.example.com:5432/<b>”' }).click()
      await nothing.waitFor()
      t.equal(await bar.inputValue(), '"db.example.com:5432/<b>"')
    })

    await t.test('marks the words of the query, and nothing of a log runs', async (t) => {
      const message = '<img src=x onerror=alert(1)> Order failed: order \u001b[31morder\u001b[0m \u202Eorders\nsecond order'
      t.match(await post(service.port, '/api/logs', [{ message, level: 'error', process: 'api' }], basic('me')), { status: 200 })
      await page.goto(`${address}?q=order+-"log"&w=all`)
      await page.locator('mark').nth(3).waitFor()
      t.strictSame(await page.locator('.row mark').allTextContents(), ['Order', 'order', 'order', 'order'])
      await screenshot(tab, `marks-${database.name}`)
      await page.locator('.row .cell-message').click()
      await page.locator('.detail mark').nth(3).waitFor()
      t.equal(await page.locator('.row img').count(), 0)
      await page.goto(`${address}?q=level:error`)
      await page.locator('.row .line').waitFor()
      t.equal(await page.locator('mark').count(), 0)
    })

    await t.test('keeps a setting that the server has not confirmed, and sends it again', async (t) => {
      const settings = '**/api/settings'
      await page.goto(address)
      await page.getByText('log 29', { exact: true }).waitFor()
      await page.route(settings, (route) => route.request().method() === 'PUT' ? route.abort() : route.continue())
      await page.getByRole('button', { name: 'me', exact: true }).click()
      await page.getByRole('radio', { name: 'Dark' }).check()
      await page.unroute(settings)
      const sent = page.waitForResponse((answer) => answer.url().endsWith('/api/settings') && answer.request().method() === 'PUT')
      await page.goto(address)
      t.match([(await sent).status(), (await sent).request().postData()], [200, /"theme":"dark"/])
      t.equal(await page.locator('html').getAttribute('data-theme'), 'dark')
    })

    await t.test('tells of a clock that is wrong, and searches by that of the server', async () => {
      await page.clock.setSystemTime(Date.now() - 86_400_000)
      await page.goto(address)
      await page.getByText('log 29', { exact: true }).waitFor()
      await page.locator('.status').getByText("This computer's clock is 1 day behind the server's.").waitFor()
      await screenshot(tab, `clock-${database.name}`)
    })

    await t.test('says which logs of the list are gone', async (t) => {
      await createUser(service, 'other')
      const many = Array.from({ length: 2050 }, (_, index) => ({ message: `small ${index}`, level: 'info', process: 'api' }))
      t.match(await post(service.port, '/api/logs', many, basic('other')), { status: 200 })
      const other = await openTab(t)
      const { page } = other
      // Logs that seem to take much memory: the second page is dropped before the last one is read.
      await page.route(lists, async (route) => {
        const response = await route.fetch()
        if (!response.ok()) return route.fulfill({ response })
        const answer = await response.json() as { logs: object[] }
        const attributes = { numbers: Array.from({ length: 400 }, () => 0) }
        await route.fulfill({ response, json: { ...answer, logs: answer.logs.map((log) => ({ ...log, attributes })) } })
      })
      await page.goto(address)
      await signIn(other, 'other')
      await page.getByText('small 2049', { exact: true }).waitFor()
      const rows = page.locator('.list-rows')
      for (let isSeen = false; !isSeen;) {
        await rows.evaluate((element) => { element.scrollTop = element.scrollHeight })
        isSeen = await page.getByText('small 0', { exact: true }).waitFor({ timeout: 500 }).then(() => true, () => false)
      }
      const messages = Array.from({ length: 7 }, (_, index) => `small ${1900 + index}`)
      await service.knex('user_logs').whereIn('log_msg', messages).delete()
      await rows.evaluate((element) => { element.scrollTop = element.scrollHeight * 585 / 2050 })
      await page.locator('.divider').getByText('7\u00a0logs are gone', { exact: true }).waitFor()
      await screenshot(other, `gone-${database.name}`)
      const next = page.getByText('small 1449', { exact: true })
      await next.first().waitFor()
      t.equal(await next.count(), 1, 'the next page holds its own logs alone')
    })

    await t.test('says which part of the page could not be read, and reads it anew', async (t) => {
      const again = await openTab(t, { storageState: await tab.page.context().storageState() })
      const { page } = again
      const parts = /\/_page\/(second|screens)-\S*\.js$/
      await page.route(parts, (route) => route.abort())
      await page.goto(address)
      await page.getByText('log 29', { exact: true }).click()
      const unread = page.locator('.problem', { hasText: 'A part of the page could not be read.' })
      await page.locator('.row').locator(unread).waitFor()
      await screenshot(again, `unread-${database.name}`)
      await page.goto(`${address}?v=account`)
      await unread.waitFor()
      await page.unroute(parts)
      await unread.getByRole('button', { name: 'Reload' }).click()
      await page.getByRole('heading', { name: 'Account', level: 1 }).waitFor()
      t.equal(await unread.count(), 0)
    })

    await t.test('waits for a server that fails while the page opens', async (t) => {
      const again = await openTab(t, { storageState: await tab.page.context().storageState() })
      const { page } = again
      await page.route('**/api/session', (route) => route.fulfill({ status: 500, json: { code: 500, detail: 'broken' } }))
      await page.goto(address)
      await page.locator('.connection').getByText('The server does not answer.').waitFor()
      await screenshot(again, `opening-${database.name}`)
      await page.unroute('**/api/session')
      await page.getByText('log 29', { exact: true }).waitFor()
      t.equal(await page.locator('.connection').textContent(), '')
    })

    await t.test('works in a browser that keeps nothing', async (t) => {
      const other = await openTab(t)
      await other.page.addInitScript(() => {
        for (const name of ['localStorage', 'sessionStorage']) {
          Object.defineProperty(globalThis, name, { get () { throw new DOMException('denied', 'SecurityError') } })
        }
      })
      await other.page.goto(address)
      await signIn(other, 'me')
      await other.page.getByText('log 29', { exact: true }).waitFor()
      await search(other.page, '"log 25"')
      await other.page.locator('.results[aria-busy=false]').getByText('log 25', { exact: true }).waitFor()
      await other.page.keyboard.press('h')
      await other.page.locator('.chart').waitFor({ state: 'detached' })
      await other.page.keyboard.press('h')
      await other.page.keyboard.press('t')
      await other.page.getByRole('button', { name: 'Last 24 h' }).click()
      await other.page.waitForURL(/from=-24h|from=-1d/)
      t.strictSame(other.faults, [])
    })

    t.strictSame([tab.faults, [...tab.strangers]], [[], []])
  })
}

/** Runs a query. */
async function search (page: Page, query: string): Promise<void> {
  const bar = page.locator('.query-text')
  await bar.fill(query)
  await bar.press('Enter')
  await bar.press('Escape')
}
