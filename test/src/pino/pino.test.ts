import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import ts from 'typescript'
import { root, type Finished } from '../../helpers/command.ts'
import { databases, temporaryFolder } from '../../helpers/databases.ts'
import { freePort } from '../../helpers/ports.ts'
import { arrived, count, createToken, createUser, startService } from '../../helpers/service.ts'
import { until } from '../../helpers/until.ts'
import { checkOptions } from '../../../src/pino/options.ts'

// Applications mostly wait: several run at once.
t.jobs = 4

const token = 'lb_secret'

/** What came in a request. */
interface Heard {
  at: number
  headers: IncomingHttpHeaders
  body: string
  messages: string[]
}

type Fault = (response: ServerResponse, heard: Heard) => void

const answer = (status: number, headers: Record<string, string> = {}): Fault => (response) => { response.writeHead(status, headers).end() }
const accept: Fault = (response, { messages }) => { response.end(JSON.stringify({ accepted: messages.length, rejected: 0, errors: [] })) }

/** A server that hears everything, and answers as the faults say, one after the other, then as it should. */
async function startSink (t: Test, faults: Fault[] = [], port = 0): Promise<{ url: string, heard: Heard[], most: () => number }> {
  const heard: Heard[] = []
  let underWay = 0
  let most = 0
  const server = createServer((request, response) => { hear(request, response).catch(t.threw) })
  const hear = async (request: IncomingMessage, response: ServerResponse) => {
    most = Math.max(most, ++underWay)
    response.once('close', () => underWay--)
    const body = await text(request)
    const messages = body.trimEnd().split('\n').map((line) => JSON.parse(line).msg)
    const one = { at: performance.now(), headers: request.headers, body, messages }
    heard.push(one)
    t.equal(`${request.method} ${request.url}`, 'POST /api/logs')
    const fault = faults.shift() ?? accept
    fault(response, one)
  }
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, heard, most: () => most }
}

/** Compiles the transport alone, as it is published. */
function build (t: Test): string {
  const folder = temporaryFolder(t)
  const { options } = ts.parseJsonConfigFileContent(ts.readConfigFile(`${root}tsconfig.build.json`, ts.sys.readFile).config, ts.sys, root)
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}')
  for (const file of readdirSync(`${root}src/pino`)) {
    const { outputText } = ts.transpileModule(readFileSync(`${root}src/pino/${file}`, 'utf8'), { compilerOptions: { ...options, module: ts.ModuleKind.ESNext } })
    writeFileSync(join(folder, file.replace(/ts$/, 'js')), outputText)
  }
  return join(folder, 'index.js')
}

const target = build(t)

interface App {
  /** Lets the app's next `await told()` resolve. */
  tell: () => void
  /** What it printed so far. */
  stderr: () => string
  ended: Promise<Finished>
}

/**
 * Starts an application that logs, with pino and the transport as published; its code has `log`, `logger` and `told`.
 * `env` removes what tap preloads into Node: that needs the main thread, which waits for pino's at the end.
 */
function startApp (options: Record<string, unknown>, code: string): App {
  const child = spawn('env', ['-u', 'NODE_OPTIONS', process.execPath, '--input-type=module', '-e', `
    import { once } from 'node:events'
    import pino from 'pino'
    const logger = pino({ transport: ${JSON.stringify({ target, options: { token, exitTimeout: 9000, ...options } })} })
    const log = (count, prefix = 'n') => { for (let n = 0; n < count; n++) logger.info(prefix + n) }
    const told = async () => {
      await once(process.stdin.resume(), 'data')
      process.stdin.pause()
    }
    ${code}`], { cwd: root })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (chunk) => { stderr += chunk })
  const ended = Promise.all([text(child.stdout), once(child, 'close')]).then(([stdout]) => ({ code: child.exitCode, stdout, stderr }))
  return { tell: () => child.stdin.write('go on'), stderr: () => stderr, ended }
}

const runApp = (options: Record<string, unknown>, code: string): Promise<Finished> => startApp(options, code).ended

const names = (count: number, prefix = 'n', from = 0): string[] => Array.from({ length: count }, (_, n) => `${prefix}${from + n}`)
const allOf = (heard: Heard[]): string[] => heard.flatMap(({ messages }) => messages)

t.test('sends everything at the end of the process, in order, in batches, one request at a time', async (t) => {
  const { url, heard, most } = await startSink(t)
  t.match(await runApp({ url }, 'log(1200); process.exit()'), { code: 0, stderr: '', stdout: '' })
  t.strictSame(allOf(heard), names(1200))
  t.ok(heard.every(({ messages }) => messages.length <= 500))
  t.equal(new Set(heard.map(({ headers }) => headers['idempotency-key'])).size, heard.length)
  t.equal(most(), 1)
  t.match(heard[0]!.headers, { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' })
})

t.test('a batch has 512 KB at most, and one log however long it is', async (t) => {
  const { url, heard } = await startSink(t)
  t.match(await runApp({ url }, 'for (const size of [300_000, 300_000, 2_000_000, 10]) logger.info("ü".repeat(size / 2))'), { code: 0, stderr: '' })
  t.strictSame(heard.map(({ messages }) => messages.map((message) => message.length)), [[150_000], [150_000], [1_000_000], [5]])
})

t.test('a lone log does not wait for others for longer than about a second', async (t) => {
  const { url, heard } = await startSink(t)
  const app = startApp({ url }, 'log(1); await told(); log(1)')
  await until('the first log is heard', () => heard.length === 1)
  app.tell()
  t.match(await app.ended, { code: 0, stderr: '' })
  t.strictSame(heard.map(({ messages }) => messages), [['n0'], ['n0']])
})

t.test('logger.flush calls back once the logs are taken', async (t) => {
  const { url, heard } = await startSink(t, [answer(500)])
  t.match(await runApp({ url }, 'log(3); logger.flush(() => { console.log("flushed"); process.kill(process.pid, "SIGKILL") })'), { stdout: 'flushed\n' })
  t.strictSame(allOf(heard.slice(1)), names(3))
})

const passing: Record<string, Fault> = {
  'a lost connection': (response) => response.destroy(),
  'no answer in time': () => {},
  500: answer(500),
  '429 with Retry-After': answer(429, { 'retry-after': '1' }),
  '503 with Retry-After': answer(503, { 'retry-after': '1' })
}
for (const [what, fault] of Object.entries(passing)) {
  t.test(`after ${what} the same goes again under the same key, and nothing overtakes it`, async (t) => {
    const { url, heard, most } = await startSink(t, [fault, fault, accept])
    const { code, stderr } = await runApp({ url, requestTimeout: what === 'no answer in time' ? 1500 : 30_000 }, 'log(700); logger.flush(() => log(3, "later"))')
    t.equal(code, 0)
    t.equal(stderr.trim().split('\n').length, 1, 'it is said once')
    t.match(stderr, /^loggerbot-server\/pino: http:\/\/127\.0\.0\.1:\d+\/api\/logs (answers \d+|does not answer \(.+\); the logs wait, and are sent again)\n$/)
    t.strictSame(heard.slice(1, 3).map(({ headers, body }) => [headers['idempotency-key'], body]), Array(2).fill([heard[0]!.headers['idempotency-key'], heard[0]!.body]))
    t.strictSame(allOf(heard.slice(2)), [...names(700), ...names(3, 'later')])
    t.equal(most(), 1)
  })
}

t.test('waits as long as Retry-After says', async (t) => {
  const { url, heard } = await startSink(t, [answer(503, { 'retry-after': '1' })])
  const app = startApp({ url }, 'log(500); await told()')
  await until('the same is heard again', () => heard.length === 2)
  app.tell()
  await app.ended
  t.strictSame(heard.map(({ messages }) => messages.length), [500, 500])
  t.ok(heard[1]!.at - heard[0]!.at >= 1000)
})

t.test('the end of the process does not wait for the next try', async (t) => {
  const { url, heard } = await startSink(t, [answer(503, { 'retry-after': '60' })])
  const app = startApp({ url }, 'log(500); await told(); log(7, "last")')
  // Said just before it waits for the next try.
  await until('the first answer is known', () => app.stderr().includes('answers 503'))
  app.tell()
  t.match(await app.ended, { code: 0 })
  t.strictSame(allOf(heard.slice(1)), [...names(500), ...names(7, 'last')])
})

t.test('what is too large is halved, down to the one log that is let go', async (t) => {
  const tooLarge: Fault = (response, heard) => (heard.messages.includes('n5') ? answer(413) : accept)(response, heard)
  const { url, heard } = await startSink(t, Array(20).fill(tooLarge))
  const { code, stderr } = await runApp({ url }, 'log(12)')
  t.equal(code, 0)
  t.strictSame(allOf(heard.filter(({ messages }) => !messages.includes('n5'))), names(12).filter((name) => name !== 'n5'))
  t.strictSame(heard.filter(({ messages }) => messages.includes('n5')).at(-1)!.messages, ['n5'])
  t.match(stderr, /\n.+: logs not stored: 1, dropped because .+ answers 413\n$/)
})

for (const status of [400, 401, 403, 307]) {
  t.test(`after ${status} the server's reason is said once, and it goes on with the next`, async (t) => {
    const fault = answer(status, { 'x-error-detail': 'the reason', location: 'http://127.0.0.1/' })
    const { url, heard } = await startSink(t, [fault, fault])
    const { code, stderr } = await runApp({ url }, 'log(1100)')
    t.equal(code, 0)
    t.strictSame(heard.map(({ messages }) => messages.length), [500, 500, 100])
    t.equal(stderr, `loggerbot-server/pino: ${url}/api/logs answers ${status}: the reason\nloggerbot-server/pino: logs not stored: 1000, dropped because ${url}/api/logs answers ${status}\n`)
    t.notMatch(stderr, token)
  })
}

t.test('says how many logs the server could not read', async (t) => {
  const { url } = await startSink(t, [(response) => { response.end('{"accepted":1,"rejected":2,"errors":[]}') }])
  t.match(await runApp({ url }, 'log(3)'), { code: 0, stderr: `loggerbot-server/pino: logs not stored: 2, dead letters that ${url}/api/logs could not read\n` })
})

t.test('a full queue drops the newest, says how many, and marks the place once there is room', async (t) => {
  // The first log stays in the queue for as long as Retry-After says, until all the others have come.
  const { url, heard } = await startSink(t, [answer(503, { 'retry-after': '2' })])
  const app = startApp({ url, maxQueueBytes: 100_000 }, `
    logger.info('first')
    await told()
    log(5000)
    await told()
    log(2, 'later')`)
  await until('the first log is heard', () => heard.length === 1)
  app.tell()
  await until('there is room again', () => heard.length > 2)
  app.tell()
  const { code, stderr } = await app.ended
  t.equal(code, 0)
  const all = allOf(heard.slice(1))
  const kept = all.findIndex((message) => /dropped here/.test(message)) - 1
  t.ok(kept > 500 && kept < 2000, `${kept} were kept`)
  t.strictSame(all, ['first', ...names(kept), 'logs were dropped here: the queue was full', ...names(2, 'later')])
  t.match(stderr, `loggerbot-server/pino: logs not stored: ${5000 - kept}, dropped because more than 100000 bytes wait for ${url}/api/logs\n`)
  const mark = heard.flatMap(({ body }) => body.trimEnd().split('\n')).map((line) => JSON.parse(line)).find(({ dropped }) => dropped)
  t.match(mark, { level: 40, time: Number, pid: Number, hostname: String, name: 'loggerbot-server/pino', dropped: 5000 - kept })
})

t.test('a server that is away keeps the process for exitTimeout only, and what is lost is said', async (t) => {
  const url = `http://127.0.0.1:${await freePort()}`
  const { code, stderr } = await runApp({ url, exitTimeout: 1000 }, 'log(700)')
  t.equal(code, 0)
  t.match(stderr, `loggerbot-server/pino: ${url}/api/logs does not answer (ECONNREFUSED); the logs wait, and are sent again\n`)
  t.match(stderr, `loggerbot-server/pino: logs not stored: 700, dropped because ${url}/api/logs did not accept them within 1000 ms of the end\n`)
})

t.test('a server that comes later gets everything', async (t) => {
  const port = await freePort()
  const app = startApp({ url: `http://127.0.0.1:${port}` }, 'log(1200); await told()')
  await until('a try has failed', () => app.stderr().includes('ECONNREFUSED'))
  const { heard } = await startSink(t, [], port)
  await until('all is heard', () => allOf(heard).length === 1200)
  app.tell()
  t.match(await app.ended, { code: 0 })
  t.strictSame(allOf(heard), names(1200))
})

const wrong: Record<string, [Record<string, unknown>, RegExp]> = {
  'no url': [{ url: undefined }, /options\.url must be the server's address/],
  'a url that is none': [{ url: 'localhost:5000' }, /options\.url must/],
  'a url with a password': [{ url: 'http://me:pass@localhost' }, /options\.url must/],
  'no token': [{ token: undefined }, /options\.token must be a token/],
  'a token of two words': [{ token: 'one two' }, /options\.token must/],
  'a queue of no size': [{ maxQueueBytes: 0 }, /options\.maxQueueBytes must be a whole number from 65536/],
  'a time in words': [{ requestTimeout: '5s' }, /options\.requestTimeout must be/],
  'an end that pino would not wait for': [{ exitTimeout: 10_000 }, /options\.exitTimeout must be a whole number from 0 to 9000/]
}
for (const [what, [options, message]] of Object.entries(wrong)) {
  t.test(`refuses ${what}`, async (t) => {
    t.throws(() => checkOptions({ url: 'http://127.0.0.1', token, ...options as object }), message)
  })
}

t.test('an application with a wrong option ends, and is told which', async (t) => {
  const { code, stderr } = await runApp({ url: 'nowhere' }, 'log(1); await told()')
  t.not(code, 0)
  t.match(stderr, /loggerbot-server\/pino: options\.url must be the server's address/)
})

t.test('a server under a prefix is found', async (t) => {
  t.equal(checkOptions({ url: 'https://example.com/logs', token }).url.href, 'https://example.com/logs/api/logs')
  t.equal(checkOptions({ url: 'https://example.com/logs/', token }).url.href, 'https://example.com/logs/api/logs')
})

for (const database of databases) {
  t.test(`what pino logs arrives on ${database.name}, in order, each with its type`, async (t) => {
    const service = await startService(t, database, { settings: { LOGGER_DB_TIMEOUT: '60000' } })
    await createUser(service, 'alice')
    const before = Date.now()
    const app = startApp({ url: `http://127.0.0.1:${service.port}`, token: await createToken(service, 'alice') }, `
      logger.level = 'trace'
      logger.setBindings({ name: 'shop' })
      for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal']) logger[level]('of ' + level)
      logger.info({ order: 17, price: 1.5, paid: true, items: ['ä', null], nested: { deep: { er: 1 } } }, 'an order of %s', 'alice')
      logger.error(new TypeError('no such order'))
      log(2000)
      await told()`)
    await until('all is stored', async () => await count(service.knex) === 2008)
    app.tell()
    t.match(await app.ended, { code: 0, stderr: '' })
    const all = await arrived(service.knex)
    t.strictSame(all.map(({ message }) => message), [
      'of trace', 'of debug', 'of info', 'of warn', 'of error', 'of fatal', 'an order of alice', 'no such order', ...names(2000)
    ])
    t.strictSame(all.slice(0, 6).map(({ level }) => level), ['debug', 'debug', 'info', 'warning', 'error', 'critical'])
    t.match(all[6], { process: 'shop', pid: Number, attributes: { order: 17, price: 1.5, paid: true, items: ['ä', null], nested: { deep: { er: 1 } } } })
    t.match(all[7]!.attributes, { err: { type: 'TypeError', stack: /no such order\n +at / } })
    t.ok(all.every(({ at }) => Date.parse(`${at.replace(' ', 'T')}Z`) >= before && Date.parse(`${at.replace(' ', 'T')}Z`) <= Date.now()))
  })
}
