import t from 'tap'
import type { Page } from 'playwright-core'
import { databases } from '../helpers/databases.ts'
import { noBrowser, openTab, signIn } from '../helpers/browser.ts'
import { Proxy } from '../helpers/proxy.ts'
import { basic, createUser, startService } from '../helpers/service.ts'
import { post } from '../helpers/http.ts'
import { until } from '../helpers/until.ts'

/** Messages of the rows in the document, from top to bottom. */
const messagesOf = (page: Page): Promise<string[]> => page.locator('.row .cell-message').evaluateAll((cells) => cells
  .sort((one, other) => one.getBoundingClientRect().top - other.getBoundingClientRect().top)
  .map((cell) => cell.textContent))

for (const database of databases.filter(({ name }) => name !== 'MySQL')) {
  t.test(`live on ${database.name}`, { skip: noBrowser }, async (t) => {
    const service = await startService(t, database)
    await createUser(service, 'me')
    let sent = 0
    const send = async (count: number, differences: object = {}) => {
      const logs = Array.from({ length: count }, () => ({ message: `log ${++sent}`, level: 'info', process: 'api', ...differences }))
      t.match(await post(service.port, '/api/logs', logs, basic('me')), { status: 200 })
    }
    await send(100)
    const proxy = await Proxy.start(t, service.port)
    const tab = await openTab(t)
    const { page } = tab
    const address = `http://127.0.0.1:${proxy.port}/`
    await page.goto(address)
    await signIn(tab, 'me')
    await page.getByText('log 100', { exact: true }).waitFor()

    await t.test('lets new logs into the list as they are stored', async (t) => {
      await page.keyboard.press('Space')
      await page.waitForURL(/live=1/)
      await page.locator('.live-on').getByText('Live:').waitFor()
      await send(1)
      await page.getByText('log 101', { exact: true }).waitFor()
      t.equal((await messagesOf(page))[0], 'log 101')
    })

    await t.test('lets them wait while a row is read, and shows them on demand', async (t) => {
      await page.keyboard.press('j')
      await page.locator('.live-paused').waitFor()
      await send(3)
      await send(2, { level: 'error' })
      await page.getByText('5 new (2 E)').waitFor()
      t.notOk((await messagesOf(page)).includes('log 106'), 'nothing moves under the reader')
      await page.keyboard.press('n')
      await page.getByText('log 106', { exact: true }).waitFor()
      await page.locator('.live-on').waitFor()
    })

    await t.test('goes on where it was after its connection broke', async (t) => {
      await proxy.setMode('refuse')
      await send(20)
      await proxy.setMode('pass')
      await page.getByText('log 126', { exact: true }).waitFor()
      const shown = await messagesOf(page)
      t.equal(new Set(shown).size, shown.length, 'nothing twice')
      t.strictSame(shown.slice(0, 20), Array.from({ length: 20 }, (_, index) => `log ${126 - index}`), 'nothing is missing')
    })

    await t.test('puts a log that comes late where it belongs', async (t) => {
      await send(1, { message: 'late one', time: new Date(Date.now() - 60_000).toISOString() })
      await send(1)
      await page.getByText(`log ${sent}`, { exact: true }).waitFor()
      t.equal((await messagesOf(page))[0], `log ${sent}`)
      await page.keyboard.press('Shift+G')
      await page.getByText('late one', { exact: true }).waitFor()
      t.match((await messagesOf(page)).at(-1), /late one$/)
      await page.keyboard.press('n')
      await page.locator('.live-on').waitFor()
    })

    await t.test('says while it waits how many logs were missed, and fetches them', async (t) => {
      const tails = /\/api\/logs\/tail\?/
      const places: string[] = []
      await page.route(tails, async (route) => {
        const place = new URL(route.request().url()).searchParams.get('after') ?? ''
        places.push(place)
        const body = `event: missed\ndata: ${JSON.stringify({ logs: 1204, after: anHourBefore(place) })}\n\n`
        await (places.length === 1 ? route.fulfill({ contentType: 'text/event-stream', body }) : route.abort())
      })
      await page.goto(`${address}?live=1`)
      await page.locator('.live-line').getByText('Fetching 1,204 that were missed …', { exact: true }).waitFor()
      await page.locator('.line').first().focus()
      await page.locator('.live-paused').waitFor()
      await send(1)
      await page.unroute(tails)
      await page.getByText('1 new', { exact: true }).waitFor()
      await page.locator('.live-line').getByText('missed').waitFor({ state: 'detached' })
      t.ok((places[1] ?? '') < (places[0] ?? ''), 'it goes back to where the first one is missing')
      await page.keyboard.press('n')
      await page.getByText(`log ${sent}`, { exact: true }).waitFor()
      const shown = await messagesOf(page)
      t.equal(new Set(shown).size, shown.length, 'nothing twice')
    })

    await t.test('puts new logs at the end of a list that begins with the oldest', async (t) => {
      await page.goto(`${address}?o=oldest&live=1`)
      await page.locator('.live-paused').waitFor()
      await page.keyboard.press('n')
      await page.locator('.live-on').getByText('Live:').waitFor()
      for (let count = 0; count < 2; count++) {
        await send(1)
        await page.getByText(`log ${sent}`, { exact: true }).waitFor()
        t.match((await messagesOf(page)).at(-1), new RegExp(`log ${sent}$`))
      }
    })

    await t.test('says where it cannot go on without a gap, and reads the list anew', async () => {
      const lists = /\/api\/logs\?/
      await page.route(lists, async (route) => {
        const response = await route.fetch()
        await route.fulfill({ response, body: (await response.text()).replace(/"place":"\d{8}/, '"place":"20200101') })
      }, { times: 1 })
      await page.goto(`${address}?live=1`)
      await page.locator('.live-paused').getByText('Logs may be missing above this list').waitFor()
      await page.getByRole('button', { name: 'Search again' }).click()
      await page.locator('.live-on').getByText('Live:').waitFor()
      await send(1)
      await page.getByText(`log ${sent}`, { exact: true }).waitFor()
    })

    await t.test('asks before it leaves a range that has an end', async (t) => {
      await page.goto(`${address}?from=-2h&to=now`)
      await page.getByText(`log ${sent}`, { exact: true }).waitFor()
      const dialog = page.getByRole('dialog', { name: 'Follow new logs?' })
      await page.keyboard.press('Space')
      await dialog.getByText('Live shows logs up to now, and leaves -2h – now.').waitFor()
      await dialog.getByRole('button', { name: 'Cancel' }).click()
      await dialog.waitFor({ state: 'detached' })
      t.equal(await page.locator('.live-line').count(), 0)
      await page.keyboard.press('Space')
      await dialog.getByRole('button', { name: 'Follow' }).click()
      await page.waitForURL((url) => url.searchParams.has('live') && !url.searchParams.has('to'))
      await page.locator('.live-on').getByText('Live:').waitFor()
    })

    await t.test('works in seven windows at once, by one stream', async (t) => {
      const pages = [page]
      for (let count = 1; count < 7; count++) {
        const other = await page.context().newPage()
        await other.goto(`${address}?live=1`)
        await other.locator('.live-on').getByText('Live:').waitFor()
        pages.push(other)
      }
      await send(1)
      for (const each of pages) await each.getByText(`log ${sent}`, { exact: true }).waitFor()
      t.equal(pages.length, 7)
      for (const each of pages.slice(1)) await each.close()
    })

    await t.test('closes its stream where nobody looks, counts errors, and goes on by its place', async (t) => {
      await page.clock.install()
      await page.goto(`${address}?live=1`)
      await page.locator('.live-on').getByText('Live:').waitFor()
      const hide = (isHidden: boolean) => page.evaluate((isHidden) => {
        Object.defineProperty(document, 'hidden', { configurable: true, value: isHidden })
        Object.defineProperty(document, 'visibilityState', { configurable: true, value: isHidden ? 'hidden' : 'visible' })
        document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))
      }, isHidden)
      await hide(true)
      await page.clock.runFor(31_000)
      await send(3, { level: 'error' })
      await until('the errors are counted', async () => {
        await page.clock.runFor(31_000)
        return (await page.title()).startsWith('(3)')
      })
      await hide(false)
      await until('it goes on', async () => {
        await page.clock.runFor(1000)
        return (await messagesOf(page)).includes(`log ${sent}`)
      })
      t.notMatch(await page.title(), /^\(/, 'they are seen')
    })

    t.strictSame(tab.faults, [])
    t.strictSame([...tab.strangers], [])
  })
}

/** A place of the feed like another one, but an hour ago, and without the logs that the list had then. */
function anHourBefore (place: string): string {
  const [instant] = new Date(Date.now() - 3_600_000).toISOString().split('Z')
  return [`${instant?.replaceAll(/\D/g, '')}000`, ...place.split('-').slice(1, 4)].join('-')
}
