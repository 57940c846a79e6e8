// A browser for tests of the page; its types are for functions that run in the page.
/// <reference lib="dom" />
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import run, { type Test } from 'tap'
import { root } from './command.ts'

const executablePath = process.env.LOGGER_TEST_CHROMIUM ?? '/usr/bin/chromium'

/** Why the page cannot be tested here, or false. */
export const noBrowser = existsSync(executablePath)
  ? false
  : 'NOT TESTED IN A BROWSER: apt-get install -y chromium, or name it in LOGGER_TEST_CHROMIUM'

/** The browser asks nobody but the server of the test. */
const args = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'
]

let browser: Promise<Browser> | undefined

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
  browser ??= launch()
  const context = await (await browser).newContext({ viewport: { width: 1280, height: 800 }, ...options })
  t.teardown(() => context.close())
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

/** Starts the browser, which all tests of a file share; it ends with the file. */
async function launch (): Promise<Browser> {
  const started = await chromium.launch({ executablePath, args })
  run.teardown(() => started.close())
  return started
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
