// Texts of strangers, everywhere where the page shows them: nothing runs, nothing reaches out, no row changes its height.
import type { Page } from 'playwright-core'
import t from 'tap'
import { noBrowser, openTab, signIn } from '../helpers/browser.ts'
import { sqlite } from '../helpers/databases.ts'
import { hostileAttributes, hostileTexts } from '../helpers/hostile.ts'
import { http, post } from '../helpers/http.ts'
import { basic, createUser, startService } from '../helpers/service.ts'

declare global {
  /** What a hostile text would set, and what would be polluted. */

  var hit: unknown, polluted: unknown
}

t.test('texts of strangers are inert', { skip: noBrowser }, async (t) => {
  const service = await startService(t, sqlite)
  await createUser(service, 'me')
  const now = Date.now()
  const logs = hostileTexts.map((text, index) => ({
    message: text, level: 'error', process: text.slice(0, 60), logger: text.slice(0, 60), shop: { name: text.slice(0, 60) }, time: new Date(now - (index + 2) * 1000).toISOString()
  }))
  t.match(await post(service.port, '/api/logs', logs, basic('me')), { status: 200 })
  const withAttributes = { message: 'with attributes', time: new Date(now - 1000).toISOString(), ...hostileAttributes() }
  t.match(await post(service.port, '/api/logs', withAttributes, basic('me')), { status: 200 })
  for (const name of ['<img src=x onerror="globalThis.hit = 1">', '\u202egnihtemos']) {
    const saved = await http(service.port, 'PUT', `/api/searches/${encodeURIComponent(name)}`, { ...basic('me'), 'content-type': 'application/json' }, JSON.stringify({ query: hostileTexts[1] }))
    t.match(saved.status, /20[01]|400/)
  }

  const tab = await openTab(t)
  const { page } = tab
  const address = `http://127.0.0.1:${service.port}/`
  await page.goto(address)
  await signIn(tab, 'me')
  await page.locator('.row .line').nth(hostileTexts.length).waitFor()

  await t.test('each row of the list is as high as the others', async (t) => {
    const heights = await page.locator('.row .line').evaluateAll((lines) => [...new Set(lines.map((line) => line.getBoundingClientRect().height))])
    t.equal(heights.length, 1, `heights: ${heights.join(', ')}`)
    t.match(await page.locator('.row').allInnerTexts(), /U\+202E/, 'what cannot be seen is named')
    t.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, 'and nothing is wider than the page')
  })

  await t.test('opened logs, columns, facets, saved searches, completion and the title are texts', async (t) => {
    for (const row of [0, 2, 9, hostileTexts.length - 1]) {
      await page.goto(address)
      await page.locator('.row .cell-message').nth(row).click()
      await page.locator('.detail').waitFor()
      await isInert(page)
    }
    await page.goto(`${address}?c=time,shop.name,process:16,message&w=all`)
    await page.locator('.row .line').first().waitFor()
    await page.keyboard.press('f')
    await page.locator('.facets .facet-value').nth(4).waitFor()
    await isInert(page)
    await page.keyboard.press('f')

    await page.goto(`${address}?${new URLSearchParams({ q: hostileTexts[2]!, from: '-1h', user: hostileTexts[1]!, c: hostileTexts[0]!, by: hostileTexts[1]! }).toString()}`)
    await page.locator('.status, .problem').first().waitFor()
    t.match(await page.title(), /LoggerBot$/)
    await isInert(page)

    await page.goto(address)
    await page.locator('.row .line').first().waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('process:')
    await page.getByRole('listbox').getByRole('option').nth(3).waitFor()
    await isInert(page)
  })

  t.strictSame(tab.faults, [], 'the policy had nothing to refuse')
  t.strictSame([...tab.strangers], [], 'and nobody else was asked')

  async function isInert (page: Page): Promise<void> {
    const found = await page.evaluate(() => ({
      hit: globalThis.hit,
      polluted: globalThis.polluted,
      elements: document.querySelectorAll('#app :is(script, img, link, iframe, object, embed, base, [onerror], [onload], [onfocus], [onclick], a[href^="javascript:"])').length
    }))
    t.strictSame(found, { hit: undefined, polluted: undefined, elements: 0 })
  }
})
