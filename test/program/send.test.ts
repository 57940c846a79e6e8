import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, copyFileSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { buffer, text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { Batcher } from '../../src/commands/send/batcher.ts'
import { cleanEnvironment, loggerbot, program } from '../helpers/command.ts'
import { databases, temporaryFolder } from '../helpers/databases.ts'
import { count, createToken, createUser, startService, type TestService } from '../helpers/service.ts'
import { until } from '../helpers/until.ts'

/** Logs as they are joined: one piece of text each. */
const traces: Record<string, string[]> = {
  Java: ['2026-01-01 10:00:00 ERROR request failed\njava.lang.IllegalStateException: no order\n\tat shop.Order.find(Order.java:12)\n\tat shop.Main.main(Main.java:3)\nCaused by: java.io.IOException: gone\n\tat shop.Disk.read(Disk.java:7)\n\t... 12 more', 'next'],
  Python: ['ERROR:root:failed\nTraceback (most recent call last):\n  File "a.py", line 1, in <module>\n    f()\nKeyError: 1\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File "a.py", line 3, in <module>\nValueError: bad', 'Listening: yes'],
  Node: ['TypeError: x is not a function\n    at main (file:///app.js:3:5)\n    at node:internal/main:1:1 {\n  code: \'E_X\'\n}', 'next'],
  '.NET': ['fail: Shop[0]\nSystem.InvalidOperationException: bad\n ---> System.IO.IOException: gone\n   at Shop.Read() in /a.cs:line 3\n   --- End of inner exception stack trace ---\n   at Shop.Main()', 'info: Shop[0]'],
  Go: ['panic: boom\n\ngoroutine 1 [running]:\nmain.f(0x1)\n\t/a.go:4 +0x39\nmain.main()\n\t/a.go:8 +0x1\ncreated by main.init\n\t/a.go:9\nexit status 2', 'next'],
  Ruby: ["app.rb:1:in `f': bad (RuntimeError)\n\tfrom app.rb:4:in `<main>'", 'next'],
  JSON: ['{"a":1}', '  stray', `{"long":"${'x'.repeat(2000)}"}`, '  stray', '{"b":2}', '{\n  "c": 3\n}']
}

t.test('lines of one stack trace are one log', async (t) => {
  for (const [language, logs] of Object.entries(traces)) {
    t.strictSame(logsOf(`${logs.join('\n')}\n`), logs, language)
  }
  t.strictSame(logsOf('a\n b\n', false), ['a', ' b'])
})

t.test('a log is bounded, and any cut of the input gives the same logs', async (t) => {
  t.equal(logsOf(`start\n${' x\n'.repeat(2500)}`).length, 3)
  t.equal(logsOf('x'.repeat(2.5 * 1024 * 1024)).length, 3)
  const all = Object.values(traces).flat().join('\n')
  const batcher = new Batcher(true)
  const pieces = [...Buffer.from(all)].flatMap((byte) => [...batcher.push(Buffer.of(byte))])
  t.strictSame([...pieces, ...batcher.end()].flatMap(({ logs }) => logs.map(String)), logsOf(all))
})

function logsOf (input: string, joins = true): string[] {
  const batcher = new Batcher(joins)
  return [...batcher.push(Buffer.from(input)), ...batcher.end()].flatMap(({ logs }) => logs.map(String))
}

for (const database of databases) {
  t.test(`loggerbot send on ${database.name}`, async (t) => {
    const service = await startService(t, database)
    await createUser(service, 'alice')
    const token = await createToken(service, 'alice')
    const env = { LOGGER_SERVER: `http://127.0.0.1:${service.port}`, LOGGER_TOKEN: token, HOME: temporaryFolder(t) }
    const messages = async () => (await service.knex('user_logs').orderBy(['log_event_at', 'id']).select('log_msg')).map(({ log_msg: message }) => message as string)
    const empty = async () => { await service.knex('user_logs').delete() }

    await t.test('sends standard input in order, text and JSON, with what the flags say', async (t) => {
      const input = 'plain\n{"msg":"json","level":"debug","order":7}\n[2026-01-01 10:00:00] ERROR failed\n\tat f()\n{"broken\n\n'
      t.strictSame(await loggerbot(['send', '--process', 'app', '--level', 'warning'], { env, input }), { code: 0, stdout: '', stderr: '' })
      const rows = await service.knex('user_logs').orderBy(['log_event_at', 'id']).select('log_msg', 'log_level', 'p_name')
      t.same(rows.map((row) => [row.log_msg, row.log_level, row.p_name]), [
        ['[2026-01-01 10:00:00] ERROR failed\n\tat f()', 'error', 'app'],
        ['plain', 'warning', 'app'], ['json', 'debug', 'app'], ['{"broken', 'warning', 'app']
      ])
      await empty()
    })

    await t.test('sends files one after the other, and goes on at the position', async (t) => {
      const folder = temporaryFolder(t)
      const [first, second, position] = ['a.log', 'b.log', 'position'].map((name) => join(folder, name)) as [string, string, string]
      writeFileSync(first, 'a1\na2\n')
      writeFileSync(second, 'b1')
      t.match(await loggerbot(['send', first, second], { env }), { code: 0, stderr: '' })
      t.strictSame(await messages(), ['a1', 'a2', 'b1'])
      await empty()
      t.match(await loggerbot(['send', first, '--position', position], { env }), { code: 0, stderr: '' })
      appendFileSync(first, 'a3\n')
      renameSync(first, `${first}.1`)
      writeFileSync(first, 'new\n')
      t.match(await loggerbot(['send', first, '--position', position], { env }), { code: 0, stderr: '' })
      t.strictSame(await messages(), ['a1', 'a2', 'a3', 'new'])
      await empty()
    })

    await t.test('follows a file through rename and truncation, and ends at SIGTERM', async (t) => {
      const file = join(temporaryFolder(t), 'app.log')
      writeFileSync(file, 'one\n')
      const child = start(t, [file, '--follow'], env)
      const ended = once(child, 'close')
      await until('the first log is stored', async () => await count(service.knex) === 1)
      renameSync(file, `${file}.1`)
      appendFileSync(`${file}.1`, 'two\n')
      writeFileSync(file, 'three\n')
      await until('the new file is read', async () => await count(service.knex) === 3)
      copyFileSync(file, `${file}.2`)
      truncateSync(file)
      appendFileSync(file, '4\n')
      await until('the truncated file is read', async () => await count(service.knex) === 4)
      child.kill('SIGTERM')
      t.strictSame(await ended, [0, null])
      t.strictSame(await messages(), ['one', 'two', 'three', '4'])
      await empty()
    })

    await t.test('killed at any time, it goes on without loss and without doubles', async (t) => {
      await killAgainAndAgain(t, service, env)
      await empty()
    })
  })
}

async function killAgainAndAgain (t: Test, service: TestService, env: Record<string, string>): Promise<void> {
  const folder = temporaryFolder(t)
  const file = join(folder, 'app.log')
  const position = join(folder, 'position')
  const lines = 30_000
  writeFileSync(file, Array.from({ length: lines }, (_, index) => `line ${index}\n${index % 7 === 0 ? '\tat f()\n' : ''}`).join(''))
  const args = [file, '--position', position]
  let killed = 0
  for (let stored = 0; killed < 5; killed++) {
    const child = start(t, args, env)
    const ended = once(child, 'close')
    const before = stored
    // Killed when it has stored something more, wherever it is by then.
    await Promise.race([ended, until('more is stored', async () => (stored = await count(service.knex)) > before)])
    child.kill('SIGKILL')
    if ((await ended)[1] === null) break
  }
  t.ok(killed > 0, 'it was killed at work')
  t.match(await loggerbot(['send', ...args], { env }), { code: 0, stderr: '' })
  t.equal(await count(service.knex), lines)
  const [{ distinct }] = await service.knex('user_logs').countDistinct({ distinct: 'log_msg' }) as [{ distinct: number }]
  t.equal(Number(distinct), lines)
  t.notOk('plan' in JSON.parse(readFileSync(position, 'utf8')))
}

t.test('a batch is sent again, the same bytes under the same key, until it is stored', async (t) => {
  const requests: Array<{ key: unknown, body: string }> = []
  const statuses = [503, 429, 200]
  const { env } = await startFake(t, async (request) => {
    requests.push({ key: request.headers['idempotency-key'], body: String(await buffer(request)) })
    return statuses[requests.length - 1] ?? 200
  })
  const { code, stderr } = await loggerbot(['send'], { env, input: 'a\nb\n' })
  t.equal(code, 0)
  t.match(stderr, /answers 503; the logs are sent again\n$/)
  t.equal(requests.length, 3)
  t.strictSame(new Set(requests.map((request) => JSON.stringify(request))).size, 1)
  t.equal(requests[0]?.body, 'a\nb\n')
})

t.test('says in one line what is wrong', async (t) => {
  const { env } = await startFake(t, async () => 401)
  const file = join(temporaryFolder(t), 'app.log')
  writeFileSync(file, 'a\n')
  const failures: Array<[args: string[], code: number, line: RegExp]> = [
    [['send', file], 1, /app\.log is stored up to byte 0 only: \S+ answered 401: .*scope write/],
    [['send', `${file}.none`], 1, /app\.log\.none cannot be read: ENOENT/],
    [['send', '--follow'], 2, /--follow takes one file/],
    [['send', '--position', file], 2, /--position takes one file/],
    [['send', file, '--position', file], 1, /is not a position of loggerbot send/],
    [['send', '--level', 'loud'], 2, /--level must be one of debug, info/]
  ]
  for (const [args, code, line] of failures) {
    const finished = await loggerbot(args, { env })
    t.equal(finished.code, code)
    t.match(finished.stderr, line)
    t.equal(finished.stderr.split('\n').length, 2)
  }
})

function start (t: Test, args: string[], env: Record<string, string>): ChildProcess {
  const child = spawn(process.execPath, [program, 'send', ...args], { env: { ...cleanEnvironment(), ...env }, stdio: ['ignore', 'ignore', 'pipe'] })
  t.teardown(() => { child.kill('SIGKILL') })
  return child
}

/** A server that answers with the statuses of `answer`. */
async function startFake (t: Test, answer: (request: IncomingMessage) => Promise<number>): Promise<{ env: Record<string, string> }> {
  const server = createServer((request, response) => {
    answer(request).then(async (status) => {
      if (!request.readableEnded) await text(request)
      response.writeHead(status).end('{"accepted":2,"rejected":0,"detail":"refused"}')
    }, () => response.destroy())
  })
  t.teardown(() => { server.close() })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return { env: { LOGGER_SERVER: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, LOGGER_TOKEN: 'lb_token', HOME: temporaryFolder(t) } }
}
