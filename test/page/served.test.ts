import { readdirSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import plugin, { type LoggerBotOptions } from '../../src/app.ts'
import { sendMissingPage } from '../../src/http/page.ts'
import { noBrowser, openTab, signIn } from '../helpers/browser.ts'
import { root } from '../helpers/command.ts'
import { sqlite } from '../helpers/databases.ts'
import { http, post } from '../helpers/http.ts'
import { apiKey, basic, createUser, startService } from '../helpers/service.ts'

/** What browsers send when somebody opens an address, and what their scripts and other programs send. */
const ofBrowser = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8', 'sec-fetch-mode': 'navigate' }
const ofPrograms = ['*/*', 'application/json', 'application/vnd.elasticsearch+json; compatible-with=8', 'text/html;q=0, */*', 'text/htmlx', '']

const policy = [
  "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'", "manifest-src 'self'",
  "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'"
].join('; ')

const security = {
  'content-security-policy': policy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin'
}

t.test('the page is at the root, beside the handshake of Elasticsearch', async (t) => {
  const { app, port, options } = await startService(t, sqlite)
  await createUser({ port }, 'me')

  await t.test('a browser gets it before any credential is asked', async (t) => {
    const { status, headers, body } = await http(port, 'GET', '/', ofBrowser)
    t.match({ status, headers }, {
      status: 200,
      headers: { ...security, 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache', vary: 'accept, accept-encoding' }
    })
    t.notOk(headers['www-authenticate'])
    t.notOk(headers['x-elastic-product'])
    t.notMatch(body, /<style|style=|<script(?![^>]* src=)|\son\w+=|https?:\/\/(?!HOST)/, 'nothing is inline, nothing is of others')
    t.match(await http(port, 'GET', '/?q=level:error&from=-1d', ofBrowser), { status: 200, body }, 'whatever its state')
    const head = await http(port, 'HEAD', '/', ofBrowser)
    t.match(head, { status: 200, body: '', headers: { ...security, 'content-length': String(Buffer.byteLength(body)) } })
  })

  await t.test('a client of Elasticsearch gets the handshake', async (t) => {
    for (const accept of ofPrograms) {
      const headers: Record<string, string> = accept === '' ? {} : { accept }
      t.match(await http(port, 'GET', '/', headers), { status: 401, headers: { 'x-elastic-product': 'Elasticsearch', vary: 'accept' } }, accept)
      const answer = await http(port, 'GET', '/', { ...headers, ...basic('me') })
      t.match(answer, { status: 200, headers: { 'x-elastic-product': 'Elasticsearch', vary: 'accept' } })
      t.match(JSON.parse(answer.body), { version: { number: /^8/ } })
      t.match(await http(port, 'HEAD', '/', { ...headers, ...basic('me') }), { status: 200, headers: { 'x-elastic-product': 'Elasticsearch' } })
    }
  })

  await t.test('it is compressed as the browser wants, and known by a weak tag', async (t) => {
    const plain = await http(port, 'GET', '/', ofBrowser)
    for (const [encoding, decompress] of Object.entries({ br: brotliDecompressSync, gzip: gunzipSync })) {
      const answer = await app.inject({ url: '/', headers: { ...ofBrowser, 'accept-encoding': `${encoding}, deflate` } })
      t.match(answer, { statusCode: 200, headers: { 'content-encoding': encoding, etag: plain.headers.etag } })
      t.equal(decompress(answer.rawPayload).toString(), plain.body)
    }
    for (const none of ['identity', 'deflate', '']) t.notOk((await http(port, 'GET', '/', { ...ofBrowser, 'accept-encoding': none })).headers['content-encoding'])
    const known = { ...ofBrowser, 'if-none-match': `"another", ${plain.headers.etag}` }
    t.match(await http(port, 'GET', '/', known), { status: 304, body: '', headers: security })
    t.match(await http(port, 'GET', '/', { ...ofBrowser, 'if-none-match': '"another"' }), { status: 200 })
  })

  await t.test('its files are kept for ever, and others do not exist', async (t) => {
    for (const file of readdirSync(`${root}dist/page/_page`).filter((name) => !/\.(br|gz)$/.test(name))) {
      const { status, headers } = await http(port, 'GET', `/_page/${file}`, { 'accept-encoding': 'br' })
      t.match({ status, headers }, {
        status: 200,
        headers: {
          ...security,
          'cache-control': 'public, max-age=31536000, immutable',
          'content-encoding': 'br',
          'content-type': { js: /^application\/javascript/, css: /^text\/css/, svg: /^image\/svg/ }[file.split('.').at(-1)!]!
        }
      }, file)
      t.match(await http(port, 'HEAD', `/_page/${file}`), { status: 200, body: '' })
    }
    for (const path of ['/_page/', '/_page/nothing.js', '/_page/index.html', '/_page/..%2f..%2fpackage.json', '/index.html', '/favicon.ico']) {
      t.match(await http(port, 'GET', path, ofBrowser), { status: 404, body: /NotFound/ }, path)
    }
  })

  await t.test('without paths for Elasticsearch, it is there for everybody', async (t) => {
    const other = await startService(t, sqlite, { database: options, settings: { LOGGER_ELASTICSEARCH: '' } })
    for (const accept of ['text/html', '*/*']) t.match(await http(other.port, 'GET', '/', { accept }), { status: 200, headers: security })
  })
})

t.test('where it is not built, a browser gets a sentence that says what to do', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  app.get('/', (_request, reply) => sendMissingPage(reply))
  const { statusCode, headers, body } = await app.inject({ url: '/', headers: ofBrowser })
  t.match({ statusCode, headers, body }, {
    statusCode: 503, headers: { ...security, 'content-type': 'text/plain; charset=utf-8' }, body: /^The page of this server is not built\. Run "npm ci/
  })
})

t.test('in a host app, the page is under the prefix', async (t) => {
  const port = await startHost(t, { prefix: '/tools/logs', elasticsearch: { version: '8.17.0', root: true } })
  t.match(await http(port, 'GET', '/tools/logs/?q=a', ofBrowser), { status: 200, headers: security })
  t.match(await http(port, 'GET', '/', ofBrowser), { status: 404, headers: { 'content-security-policy': undefined } }, 'the host has its own policy')
  for (const method of ['GET', 'HEAD']) {
    t.match(await http(port, method, '/tools/logs?q=a%3Fb', ofBrowser), { status: 302, headers: { location: 'logs/?q=a%3Fb', ...security } })
  }
  t.match(await http(port, 'GET', '/tools/logs', { accept: '*/*' }), { status: 401 }, 'a program is not sent elsewhere')

  const framed = await startHost(t, { prefix: '/logs', frameAncestors: ['https://intranet.example', "'self'"] })
  t.match(await http(framed, 'GET', '/logs/', ofBrowser), { headers: { 'content-security-policy': /; frame-ancestors https:\/\/intranet\.example 'self';/ } })

  const without = await startHost(t, { prefix: '/logs', page: false })
  t.match(await http(without, 'GET', '/logs/', ofBrowser), { status: 404, headers: { 'content-security-policy': undefined } })
})

t.test('a browser opens it under a prefix, with or without the slash, and finds its files and the API there', { skip: noBrowser }, async (t) => {
  const port = await startHost(t, { prefix: '/tools/logs' })
  await post(port, '/tools/logs/create_user', { user: 'me', password: 'password', tel_id: '1' }, { 'x-api-key': apiKey })
  await post(port, '/tools/logs/api/logs', [{ message: 'hello' }], basic('me'))
  const tab = await openTab(t)
  await tab.page.goto(`http://127.0.0.1:${port}/tools/logs?q=hello`)
  t.equal(tab.page.url(), `http://127.0.0.1:${port}/tools/logs/?q=hello`)
  await signIn(tab, 'me')
  await tab.page.getByText('hello', { exact: true }).waitFor()
  t.match(await tab.page.evaluate(() => performance.getEntriesByType('resource').filter(({ name }) => !new URL(name).pathname.startsWith('/tools/logs/')).length), 0)
  t.strictSame([tab.faults, [...tab.strangers]], [[], []])
})

/** Starts a host app with the service under a prefix; closed when the test ends. */
async function startHost (t: Test, options: Partial<LoggerBotOptions> & { prefix: string }): Promise<number> {
  const host = Fastify()
  host.register(plugin, { database: await sqlite.createMigrated(t), apiKey, ...options })
  t.teardown(() => host.close())
  await host.listen({ host: '127.0.0.1', port: 0 })
  return (host.server.address() as AddressInfo).port
}
