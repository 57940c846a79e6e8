// Public bug reports: see fixtures/cases.ts. Those that need more than a table stand below.
import { text } from 'node:stream/consumers'
import t from 'tap'
import { deleteExpiredLogs } from '../../../src/retention/worker.ts'
import { cases, type SentRequest } from '../../fixtures/cases.ts'
import { databases } from '../../helpers/databases.ts'
import { http, post } from '../../helpers/http.ts'
import { arrived, basic, count, createToken, createUser, startService, stored } from '../../helpers/service.ts'
import { openTcp, startSyslog } from '../../helpers/syslog.ts'
import { until } from '../../helpers/until.ts'

// Of messages of syslog without a zone.
process.env.TZ = 'UTC'

const messagesOf = (rows: Array<Record<string, any>>) => rows.map(({ log_msg: message }) => message)

for (const database of databases) {
  t.test(`field cases on ${database.name}`, async (t) => {
    const service = await startSyslog(t, database)
    const { knex, port, syslogPort } = service
    let users = 0
    const newUser = async () => {
      const name = `reporter${++users}`
      await createUser(service, name)
      const { id } = await knex('users').where('username', name).first()
      return { name, id, token: await createToken(service, name) }
    }
    const { id: aliceId } = await knex('users').where('username', 'alice').first()
    const alice = { name: 'alice', id: aliceId, token: await createToken(service, 'alice') }
    t.beforeEach(() => knex('user_logs').where('user_id', alice.id).delete())

    for (const [name, { requests = [], syslog, logs, found = {}, asked = [] }] of Object.entries(cases)) {
      await t.test(name, async (t) => {
        const user = syslog === undefined ? await newUser() : alice
        for (const request of requests) {
          const { method, path, headers, body, status } = withCredential(request, user.token)
          const answer = await http(port, method, path, headers, body)
          t.ok(status === undefined ? answer.status < 300 : answer.status === status, `${method} ${request.path}: ${answer.status} ${answer.body.slice(0, 200)}`)
        }
        if (syslog !== undefined) {
          const socket = await openTcp(t, syslogPort)
          socket.end(syslog)
          await until('all of it is stored', async () => (await stored(knex, { user_id: user.id })).length >= logs!.length)
        }
        if (logs) {
          const seen = await arrived(knex, { user_id: user.id })
          t.equal(seen.length, logs.length)
          t.match(seen, logs)
        }
        for (const [query, count] of Object.entries(found)) {
          const { body } = await http(port, 'GET', `/api/logs?limit=1000&query=${encodeURIComponent(query)}`, basic(user.name))
          t.equal(JSON.parse(body).logs?.length ?? body, count, query)
        }
        for (const [path, expected] of asked) {
          const { body } = await http(port, 'GET', path, basic(user.name))
          t.match(JSON.parse(body), expected, path)
        }
      })
    }

    await t.test('44, elastic/integrations#17911: a line of syslog without a year is of the latest that is not ahead', async (t) => {
      const days = ['Mar 15', 'Jan 10', 'May 20', 'Dec 30', 'Dec 10', 'Jun 14', 'Feb 29']
      const socket = await openTcp(t, syslogPort)
      socket.end(days.map((day) => `<13>${day} 04:05:06 web1 app[1]: ${day}\n`).join(''))
      await until('all of it is stored', async () => (await stored(knex, { user_id: alice.id })).length === days.length)
      for (const { at, message } of await arrived(knex, { user_id: alice.id })) t.equal(at, `${latestDay(message)} 04:05:06.000000`, message)
    })

    await t.test('54, grafana/loki#23807: what is deleted is gone at once, and no more', async (t) => {
      const { name } = await newUser()
      const credential = basic(name)
      await post(port, '/api/logs', Array.from({ length: 60 }, (_, i) => JSON.stringify({ msg: `old ${i % 2} n${i}`, time: `2026-11-20T0${i % 6}:15:00Z`, level: i % 3 === 0 ? 'error' : 'info' })).join('\n'), credential)
      const remove = async (query: string, confirm = '') => JSON.parse((await http(port, 'DELETE', `/api/logs?query=${query}&to=2026-11-20T03:00:00Z${confirm && `&confirm=${confirm}`}`, credential)).body)
      const totals = async () => {
        const { buckets } = JSON.parse((await http(port, 'GET', '/api/logs/histogram?from=2026-11-20&to=2026-11-21&interval=1h&by=level', credential)).body)
        return buckets.reduce(([all, errors]: number[], { count, by }: any) => [all! + count, errors! + (by.error ?? 0)], [0, 0])
      }
      t.strictSame(await totals(), [60, 20])
      const { logs, confirm } = await remove('old+0')
      t.equal(logs, 20)
      await post(port, '/api/logs', { msg: 'old 0 came later', time: '2026-11-20T01:15:00Z' }, credential)
      t.match(await remove('old+1', confirm), { code: 400 })
      t.match(await remove('old+0', confirm), { deleted: 20 })
      t.strictSame(await totals(), [41, 10])
      t.equal(JSON.parse((await http(port, 'GET', '/api/logs?query=%22came+later%22', credential)).body).logs.length, 1)
    })

    await t.test('61: HTTP as old or odd clients speak it', async (t) => {
      const { token, id } = await newUser()
      const body = '{"msg":"odd http"}'
      const authorization = `Authorization: Bearer ${token}`
      const length = `Content-Length: ${body.length}`
      const spoken: Record<string, [request: string[], body: string, answer: RegExp]> = {
        'HTTP/1.0': [['POST /api/logs HTTP/1.0', authorization, length], body, /^HTTP\/1\.1 200 [^]*"accepted":1/],
        'HTTP/1.0 without a length': [['POST /api/logs HTTP/1.0', authorization], body, /^HTTP\/1\.1 400 /],
        'Connection: close': [['POST /api/logs HTTP/1.1', 'Host: h', 'Connection: close', authorization, length], body, /^HTTP\/1\.1 200 /],
        'Expect: 100-continue': [['POST /api/logs HTTP/1.1', 'Host: h', 'Connection: close', 'Expect: 100-continue', authorization, length], body, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /],
        'a trailer': [['POST /api/logs HTTP/1.1', 'Host: h', 'Connection: close', 'Transfer-Encoding: chunked', 'Trailer: X-A', authorization], `${body.length.toString(16)}\r\n${body}\r\n0\r\nX-A: 1\r\n\r\n`, /^HTTP\/1\.1 200 /],
        'an absolute URI': [['POST http://logs.example/api/logs HTTP/1.1', 'Host: logs.example', 'Connection: close', authorization, length], body, /^HTTP\/1\.1 200 /]
      }
      for (const [what, [head, sent, answer]] of Object.entries(spoken)) {
        const socket = await openTcp(t, port)
        socket.write([...head, '', sent].join('\r\n'))
        t.match(await text(socket), answer, what)
      }
      const socket = await openTcp(t, port)
      socket.write(['POST /api/logs HTTP/1.1', 'Host: h', authorization, length, '', body].join('\n'))
      t.match(await text(socket), /^HTTP\/1\.1 400 /, 'line feeds alone')
      t.equal((await http(port, 'PUT', '/api/logs', { authorization: `Bearer ${token}` })).status, 404)
      t.equal((await stored(knex, { user_id: id })).length, 5)
    })
  })

  t.test(`80, a limit of rows goes by arrival, and not by the sender's clock, on ${database.name}`, async (t) => {
    const service = await startService(t, database)
    const { knex, port } = service
    await createUser(service, 'alice')
    for (const log of [(i: number) => ({ msg: 'a year old', time: `2025-11-20T09:15:0${i}Z` }), (i: number) => ({ msg: 'just now', time: 30 + i })]) {
      t.match(await post(port, '/api/logs', Array.from({ length: 5 }, (_, i) => JSON.stringify(log(i))).join('\n'), basic('alice')), { status: 200 })
    }
    await deleteExpiredLogs(knex, { days: 0, rows: 6 }, (error) => { throw error })
    t.equal(await count(knex), 6)
    t.strictSame(messagesOf(await stored(knex)), ['a year old', ...Array(5).fill('just now')])
  })
}

function withCredential ({ method = 'POST', path, headers = {}, body, status, credential }: SentRequest, token: string) {
  const placed = Object.entries(headers).map(([name, value]) => [name, value.replace('TOKEN', token)])
  if (!credential) placed.push(['authorization', `Bearer ${token}`])
  return { method, path: path.replace('TOKEN', token), headers: Object.fromEntries(placed), body, status }
}

/** The latest date of this day, such as `Mar 15`, that is not more than a day ahead. */
function latestDay (day: string): string {
  for (let year = new Date().getUTCFullYear() + 1; ; year--) {
    const time = new Date(`${day} ${year} 04:05:06 UTC`)
    if (time.getUTCDate() === Number(day.slice(4)) && time.getTime() <= Date.now() + 24 * 60 * 60 * 1000) return time.toISOString().slice(0, 10)
  }
}
