// Pictures of the page for the documents: `npm run screenshots` writes them into docs/screenshots. A run of all tests leaves
// them as they are.
import t from 'tap'
import { noBrowser, openTab, screenshot, signIn, type Tab } from '../helpers/browser.ts'
import { loggerbot } from '../helpers/command.ts'
import { environmentOf, sqlite } from '../helpers/databases.ts'
import { post } from '../helpers/http.ts'
import { basic, createUser, startService } from '../helpers/service.ts'
import { shopLogs } from '../helpers/shop.ts'

const isWanted = process.env.LOGGER_SCREENSHOTS !== undefined

interface Picture {
  search: string
  /** Something that is there once all is. */
  ready: string
  open? (tab: Tab): Promise<void>
}

const pictures: Record<string, Picture> = {
  opened: { search: '?q=level%3A%3E%3Derror+order.id%3A*', ready: '.detail', open: ({ page }) => page.locator('.row .cell-message').nth(1).click() },
  live: { search: '?live=1&q=-level%3Adebug', ready: '.row .line' },
  empty: { search: '?q=%22no+such+log%22', ready: '.status' },
  'wrong-query': { search: '?q=level%3A%3E%3Dwarning+order.id%3A%28A-1042+OR', ready: '.bar [aria-invalid=true]' },
  account: { search: '?v=account', ready: 'main h1' },
  storage: { search: '?v=storage', ready: 'main dl' }
}

t.test('pictures of the page', { skip: !isWanted || noBrowser }, async (t) => {
  const service = await startService(t, sqlite)
  const address = `http://127.0.0.1:${service.port}/`
  const fresh = await startService(t, sqlite, { onSetupCode: () => {} })
  await createUser(service, 'me')
  await loggerbot(['user', 'admin', 'me', 'on'], { env: environmentOf(service.options) })
  t.match(await post(service.port, '/api/logs', shopLogs(1500, new Date()), basic('me')), { status: 200 })

  for (const locale of ['en', 'ru']) {
    const signedIn = async (name: string, options: NonNullable<Parameters<typeof openTab>[1]>) => {
      const tab = await openTab(t, { locale, timezoneId: 'Europe/Berlin', viewport: { width: 1120, height: 670 }, ...options })
      await tab.page.goto(address)
      await signIn(tab, 'me')
      await tab.page.locator('.row .line').first().waitFor()
      if (name !== 'phone') {
        const facets = tab.page.locator('.limits-switches button').first()
        // It is kept for the user.
        if (await facets.getAttribute('aria-pressed') === 'false') await facets.click()
        await tab.page.locator('.facets .facet-value').nth(4).waitFor()
        await tab.page.goto(`${address}?q=level%3A%3E%3Dwarning`)
      }
      await tab.page.locator('.bars').waitFor()
      await screenshot(tab, `${name}-${locale}`)
      return tab
    }
    await t.test(`in ${locale}`, async (t) => {
      const tab = await signedIn('desktop-light', {})
      await signedIn('desktop-dark', { colorScheme: 'dark' })
      const phone = await signedIn('phone', { viewport: { width: 390, height: 844 }, hasTouch: true })
      for (const [name, { search, ready, open }] of Object.entries(pictures)) {
        await tab.page.goto(address + search)
        await tab.page.locator('main h1').first().waitFor({ state: 'attached' })
        await tab.page.locator('main[aria-busy=true]').waitFor({ state: 'detached' })
        await open?.(tab)
        await tab.page.locator(ready).first().waitFor()
        await screenshot(tab, `${name}-${locale}`)
      }
      const visitor = await openTab(t, { locale })
      await visitor.page.goto(`http://127.0.0.1:${fresh.port}/`)
      await visitor.page.locator('input[name=code]').waitFor()
      await screenshot(visitor, `first-visit-${locale}`)
      t.strictSame([tab, phone, visitor].flatMap(({ faults }) => faults), [])
    })
  }
})
