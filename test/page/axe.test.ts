// What axe finds on each screen, in both themes and languages, on a desktop and on a phone; and a tour by keys alone.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AxeResults, RunOptions } from 'axe-core'
import type { Page } from 'playwright-core'
import t from 'tap'
import { noBrowser, openTab, signIn } from '../helpers/browser.ts'
import { loggerbot } from '../helpers/command.ts'
import { environmentOf, sqlite } from '../helpers/databases.ts'
import { post } from '../helpers/http.ts'
import { basic, createUser, startService } from '../helpers/service.ts'
import { shopLogs } from '../helpers/shop.ts'

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const wcag: RunOptions = { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], resultTypes: ['violations'] }
/** Only colours depend on the theme. */
const contrast: RunOptions = { runOnly: { type: 'rule', values: ['color-contrast', 'link-in-text-block'] }, resultTypes: ['violations'] }

const sizes = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } }

interface Shown {
  /** The query string. */
  search: string
  /** Something that is there once all is. */
  ready: string
  /** Opens what has no address. */
  open? (page: Page): Promise<void>
}

const press = (key: string) => (page: Page) => page.keyboard.press(key)

const states: Record<string, Shown> = {
  list: { search: '', ready: '.row .line' },
  'wrapped list': { search: '?w=all', ready: '.row .line' },
  'opened log': { search: '?q=level%3Aerror', ready: '.detail', open: (page) => page.locator('.row .cell-message').first().click() },
  'nothing found': { search: '?q=nowhere', ready: '.status' },
  'wrong query': { search: '?q=level%3A(', ready: '.bar [aria-invalid=true]' },
  'range of time': { search: '', ready: ':popover-open', open: press('t') },
  'search to save': { search: '?q=payment', ready: 'dialog[open] input', open: press('s') },
  help: { search: '', ready: 'dialog[open]', open: press('?') },
  palette: { search: '', ready: 'dialog[open]', open: press('Control+k') },
  'menu of the user': { search: '', ready: ':popover-open a, :popover-open button', open: (page) => page.locator('.top-user').click() },
  errors: { search: '?v=errors', ready: 'h1' },
  send: { search: '?v=send', ready: '.copyable' },
  account: { search: '?v=account', ready: 'h1' },
  users: { search: '?v=users', ready: 'main table' },
  storage: { search: '?v=storage', ready: 'main dl, main table' },
  'dead letters': { search: '?v=dead-letters', ready: 'h1' },
  audit: { search: '?v=audit', ready: 'main table' },
  // It stays open.
  facets: { search: '', ready: '.facet-value', open: press('f') }
}

t.test('axe finds nothing', { skip: noBrowser }, async (t) => {
  const service = await startService(t, sqlite)
  await createUser(service, 'me')
  await loggerbot(['user', 'admin', 'me', 'on'], { env: environmentOf(service.options) })
  t.match(await post(service.port, '/api/logs', shopLogs(30, new Date()), basic('me')), { status: 200 })
  const address = `http://127.0.0.1:${service.port}/`

  for (const [size, viewport] of Object.entries(sizes)) {
    for (const locale of ['en', 'ru']) {
      await t.test(`on a ${size}, in ${locale}`, async (t) => {
        const tab = await openTab(t, { viewport, locale, hasTouch: size === 'phone' })
        await tab.page.goto(address)
        await tab.page.locator('input[name=user]').waitFor()
        t.strictSame(await findingsOf(tab.page), [], 'signing in')
        await signIn(tab, 'me')
        await tab.page.locator('.row .line').first().waitFor()
        for (const [name, { search, ready, open }] of Object.entries(states)) {
          await tab.page.goto(address + search)
          await tab.page.locator('main h1, main .line, main .status').first().waitFor()
          await open?.(tab.page)
          await tab.page.locator(ready).first().waitFor()
          t.strictSame(await findingsOf(tab.page), [], name)
        }
        t.strictSame(tab.faults, [])
      })
    }
  }
})

/** What axe finds in both themes, as texts. */
async function findingsOf (page: Page): Promise<string[]> {
  await page.evaluate(axeSource)
  const found: string[] = []
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    const { violations } = await page.evaluate((options) => {
      const { axe } = globalThis as unknown as { axe: { run (options: RunOptions): Promise<AxeResults> } }
      return axe.run(options)
    }, colorScheme === 'light' ? wcag : contrast)
    found.push(...violations.flatMap(({ id, nodes }) => nodes.slice(0, 3).map(({ target, failureSummary }) => `${colorScheme} ${id}: ${target.join(' ')}: ${failureSummary}`)))
  }
  return found
}
