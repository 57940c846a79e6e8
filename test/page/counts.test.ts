// The time range, the histogram and the facets: what they count is what the list shows.
import type { Page } from 'playwright-core'
import t from 'tap'
import type { Test } from 'tap'
import { databases } from '../helpers/databases.ts'
import { noBrowser, openTab, screenshot, signIn } from '../helpers/browser.ts'
import { basic, createUser, startService } from '../helpers/service.ts'
import { post } from '../helpers/http.ts'
import { until } from '../helpers/until.ts'

const hour = 3_600_000
const levels = ['debug', 'info', 'info', 'info', 'warning', 'error', 'critical']
const hostile = ['<img src=x onerror=alert(1)>', '\u202Eevil', '__proto__', '"; DROP', 'x'.repeat(300)]

/** Logs of the last hour, the newest a minute ago. */
function someLogs (count: number): object[] {
  return Array.from({ length: count }, (_, index) => ({
    message: `message ${index} ${index % 5 === 0 ? 'payment' : ''}`,
    level: levels[index % levels.length],
    process: ['api', 'billing', 'worker', 'web x'][index % 4],
    latency: index % 50,
    ...index % 9 === 0 && { tenant: hostile[index % hostile.length] },
    order: { id: `A-${index % 30}` },
    time: new Date(Date.now() - 60_000 - index * 50 * 60_000 / count).toISOString()
  }))
}

for (const database of databases.filter(({ name }) => name !== 'MySQL')) {
  t.test(`time, histogram and facets on ${database.name}`, { skip: noBrowser }, async (t) => {
    const service = await startService(t, database)
    await createUser(service, 'me')
    const send = (logs: object[]) => post(service.port, '/api/logs', logs, basic('me'))
    t.match(await send(someLogs(700)), { status: 200 })
    const tab = await openTab(t, { timezoneId: 'America/New_York' })
    const { page } = tab
    const address = `http://127.0.0.1:${service.port}/`
    await page.goto(address)
    await signIn(tab, 'me')
    await histogramOf(page)

    await t.test('bars, facets and rows describe the same logs, while others arrive', async (t) => {
      await page.keyboard.press('f')
      await page.locator('.facet-value').first().waitFor()
      let asked: string[] = []
      let rows = 0
      await page.route(/\/api\/logs(\/histogram|\/facets)?\?/, async (route) => {
        await send([{ message: 'payment', level: 'error', process: 'api' }])
        const response = await route.fetch()
        const [, kind = 'list'] = /logs\/(\w+)/.exec(route.request().url()) ?? []
        asked.push(kind)
        if (kind === 'list') rows += (await response.json()).logs.length
        await route.fulfill({ response })
      })
      for (const query of ['', 'payment', 'level:>=warning -process:api', 'process:"web x" OR latency:<5', '-order.id:A-1']) {
        asked = []
        rows = 0
        await page.goto(`${address}?q=${encodeURIComponent(query)}`)
        await page.locator('.facets-panel[aria-busy=false]').waitFor()
        const total = Number(/[\d,]+(?=\s+logs, exact)/.exec(await page.locator('.status').innerText())?.[0].replace(',', ''))
        t.equal(await sumOf(page, '.legend-count'), total, `bars of ${query}`)
        t.equal(await sumOf(page, 'section:has(> h2 :text-is("level")) .facet-count'), total, `levels of ${query}`)
        await until('all rows', async () => {
          await page.locator('.list-rows').evaluate((element) => { element.scrollTop = element.scrollHeight })
          return rows >= total
        }, { progress: () => rows })
        t.equal(rows, total, `rows of ${query}`)
        t.strictSame(asked.filter((kind, index) => asked.indexOf(kind) === index), ['list', 'histogram', 'facets'])
      }
      await page.unrouteAll({ behavior: 'wait' })
      await screenshot(tab, `facets-${database.name}`)
    })

    await t.test('a time range is typed as people say it, and moved and widened by keys', (t) => testTime(t, page, address))
    await t.test('the histogram zooms by the pointer and by keys, and goes to rows', (t) => testHistogram(t, page, address))
    await t.test('the histogram says what is not counted, and counts on', (t) => testPartial(t, page, address))
    await t.test('a click on a value changes the query, and the next one takes it back', (t) => testFacets(t, page, address))

    t.strictSame(tab.faults, [])
    t.strictSame([...tab.strangers], [])
  })
}

async function testTime (t: Test, page: Page, address: string): Promise<void> {
  await page.goto(address)
  await histogramOf(page)
  await page.keyboard.press('t')
  await page.getByRole('button', { name: 'Last hour', exact: true, pressed: true }).waitFor()
  const from = page.getByLabel('From', { exact: true })
  await from.fill('some day')
  await page.getByText('This is not a time.').waitFor()
  t.ok(await page.getByRole('button', { name: 'Apply' }).isDisabled())
  await from.fill('вчера 17:00')
  await from.press('Enter')
  await page.waitForURL(/from=/)
  const chosen = new URL(page.url()).searchParams.get('from') ?? ''
  const inZone = new Intl.DateTimeFormat('en-GB', { timeZone: 'America/New_York', day: 'numeric', hour: '2-digit', minute: '2-digit' })
  const now = await page.evaluate(() => Date.now())
  t.equal(inZone.format(new Date(chosen)), `${inZone.format(now - 24 * hour).split(',')[0]}, 17:00`)

  const range = () => ['from', 'to'].map((end) => new URL(page.url()).searchParams.get(end) ?? '')
  await page.keyboard.press('[')
  await page.waitForURL(/to=/)
  t.equal(range()[1], chosen, 'the range before ends where it began')
  const length = Date.parse(range()[1]!) - Date.parse(range()[0]!)
  const before = page.url()
  await page.keyboard.press('-')
  await page.waitForURL((url) => url.href !== before)
  t.equal(Date.parse(range()[1]!) - Date.parse(range()[0]!), 2 * length)
  // The key beside P on a Cyrillic layout writes х.
  const wide = page.url()
  await page.locator('body').dispatchEvent('keydown', { key: 'х', code: 'BracketLeft' })
  await page.waitForURL((url) => url.href !== wide)
  await page.keyboard.press('u')
  await page.waitForURL(/tz=utc/)
  await page.locator('.time-button').getByText('UTC').waitFor()

  await page.route('**/api/**', async (route) => {
    const response = await route.fetch()
    await route.fulfill({ response, headers: { ...response.headers(), date: new Date(Date.now() + 120_000).toUTCString() } })
  })
  const answered = page.waitForResponse(/\/api\/logs\?/)
  await page.goto(address)
  await answered
  await page.locator('.row').first().waitFor()
  await page.keyboard.press('t')
  await page.getByRole('dialog').getByText(/clock is (1 min 50 s|2 min) behind/).waitFor()
  await page.unrouteAll({ behavior: 'wait' })
  await page.getByRole('group', { name: 'Recent ranges' }).getByRole('button').click()
  await page.waitForURL((url) => url.searchParams.get('from') === chosen)
}

async function testHistogram (t: Test, page: Page, address: string): Promise<void> {
  const bars = page.getByRole('slider', { name: 'Logs over time' })
  const open = async () => {
    await page.goto(address)
    await histogramOf(page)
    const box = await bars.boundingBox()
    if (!box) throw new Error('there are no bars')
    return (share: number) => [box.x + box.width * share, box.y + 20] as const
  }
  const drag = async (at: Awaited<ReturnType<typeof open>>, from: number, to: number) => {
    await page.mouse.move(...at(from))
    await page.mouse.down()
    await page.mouse.move(...at(to), { steps: 3 })
  }
  const asked = () => page.waitForResponse(/\/api\/logs\/histogram/)

  let at = await open()
  await drag(at, 0.4, 0.6)
  await page.keyboard.press('Escape')
  await page.mouse.up()
  t.equal(page.url(), address, 'Escape ends a drag')
  await drag(at, 0.4, 0.6)
  await page.mouse.up()
  await page.waitForURL(/from=.*to=/)
  const { searchParams } = new URL(page.url())
  const minutes = (Date.parse(searchParams.get('to')!) - Date.parse(searchParams.get('from')!)) / 60_000
  t.ok(minutes > 11 && minutes < 14, `${minutes} minutes of an hour`)

  at = await open()
  const zoomedOut = page.waitForURL(/from=-2h/)
  await page.mouse.dblclick(...at(0.5))
  await zoomedOut
  at = await open()
  await page.mouse.click(...at(0.5))
  await page.waitForURL(/from=.*to=/)

  at = await open()
  await page.keyboard.down('Shift')
  await drag(at, 0.3, 0.5)
  await page.mouse.up()
  await page.keyboard.up('Shift')
  await until('the rows of these bars', async () => {
    const shown = await page.locator('.row time').first().getAttribute('datetime')
    return shown !== null && Date.parse(shown) < Date.now() - 25 * 60_000
  })
  t.equal(page.url(), address, 'the range is not zoomed')

  await open()
  await bars.focus()
  await bars.press('Home')
  const text = await bars.getAttribute('aria-valuetext')
  await bars.press('ArrowRight')
  t.not(await bars.getAttribute('aria-valuetext'), text)
  t.match(await bars.getAttribute('aria-valuetext'), /\d+\slogs?, [\d.]+%/)
  await bars.press('Backspace')
  await page.waitForURL(/from=-2h/)
  await bars.press('End')
  await bars.press('ArrowLeft')
  await bars.press('Enter')
  await page.waitForURL(/from=.*to=/)

  await open()
  await page.getByRole('button', { name: 'Show the histogram as a table' }).click()
  const table = page.getByRole('dialog').getByRole('table')
  t.equal(await sumOf(page, 'dialog td:nth-of-type(1)'), await sumOf(page, '.legend-count'))
  await table.press('Escape')
  const byProcess = asked()
  await page.locator('.chart select').selectOption('process')
  t.match((await byProcess).url(), /by=process.*top=5/)
  await page.locator('.legend').getByText('billing').waitFor()

  const isSaved = page.waitForResponse(/\/api\/settings/)
  await page.keyboard.press('h')
  await bars.waitFor({ state: 'detached' })
  await isSaved
  const urls: string[] = []
  page.on('request', (request) => urls.push(request.url()))
  const list = page.waitForResponse(/\/api\/logs\/facets/)
  await page.goto(`${address}?q=payment`)
  await list
  t.notOk(urls.some((url) => url.includes('histogram')), 'nothing is asked while it is hidden')
  const isSavedAgain = page.waitForResponse(/\/api\/settings/)
  await page.keyboard.press('h')
  await bars.waitFor()
  await isSavedAgain
}

async function testPartial (t: Test, page: Page, address: string): Promise<void> {
  await page.goto(address)
  await histogramOf(page)
  const total = await sumOf(page, '.legend-count')
  await page.route('**/api/logs/histogram?*', async (route) => {
    const response = await route.fetch()
    const answer = await response.json()
    const half = Math.floor(answer.buckets.length / 2)
    const buckets = answer.buckets.map((bucket: object, index: number) => index < half ? { ...bucket, count: 0, by: {} } : bucket)
    await route.fulfill({ response, json: { ...answer, buckets, complete: false, reached: answer.buckets[half].at } })
  }, { times: 1 })
  await page.reload()
  const goOn = page.locator('.chart').getByRole('button', { name: 'go on' })
  await goOn.waitFor()
  await page.locator('.bars-uncounted').waitFor()
  t.ok(await sumOf(page, '.legend-count') < total)
  await goOn.click()
  await page.locator('.bars-uncounted').waitFor({ state: 'detached' })
  t.equal(await sumOf(page, '.legend-count'), total)
}

async function testFacets (t: Test, page: Page, address: string): Promise<void> {
  await page.goto(address)
  const row = (text: string) => page.locator('.facet-value').filter({ has: page.locator('.facet-text', { hasText: new RegExp(`^${text}$`) }) }).first()
  const value = (text: string) => row(text).locator('> button')
  const click = async (text: string, query: string, modifiers: Array<'Control' | 'Alt'> = []) => {
    await value(text).click({ modifiers })
    await page.waitForURL((url) => (url.searchParams.get('q') ?? '') === query)
    await page.locator('.facets-panel[aria-busy=false]').waitFor()
  }
  await value('error').waitFor()
  await click('error', 'level:error')
  await row('error').locator('button[aria-pressed=true]').waitFor()
  await click('warning', 'level:(error OR warning)', ['Control'])
  await click('api', 'level:(error OR warning) -process:api', ['Alt'])
  await page.locator('.facet-value.is-out', { hasText: 'api' }).waitFor()
  await click('api', 'level:(error OR warning)', ['Alt'])
  await click('error', 'level:warning')
  await click('warning', '')

  await page.locator('.facet-head', { hasText: 'order.id' }).click()
  const more = page.getByRole('button', { name: '20 more' })
  const whole = page.waitForResponse(/\/api\/logs\/facets.*top=100/)
  await more.click()
  await whole
  await page.getByLabel('Filter the values of order.id').fill('A-29')
  await value('A-29').waitFor()
  await value('A-1').waitFor({ state: 'detached' })

  await page.locator('.facet-head', { hasText: 'latency' }).click()
  await page.getByLabel('Smallest latency').fill('10')
  await page.getByLabel('Largest latency').fill('12')
  await page.getByLabel('Largest latency').press('Enter')
  await page.waitForURL((url) => url.searchParams.get('q') === 'latency:>=10 latency:<=12')

  await page.route('**/api/logs/facets?*', async (route) => {
    const response = await route.fetch()
    await route.fulfill({ response, json: { ...await response.json(), complete: false } })
  }, { times: 1 })
  await page.goto(address)
  await value('error').getByText(/^≥ \d/).waitFor()
  await page.getByText('not all logs are counted').waitFor()

  let refused = 0
  await page.route('**/api/logs/facets?*', async (route) => {
    refused++
    await route.fulfill({ status: 503, headers: { 'retry-after': '1' }, json: { code: 503, message: 'Busy', detail: 'busy' } })
  }, { times: 1 })
  await page.goto(`${address}?q=payment`)
  await page.locator('.facets-note').getByRole('button', { name: 'Try again' }).click()
  await value('error').waitFor()
  t.equal(refused, 1)
}

/** Waits for the bars of the search that is shown. */
async function histogramOf (page: Page): Promise<void> {
  await page.locator('.chart[aria-busy=false] .bars path').first().waitFor()
}

async function sumOf (page: Page, selector: string): Promise<number> {
  const texts = await page.locator(selector).allInnerTexts()
  return texts.reduce((sum, text) => sum + Number(text.replaceAll(',', '')), 0)
}
