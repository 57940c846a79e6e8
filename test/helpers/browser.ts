import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import type { Test } from 'tap'
import { root } from './command.ts'

const executablePath = process.env.LOGGER_TEST_CHROMIUM ?? '/usr/bin/chromium'

/** Why the page cannot be tested here, or false. */
export const noBrowser = existsSync(executablePath)
  ? false
  : 'chromium is not installed: apt-get install -y chromium (or name it in LOGGER_TEST_CHROMIUM)'

/** The browser asks nobody but the server of the test. */
const args = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'
]

let browser: Promise<Browser> | undefined
let tabs = 0

/** A page in a browser of its own, and what went wrong in it. */
export interface Tab {
  page: Page
  /** Uncaught errors, and what the content security policy refused. */
  faults: string[]
  /** Hosts other than the server that the page asked for something. */
  strangers: Set<string>
}

/** Opens an empty tab with its own cookies; closed when the test ends. */
export async function openTab (t: Test, options: BrowserContextOptions = {}): Promise<Tab> {
  browser ??= chromium.launch({ executablePath, args })
  const context = await (await browser).newContext({ viewport: { width: 1280, height: 800 }, ...options })
  tabs++
  t.teardown(async () => {
    await context.close()
    // An open browser would keep the process of the test from ending.
    if (--tabs > 0) return
    await (await browser)?.close()
    browser = undefined
  })
  const page = await context.newPage()
  const faults: string[] = []
  const strangers = new Set<string>()
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => { if (/Content Security Policy|Trusted/.test(message.text())) faults.push(message.text()) })
  page.on('request', (request) => {
    const { protocol, hostname } = new URL(request.url())
    if (protocol !== 'data:' && hostname !== '127.0.0.1') strangers.add(hostname)
  })
  return { page, faults, strangers }
}

/** Signs in on the page that asks for it. */
export async function signIn ({ page }: Tab, user: string, password = 'password'): Promise<void> {
  await page.fill('input[name=user]', user)
  await page.fill('input[name=password]', password)
  await page.click('button[type=submit]')
}

const screenshots = join(root, 'docs/screenshots')

/** Writes a picture of the page for the documents, where LOGGER_SCREENSHOTS asks for them. */
export async function screenshot ({ page }: Tab, name: string): Promise<void> {
  if (process.env.LOGGER_SCREENSHOTS === undefined) return
  mkdirSync(screenshots, { recursive: true })
  await page.screenshot({ path: join(screenshots, `${name}.png`) })
}
