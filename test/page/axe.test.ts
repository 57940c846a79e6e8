/// <reference lib="dom" />
// What axe finds on each screen, in both themes and languages, on a desktop and on a phone; and a tour by keys alone.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AxeResults, RunOptions } from 'axe-core'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { noBrowser, openTab, signIn } from '../helpers/browser.ts'
import { loggerbot } from '../helpers/command.ts'
import { environmentOf, sqlite } from '../helpers/databases.ts'
import { http, post } from '../helpers/http.ts'
import { basic, createUser, startService } from '../helpers/service.ts'
import { shopLogs } from '../helpers/shop.ts'
import { until } from '../helpers/until.ts'

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const wcag: RunOptions = { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], resultTypes: ['violations'] }
/** Only colours depend on the theme, and none on the language: one language is enough for the second theme. */
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

const press = (key: string) => async (page: Page) => {
  // Its keys come with the last part of the list.
  await page.locator('.saved-tabs button').first().waitFor()
  await page.keyboard.press(key)
}

const states: Record<string, Shown> = {
  list: { search: '', ready: '.row .line' },
  'wrapped list': { search: '?w=all', ready: '.row .line' },
  'opened log': { search: '?q=level%3Aerror', ready: '.detail', open: (page) => page.locator('.row .cell-message').first().click() },
  'nothing found': { search: '?q=nowhere&from=-2h&to=-1h', ready: '.nothing' },
  live: { search: '?live=1', ready: '.live-on' },
  'paused live': { search: '?live=1', ready: '.live-paused', open: (page) => page.locator('.row .line').first().focus() },
  'wrong query': { search: '?q=level%3A(', ready: '.bar [aria-invalid=true]' },
  'range of time': { search: '', ready: ':popover-open', open: press('t') },
  'search to save': { search: '?q=payment', ready: 'dialog[open] input', open: press('s') },
  help: { search: '', ready: 'dialog[open]', open: press('?') },
  palette: { search: '', ready: 'dialog[open]', open: press('Control+k') },
  'menu of the user': { search: '', ready: ':popover-open a, :popover-open button', open: (page) => page.locator('.top-user').click() },
  errors: { search: '?v=errors', ready: '.groups li' },
  'group of errors': { search: '?v=errors', ready: '.group-details table', open: (page) => page.locator('.group').first().click() },
  rules: { search: '?v=alerts', ready: '.entry' },
  'opened rule': { search: '?v=alerts&open=logins', ready: '.entry-details h2' },
  'new rule': { search: '?v=alerts&tab=new&q=level%3Aerror', ready: 'dialog[open] input', open: (page) => page.locator('dialog input[name=quiet]').check() },
  channels: { search: '?v=alerts&tab=channels', ready: '.entry' },
  'new webhook': { search: '?v=alerts&tab=channels', ready: 'dialog[open] input', open: (page) => page.locator('.alerts .actions button').last().click() },
  told: { search: '?v=alerts&tab=told', ready: '.entry' },
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
  // No such host: its channel has something to say.
  t.match(await post(service.port, '/api/channels', { name: 'ops', url: 'https://host.invalid/' }, basic('me')), { status: 201 })
  t.match(await post(service.port, '/api/rules', { name: 'logins', kind: 'count', settings: { query: 'failed', moreThan: 0, withinSeconds: 60, by: 'process' } }, basic('me')), { status: 201 })
  t.match(await post(service.port, '/api/logs', shopLogs(30, new Date()), basic('me')), { status: 200 })
  await until('an alert is told', async () => (await service.knex('alerts')).length > 0)
  const address = `http://127.0.0.1:${service.port}/`

  for (const [size, viewport] of Object.entries(sizes)) {
    for (const locale of ['en', 'ru']) {
      await t.test(`on a ${size}, in ${locale}`, async (t) => {
        const tab = await openTab(t, { viewport, locale, hasTouch: size === 'phone' })
        await tab.page.goto(address)
        await tab.page.locator('input[name=user]').waitFor()
        const themes = locale === 'en' ? ['light', 'dark'] as const : ['light'] as const
        t.strictSame(await findingsOf(tab.page, themes), [], 'signing in')
        await http(service.port, 'PUT', '/api/settings', { ...basic('me'), 'content-type': 'application/json' }, '{"page":null}')
        await signIn(tab, 'me')
        await tab.page.locator('.row .line').first().waitFor()
        for (const [name, { search, ready, open }] of Object.entries(states)) {
          await tab.page.goto(address + search)
          await tab.page.locator('main h1, main .line, main .status').first().waitFor()
          await open?.(tab.page)
          await tab.page.locator(ready).first().waitFor()
          t.strictSame(await findingsOf(tab.page, themes), [], name)
        }
        t.strictSame(tab.faults, [])
      })
    }
  }
})

t.test('all of it works by keys, and in a window of 320 pixels', { skip: noBrowser }, async (t) => {
  const service = await startService(t, sqlite)
  await createUser(service, 'me')
  t.match(await post(service.port, '/api/logs', shopLogs(300, new Date()), basic('me')), { status: 200 })
  const tab = await openTab(t, { viewport: { width: 320, height: 256 } })
  const { page } = tab
  const { keyboard } = page
  await page.goto(`http://127.0.0.1:${service.port}/`)

  await t.test('signs in, searches, opens a log, filters by its value, and signs out', async (t) => {
    await page.locator('input[name=user]:focus').waitFor()
    await keyboard.type('me')
    await keyboard.press('Tab')
    await keyboard.type('password')
    await keyboard.press('Enter')
    await page.locator('.row .line').first().waitFor()
    await isNoWider(t)
    await keyboard.press('/')
    await keyboard.type('failed')
    await keyboard.press('Enter')
    await page.waitForURL(/q=failed/)
    await page.locator('.results[aria-busy=false]').waitFor()
    await keyboard.press('Escape')
    await keyboard.press('j')
    await keyboard.press('Enter')
    await page.locator('.detail').waitFor()
    await isNoWider(t)
    await tabTo('the fields', /^at\s*20/)
    await keyboard.press('ArrowDown')
    await tabTo('the filter', /^Only level error/)
    await keyboard.press('Enter')
    await page.waitForURL(/q=failed\+level%3Aerror/)
    await page.locator('.results[aria-busy=false]').waitFor()
    await tabTo('the menu of the user', /^me$/)
    await keyboard.press('Enter')
    await tabTo('sign out', /^Sign out/)
    await keyboard.press('Enter')
    await page.locator('input[name=user]').waitFor()
    t.strictSame(tab.faults, [])
  })

  async function isNoWider (t: Test): Promise<void> {
    t.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing is wider than the window')
  }

  /** Presses Tab until an element of this name has the focus. */
  async function tabTo (what: string, name: RegExp): Promise<void> {
    for (let presses = 0; presses < 150; presses++) {
      await keyboard.press('Tab')
      const focused = await page.evaluate(() => {
        const element = document.activeElement
        return element?.getAttribute('aria-label') ?? element?.textContent ?? ''
      })
      if (name.test(focused.trim())) return
    }
    throw new Error(`no key leads to ${what}`)
  }
})

/** What axe finds in these themes, as texts. */
async function findingsOf (page: Page, themes: ReadonlyArray<'light' | 'dark'>): Promise<string[]> {
  await page.evaluate(axeSource)
  const found: string[] = []
  for (const colorScheme of themes) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.evaluate(() => Promise.all(document.getAnimations().filter((one) => one instanceof CSSTransition).map(({ finished }) => finished)))
    const { violations } = await page.evaluate((options) => {
      const { axe } = globalThis as unknown as { axe: { run (options: RunOptions): Promise<AxeResults> } }
      return axe.run(options)
    }, colorScheme === 'light' ? wcag : contrast)
    found.push(...violations.flatMap(({ id, nodes }) => nodes.slice(0, 3).map(({ target, failureSummary }) => `${colorScheme} ${id}: ${target.join(' ')}: ${failureSummary}`)))
  }
  return found
}
