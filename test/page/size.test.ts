// The weight of the page over the wire, by gzip. It fails where a change makes the page heavier than promised.
/// <reference lib="dom" />
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { noBrowser, openTab, signIn } from '../helpers/browser.ts'
import { root } from '../helpers/command.ts'
import { sqlite } from '../helpers/databases.ts'
import { post } from '../helpers/http.ts'
import { basic, createUser, startService } from '../helpers/service.ts'

/** The document, and every file that a browser asks for until the first rows stand, in English; Russian has a file more. */
const maxFirstBytes = 50_000
/** Every screen and dialog, in both languages; nobody loads all of it. */
const maxAllBytes = 144_000

const folder = join(root, 'dist/page')

t.test('all of the page is light', async (t) => {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => /\.(html|js|css|svg)$/.test(file))
  const sizes = files.map((file) => ({ file, bytes: statSync(join(folder, `${file}.gz`)).size }))
  for (const { file, bytes } of sizes.sort((one, other) => other.bytes - one.bytes)) t.comment(`${bytes} ${file}`)
  const bytes = sizes.reduce((sum, { bytes }) => sum + bytes, 0)
  t.ok(bytes <= maxAllBytes, `everything has ${bytes} bytes, at most ${maxAllBytes}`)
})

t.test('the first rows need few bytes', { skip: noBrowser }, async (t) => {
  const service = await startService(t, sqlite)
  await createUser(service, 'me')
  t.match(await post(service.port, '/api/logs', [{ message: 'hello' }], basic('me')), { status: 200 })
  // On this machine a browser would take Brotli, which is smaller; over plain HTTP it gets gzip.
  const tab = await openTab(t, { extraHTTPHeaders: { 'accept-encoding': 'gzip' } })
  await tab.page.goto(`http://127.0.0.1:${service.port}/`)
  await signIn(tab, 'me')
  await tab.page.locator('.row .line').waitFor()

  const visitor = await tab.page.context().newPage()
  const session = await visitor.context().newCDPSession(visitor)
  await session.send('Network.enable')
  await session.send('Network.setCacheDisabled', { cacheDisabled: true })
  await visitor.addInitScript(() => {
    new MutationObserver((_, observer) => {
      if (!document.querySelector('.row .line')) return
      observer.disconnect()
      performance.mark('first rows')
    }).observe(document, { childList: true, subtree: true })
  })
  await visitor.goto(tab.page.url())
  await visitor.locator('.bars').waitFor()
  const files = await visitor.evaluate(() => {
    const [mark] = performance.getEntriesByName('first rows')
    return performance.getEntries()
      .filter((entry) => entry instanceof PerformanceResourceTiming)
      .filter(({ name, entryType, startTime }) => entryType === 'navigation' || (name.includes('/_page/') && startTime <= (mark?.startTime ?? 0)))
      .map(({ name, encodedBodySize }) => ({ name: new URL(name).pathname, bytes: encodedBodySize }))
  })
  for (const { name, bytes } of files) t.comment(`${bytes} ${name}`)
  t.ok(files.length > 2 && files.every(({ bytes }) => bytes > 0), 'the document, its script and its style are measured')
  const bytes = files.reduce((sum, { bytes }) => sum + bytes, 0)
  t.ok(bytes <= maxFirstBytes, `the first view has ${bytes} bytes, at most ${maxFirstBytes}`)
})
