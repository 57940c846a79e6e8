// What the page takes in chromium, as a user sees it: from a key or a navigation to the frame that shows the answer.
/// <reference lib="dom" />
import { existsSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { chromium, type CDPSession, type Page } from 'playwright-core'

const executablePath = process.env.LOGGER_TEST_CHROMIUM ?? '/usr/bin/chromium'
const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--no-first-run']

/** A page that is signed in. */
export interface MeasuredPage {
  page: Page
  address: string
}

/** Opens the page in a browser of its own; `close` ends both. */
export async function openPage (address: string, user: string, password: string): Promise<MeasuredPage & { close (): Promise<void> }> {
  if (!existsSync(executablePath)) throw new Error('chromium is not installed: apt-get install -y chromium')
  const browser = await chromium.launch({ executablePath, args })
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
  // tsx names the functions that run in the page by this one.
  await page.addInitScript({ content: 'globalThis.__name = (value) => value' })
  await page.addInitScript(() => {
    new MutationObserver((_, observer) => {
      if (!document.querySelector('.row .line')) return
      observer.disconnect()
      requestAnimationFrame(() => setTimeout(() => { performance.mark('first rows') }))
    }).observe(document, { childList: true, subtree: true })
  })
  await page.goto(address)
  await page.fill('input[name=user]', user)
  await page.fill('input[name=password]', password)
  await page.click('button[type=submit]')
  await page.locator('.row .line').first().waitFor()
  return { page, address, close: () => browser.close() }
}

/** Milliseconds from a navigation to the first rows on the screen. */
export async function firstRows ({ page, address }: MeasuredPage, { isCached }: { isCached: boolean }): Promise<number> {
  const session = await page.context().newCDPSession(page)
  await session.send('Network.enable')
  await session.send('Network.setCacheDisabled', { cacheDisabled: !isCached })
  await page.goto(address)
  await session.detach()
  return markOf(page, 'first rows')
}

/** Milliseconds from Enter to rows of another search. */
export async function searched ({ page }: MeasuredPage, query: string): Promise<number> {
  await page.keyboard.press('/')
  await page.keyboard.press('Control+a')
  await page.keyboard.insertText(query)
  await page.evaluate(() => {
    performance.clearMarks()
    addEventListener('keydown', () => { performance.mark('enter') }, { once: true, capture: true })
    const list = document.querySelector('.results')
    if (!list) throw new Error('there is no list')
    new MutationObserver((_, observer) => {
      if (performance.getEntriesByName('enter').length === 0 || list.getAttribute('aria-busy') === 'true') return
      observer.disconnect()
      requestAnimationFrame(() => setTimeout(() => { performance.mark('rows') }))
    }).observe(list, { attributes: true, attributeFilter: ['aria-busy'] })
  })
  await page.keyboard.press('Enter')
  return await markOf(page, 'rows') - await markOf(page, 'enter')
}

/** Milliseconds from a click on a row to its details with all kinds of values: its fields, and its attributes. */
export async function opened ({ page, address }: MeasuredPage, query: string): Promise<number> {
  await page.goto(`${address}?${new URLSearchParams({ q: query, from: '' }).toString()}`)
  await page.locator('.row .line').first().waitFor()
  await page.evaluate(() => {
    performance.clearMarks()
    addEventListener('click', () => { performance.mark('click') }, { once: true, capture: true })
    new MutationObserver((_, observer) => {
      if (document.querySelectorAll('.detail .tree').length < 2) return
      observer.disconnect()
      requestAnimationFrame(() => setTimeout(() => { performance.mark('opened') }))
    }).observe(document, { childList: true, subtree: true })
  })
  await page.locator('.row .cell-message').first().click()
  return await markOf(page, 'opened') - await markOf(page, 'click')
}

/** The frames while a list is scrolled through by the wheel. */
export interface Scrolling {
  rows: number
  longestFrame: number
  p95Frame: number
  nodes: number
}

export async function scroll ({ page, address }: MeasuredPage, wantedRows: number): Promise<Scrolling> {
  await page.goto(`${address}?from=`)
  await page.locator('.row .line').first().waitFor()
  await page.evaluate(() => {
    const frames: number[] = []
    Object.assign(globalThis, { frames })
    let last = performance.now()
    const note = (now: number) => {
      frames.push(now - last)
      last = now
      requestAnimationFrame(note)
    }
    requestAnimationFrame(note)
  })
  let rows = 0
  for (const stop = performance.now() + 120_000; rows < wantedRows && performance.now() < stop;) {
    rows = await page.evaluate(async () => {
      const scroller = document.querySelector('.list-rows')
      if (!scroller) throw new Error('there is no list')
      for (let step = 0; step < 20; step++) {
        scroller.scrollTop += 2600
        await new Promise(requestAnimationFrame)
      }
      return Math.max(...[...document.querySelectorAll('[aria-rowindex]')].map((row) => Number(row.getAttribute('aria-rowindex'))))
    })
  }
  const frames = await page.evaluate(() => (globalThis as unknown as { frames: number[] }).frames.slice(5).sort((one, other) => one - other))
  const nodes = await page.evaluate(() => document.getElementsByTagName('*').length)
  return { rows, longestFrame: frames.at(-1) ?? 0, p95Frame: frames[Math.floor(frames.length * 0.95)] ?? 0, nodes }
}

/** Requests a second of a page that nobody touches. */
export async function idleRequests ({ page, address }: MeasuredPage, seconds: number): Promise<number> {
  await page.goto(address)
  await page.locator('.bars').waitFor()
  await page.waitForLoadState('networkidle')
  let requests = 0
  page.on('request', () => { requests++ })
  await delay(seconds * 1000)
  return requests / seconds
}

/** The page while it follows new logs; heaps are in MB. */
export interface Following {
  /** What lives after a collection of garbage. */
  heapAfterQuarter: number
  heapAtEnd: number
  /** With garbage. */
  largestHeap: number
  /** Milliseconds, after the first quarter. */
  longestTask: number
  /** Seconds after the last log was stored until it is on the screen. */
  lagSeconds: number
}

/** Milliseconds between two calls of `send`. */
const sendMs = 50

/** Follows the logs that `send` stores; it is told how many seconds have passed, and tells the message of the last log. */
export async function follow ({ page, address }: MeasuredPage, seconds: number, send: (seconds: number) => Promise<string>): Promise<Following> {
  await page.goto(`${address}?live=1`)
  await page.locator('.row .line').first().waitFor()
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable')
  const heaps = [await heapOf(session)]
  const start = performance.now()
  const followFor = async (until: number) => {
    for (let passed = 0; passed < until; passed = (performance.now() - start) / 1000) {
      await send(passed)
      heaps.push(await heapOf(session))
      await delay(sendMs)
    }
  }
  await followFor(seconds / 4)
  await session.send('HeapProfiler.collectGarbage')
  const heapAfterQuarter = await heapOf(session)
  await page.evaluate(() => {
    const tasks: number[] = []
    Object.assign(globalThis, { tasks })
    new PerformanceObserver((list) => { tasks.push(...list.getEntries().map(({ duration }) => duration)) }).observe({ type: 'longtask' })
  })
  await followFor(seconds)
  const tasks = await page.evaluate(() => (globalThis as unknown as { tasks: number[] }).tasks)
  const last = await send(seconds)
  const stored = performance.now()
  await page.getByText(last, { exact: true }).waitFor({ timeout: 120_000 })
  const lagSeconds = (performance.now() - stored) / 1000
  await session.send('HeapProfiler.collectGarbage')
  return { heapAfterQuarter, heapAtEnd: await heapOf(session), largestHeap: Math.max(...heaps), longestTask: Math.max(0, ...tasks), lagSeconds }
}

/** The heap of the page in MB. */
async function heapOf (session: CDPSession): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics')
  return (metrics.find(({ name }) => name === 'JSHeapUsedSize')?.value ?? Number.NaN) / 1e6
}

/** Waits for a mark, and gives its time in milliseconds since the navigation. */
async function markOf (page: Page, name: string): Promise<number> {
  await page.waitForFunction((name) => performance.getEntriesByName(name).length > 0, name, { polling: 50 })
  return page.evaluate((name) => performance.getEntriesByName(name)[0]?.startTime ?? Number.NaN, name)
}
