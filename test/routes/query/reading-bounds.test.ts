import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { request, type IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { serve } from '../../helpers/command.ts'
import { databases, environmentOf } from '../../helpers/databases.ts'
import { startEmbedded } from '../../helpers/embedded.ts'
import { EventReader } from '../../helpers/events.ts'
import { http, post } from '../../helpers/http.ts'
import { apiKey, basic, body, createUser, log, send, type TestService } from '../../helpers/service.ts'
import { until } from '../../helpers/until.ts'

const mebibyte = 1024 * 1024

/** A message of about `bytes` bytes. */
function long (bytes: number, name: string): string {
  return `${name} ${'0123456789abcdef '.repeat(bytes / 17)}`
}

async function sendLong (service: { port: number }, user: string, token: string, number: number, bytes: number): Promise<void> {
  const [start, end] = JSON.stringify(body(user, [log({ msg: long(bytes, 'log #') })])).split('#')
  for (let n = 0; n < number; n++) {
    const { status } = await post(service.port, '/send_logs', `${start}${n}${end}`, { 'x-user-token': token })
    if (status !== 200) throw new Error(`send answered ${status}`)
  }
}

/** Opens a request and reads nothing of its answer. */
async function openUnread (t: Test, port: number, path: string, user: string): Promise<IncomingMessage> {
  const outgoing = request({ port, path, headers: basic(user), agent: false }).end()
  const [incoming] = await once(outgoing, 'response') as [IncomingMessage]
  incoming.on('error', () => {})
  t.teardown(() => incoming.destroy())
  return incoming
}

// Much of it waits for connections that stand still: at the same time.
t.jobs = 3
for (const database of databases) {
  t.test(`what reading holds in memory on ${database.name}`, async (t) => {
    const service: TestService = await startEmbedded(t, await database.createMigrated(t), { readStallMs: 3000 })
    const { port } = service
    const token = await createUser(service, 'al')
    await sendLong(service, 'al', token, 12, 3 * mebibyte)
    const ask = async (path: string) => JSON.parse((await http(port, 'GET', path, basic('al'))).body)
    const named = (logs: Array<{ message: string }>) => logs.map(({ message }) => /^\w+ \d+/.exec(message)![0])
    const all = Array.from({ length: 12 }, (_, n) => `log ${n}`)
    /** Resolves once the server has `number` connections. */
    const connectionsLeft = (number: number) => until(`${number} connections are left`, async () => {
      return await promisify(service.app.server.getConnections.bind(service.app.server))() === number
    })

    await t.test('a page ends at about 8 MB, whatever its limit, and the cursor continues', async (t) => {
      for (const order of ['newest', 'oldest']) {
        const found: string[] = []
        for (let cursor: string | undefined, pages = 1; ; pages++) {
          const page = await ask(`/api/logs?limit=1000&order=${order}${cursor ? `&cursor=${cursor}` : ''}`)
          t.ok(page.complete)
          t.ok(JSON.stringify(page).length < 9_000_000)
          found.push(...named(page.logs))
          cursor = page.cursor
          if (cursor !== undefined) continue
          t.equal(pages, 6)
          break
        }
        t.strictSame(found, order === 'oldest' ? all : all.toReversed())
      }
      const some = await ask('/api/logs?query=log&limit=1000')
      t.equal(some.logs.length, 2)
      t.ok(some.cursor)
    })

    await t.test('a log that is larger than a page comes alone, and attributes count', async (t) => {
      const large = (n: number) => ({ msg: `large ${n}`, ...Object.fromEntries(Array.from({ length: 15 }, (_, index) => [`a${index}`, long(mebibyte / 3, 'x')])) })
      for (let n = 0; n < 3; n++) t.equal((await send(service, 'al', token, [log(large(n))])).status, 200)
      const page = await ask('/api/logs?query=large&limit=10')
      t.equal(page.logs.length, 1)
      t.equal((await ask(`/api/logs?query=large&cursor=${page.cursor}`)).logs.length, 1)
    })

    await t.test('the neighbours of a log are those that fit, the nearest', async (t) => {
      const { logs: [, { id }] } = await ask(`/api/logs?query=${encodeURIComponent('"log 5" OR "log 6"')}`)
      const { logs, complete } = await ask(`/api/logs/${id}/context?before=100&after=100`)
      t.equal(complete, false)
      t.ok(logs.length < 4)
      t.ok(named(logs).includes('log 5'))
    })

    await t.test('an export is whole, however large its logs are', async (t) => {
      const { body } = await http(port, 'GET', '/api/logs/export?query=log', basic('al'))
      t.strictSame(named(body.trimEnd().split('\n').map((line) => JSON.parse(line))), all)
    })

    await t.test('exports that nobody reads are few, refused past that, and ended', async (t) => {
      const unread = await openUnread(t, port, '/api/logs/export', 'al')
      await openUnread(t, port, '/api/logs/export', 'al')
      const refused = await http(port, 'GET', '/api/logs/export', basic('al'))
      t.equal(refused.status, 429)
      t.match(refused.headers['retry-after'], /^\d+$/)
      await until('those that stood still are ended', async () => (await http(port, 'GET', '/api/logs/export?query=none', basic('al'))).status === 200)
      const closed = new Promise((resolve) => unread.once('close', resolve))
      unread.resume()
      await closed
      t.notOk(unread.complete)
    })

    await t.test('a page that nobody reads is ended, and one that is read slowly is not', async (t) => {
      const unread = await openUnread(t, port, '/api/logs', 'al')
      const closed = new Promise((resolve) => unread.once('close', resolve))
      const slow = await openUnread(t, port, '/api/logs', 'al')
      let bytes = 0
      for await (const chunk of slow) {
        bytes += chunk.length
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
      t.ok(slow.complete && bytes > 4_000_000)
      await connectionsLeft(0)
      unread.resume()
      await closed
      t.notOk(unread.complete)
    })

    await t.test('a tail that nobody reads misses what is too much, is ended, and others go on', async (t) => {
      const unread = await openUnread(t, port, '/api/logs/tail?query=tailed', 'al')
      const reader = new EventReader(await openUnread(t, port, '/api/logs/tail?query=tailed', 'al'))
      for (let n = 0; n < 6; n++) {
        await send(service, 'al', token, [log({ msg: long(4 * mebibyte, `tailed ${n}`) })])
        await reader.until(`log ${n} comes`, () => reader.events.some(({ data }) => data?.includes(`tailed ${n} `)))
      }
      await connectionsLeft(1)
      const closed = new Promise((resolve) => unread.once('close', resolve))
      unread.resume()
      await closed
      t.notOk(unread.complete)
      reader.close()
    })
  })
}

/** Resident memory of a process, in bytes. */
function residentBytes (pid: number): number {
  return 1024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
}

for (const database of databases) {
  // Alone: the memory of its process is measured.
  t.test(`20 readers at once of large logs on ${database.name}`, { buffered: false }, async (t) => {
    const options = await database.createMigrated(t)
    const { child, port } = await serve(t, [], { env: { LOGGER_API_KEY: apiKey, ...environmentOf(options) } })
    const names = ['al', 'bo', 'cy', 'di']
    const tokens = new Map<string, string>()
    for (const name of names) tokens.set(name, await createUser({ port }, name))
    for (const name of names) await sendLong({ port }, name, tokens.get(name)!, 15, 4 * mebibyte)
    const before = residentBytes(child.pid!)

    let most = before
    const watch = setInterval(() => { most = Math.max(most, residentBytes(child.pid!)) }, 20)
    t.teardown(() => clearInterval(watch))
    const unread: IncomingMessage[] = []
    for (const name of names) {
      for (const path of ['/api/logs/tail', '/api/logs/tail', '/api/logs/export', '/api/logs/export', '/api/logs?limit=1000']) unread.push(await openUnread(t, port, path, name))
    }
    for (const name of names) await sendLong({ port }, name, tokens.get(name)!, 3, 4 * mebibyte)
    for (const name of names) {
      const page = JSON.parse((await http(port, 'GET', '/api/logs?limit=1000&order=oldest', basic(name))).body)
      t.equal(page.logs.length, 1)
    }
    const growth = (most - before) / mebibyte
    t.comment(`from ${Math.round(before / mebibyte)} MiB by ${Math.round(growth)} MiB`)
    // Measured: 53 to 250, by what the garbage collector is left to do beside other tests. Together the readers ask for about 1,000 MiB.
    t.ok(growth < 400, `resident memory grew by ${growth} MiB`)
    for (const incoming of unread) incoming.destroy()
  })
}
