import { once } from 'node:events'
import { Agent } from 'node:http'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { contractToken } from '../../src/authenticate/token.ts'
import { serve, startServed } from '../helpers/command.ts'
import { databases, environmentOf, mariadb, openKnex, sqlite } from '../helpers/databases.ts'
import { http, post } from '../helpers/http.ts'
import { Proxy } from '../helpers/proxy.ts'
import { apiKey, body, count, createToken, createUser, log, patienceMs, send, startService, stored } from '../helpers/service.ts'

/** A bare connection, for what is no proper HTTP. */
async function open (t: Test, port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

for (const database of databases) {
  t.test(`the server on ${database.name}`, async (t) => {
    const service = await startService(t, database)
    const hasty = await startService(t, database, { database: service.options, timeouts: { headers: 500, request: 1000, keepAlive: 500, close: 2000 } })
    const { port } = service
    const token = await createUser(service, 'denis')

    await t.test('answers 404 in the contract\'s shape where there is nothing', async (t) => {
      for (const [method, path] of [['GET', '/nowhere'], ['POST', '/send_log'], ['GET', '/send_logs/x'], ['POST', '///send_logs']] as const) {
        const answer = await http(port, method, path)
        t.match(answer, { status: 404, body: '{"code":404,"message":"NotFound"}' })
        t.equal(answer.headers['content-type'], 'application/json; charset=utf-8')
      }
    })

    await t.test('answers 400 to a path that cannot be decoded', async (t) => {
      t.match(await http(port, 'GET', '/%E0%A4%A'), { status: 400, body: '{"code":400,"message":"BadRequest"}' })
    })

    await t.test('answers 431 to headers over 16 KiB', async (t) => {
      t.match(await http(port, 'GET', '/healthz', { 'x-long': 'x'.repeat(20_000) }), { status: 431, body: '{"code":431,"message":"RequestHeaderFieldsTooLarge"}' })
    })

    await t.test('answers 400 to what is no HTTP, and closes', async (t) => {
      const socket = await open(t, port)
      socket.write('hello\r\n\r\n')
      t.match(await text(socket), /^HTTP\/1\.1 400 Bad Request\r\n[^]*\{"code":400,"message":"BadRequest"\}$/)
    })

    await t.test('ends a client that stalls in its headers, in its body, or between requests', async (t) => {
      const stalled = {
        headers: 'POST /send_logs HTTP/1.1\r\nHost: x\r\n',
        body: `POST /send_logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-User-Token: ${token}\r\nContent-Length: 100\r\n\r\n{"data"`,
        'between requests': 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'
      }
      await Promise.all(Object.entries(stalled).map(async ([where, start]) => {
        const socket = await open(t, hasty.port)
        socket.write(start)
        t.match(await text(socket), where === 'between requests' ? /^HTTP\/1\.1 200/ : /^HTTP\/1\.1 408 Request Timeout/, where)
      }))
    })

    await t.test('says nothing more to a client that stalls in a body that was refused already', async (t) => {
      const socket = await open(t, hasty.port)
      socket.write('POST /send_logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"data"')
      t.match(await text(socket), /^HTTP\/1\.1 400 [^]*\{"code":400,"message":"BadRequest"\}$/)
    })

    await t.test('takes a body that is longer on its way than any request may be, as long as its parts come', async (t) => {
      const authorization = `Bearer ${await createToken(service, 'denis')}`
      const begin = async () => {
        const socket = await open(t, hasty.port)
        socket.write(`POST /api/logs HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n`)
        return socket
      }
      const line = '{"msg":"on and on"}\n'
      const part = `${line.length.toString(16)}\r\n${line}\r\n`

      const [steady, silent] = [await begin(), await begin()]
      silent.write(part)
      const answers = Promise.all([text(steady), text(silent)])
      // Three times as long as a request may take.
      for (let n = 0; n < 30; n++) {
        steady.write(part)
        await delay(100)
      }
      steady.write('0\r\n\r\n')
      const [taken, cut] = await answers
      t.match(taken, /^HTTP\/1\.1 200[^]*"accepted":30,/)
      t.match(cut, /^HTTP\/1\.1 408 Request Timeout/)
      await service.knex('user_logs').delete()
    })

    await t.test('lets no bad client disturb another', async (t) => {
      const bad = [
        '['.repeat(1_000_000),
        `{"data":${'{"a":'.repeat(900)}1${'}'.repeat(900)}}`,
        JSON.stringify(body('denis', Array.from({ length: 5000 }, () => ({ level: 'loud' })))),
        Buffer.alloc(100_000, 0xff)
      ]
      const good = Array.from({ length: 20 }, (_, index) => log({ msg: `good ${index}` }))
      const answers = await Promise.all(good.flatMap((log, index) => [
        post(port, '/send_logs', bad[index % bad.length], { 'x-user-token': token }),
        send(service, 'denis', token, [log])
      ]))
      t.same(answers.map(({ status }) => status), good.flatMap(() => [400, 200]))
      t.equal(await count(service.knex), good.length)
      await service.knex('user_logs').delete()
    })

    await t.test('says that it is alive and ready', async (t) => {
      for (const path of ['/healthz', '/readyz']) {
        const answer = await http(port, 'GET', path)
        t.match(answer, { status: 200, body: '{"status":"ok"}', headers: { 'cache-control': /no-store/ } })
      }
    })

    await t.test('describes itself in OpenAPI 3.1, examples included, and in a page', async (t) => {
      const described = JSON.parse((await http(port, 'GET', '/docs/json')).body)
      t.equal(described.openapi, '3.1.0')
      for (const path of ['/send_logs', '/create_user', '/api/logs', '/api/logs/{id}', '/api/tokens', '/v1/logs', '/healthz', '/readyz', '/metrics']) t.ok(path in described.paths, path)
      t.notOk('//send_logs' in described.paths, 'a second way to the same is not told')
      const { post } = described.paths['/send_logs']
      t.strictSame(Object.keys(post.responses), ['200', '400', '403', '413', '429', '500', '503'])
      t.match(JSON.stringify(post.requestBody), 'process_user_description')
      const parameters: Array<{ name: string, required?: boolean }> = described.paths['/api/logs/{id}/context']?.get.parameters ?? described.paths['/api/logs'].get.parameters
      t.strictSame(parameters.filter(({ name, required }) => required && name !== 'id'), [], 'no parameter with a default is required')
      t.match(await http(port, 'GET', '/docs/'), { status: 200, body: /<div id="swagger-ui">/ })
    })

    await t.test('loses nothing and stores nothing twice from 100 clients at once, on two instances', async (t) => {
      const second = await startService(t, database, { database: service.options })
      const agents = [service, second].map(() => new Agent({ keepAlive: true }))
      t.teardown(() => agents.forEach((agent) => agent.destroy()))
      const messages = Array.from({ length: 100 }, (_, client) => Array.from({ length: 5 }, (_, index) => `client ${client} log ${index}`))
      const statuses = await Promise.all(messages.map(async (own, client) => {
        const { status } = await post([service, second][client % 2]!.port, '/send_logs', body('denis', own.map((msg) => log({ msg }))), { 'x-user-token': token }, agents[client % 2])
        return status
      }))
      t.same(statuses, messages.map(() => 200))
      const rows = (await stored(service.knex)).map((row) => row.log_msg as string)
      t.same([...rows].sort(), messages.flat().sort())
      for (const own of messages) t.same(rows.filter((msg) => own.includes(msg)), own, 'a request\'s logs keep their order')
    })
  })

  t.test(`a process on ${database.name}`, async (t) => {
    const options = await database.create(t)
    const env = { ...environmentOf(options), LOGGER_API_KEY: apiKey, LOGGER_DB_TIMEOUT: String(patienceMs) }

    await t.test('stores UTC whatever its time zone', async (t) => {
      const served = await serve(t, ['--migrate'], { env: { ...env, TZ: 'Asia/Tokyo' } })
      const token = await createUser(served, 'denis')
      await send(served, 'denis', token, [log({ event_at: '2020-05-05T12:22:22' }), log({ event_at: '2020-05-05T12:22:23+09:00' })], { post_time: '2020-05-05T12:22:24Z' })
      const knex = openKnex(t, options)
      t.match(await stored(knex), [
        { log_event_at: '2020-05-05 03:22:23.000000' },
        { log_event_at: '2020-05-05 12:22:22.000000', post_time: '2020-05-05 12:22:24.000000' }
      ])
      const { created_at: created } = await knex('users').first()
      t.ok(Math.abs(Date.parse(`${created}Z`) - Date.now()) < 60_000, created)
      await knex('user_logs').delete()
      served.child.kill('SIGTERM')
      t.equal(await served.ended, 0)
    })

    await t.test('loses nothing that it acknowledged when it is restarted under load', async (t) => {
      const token = contractToken('denis', 'password')
      const acknowledged: string[] = []
      for (let round = 0; round < 3; round++) {
        const served = await serve(t, [], { env })
        const agent = new Agent({ keepAlive: true })
        let sent = 0
        let told = false
        const clients = Array.from({ length: 10 }, async (_, client) => {
          for (let i = 0; !told || i < 1; i++) {
            const msg = `round ${round} client ${client} log ${i}`
            const answer = await post(served.port, '/send_logs', body('denis', [log({ msg })]), { 'x-user-token': token }, agent).catch(() => undefined)
            if (answer?.status !== 200) return
            acknowledged.push(msg)
            // Told to stop when all are under way, by both of the signals that npm would send on.
            if (++sent === 100) {
              told = true
              served.child.kill('SIGINT')
              served.child.kill('SIGINT')
            }
          }
        })
        await Promise.all(clients)
        t.equal(await served.ended, 0)
        t.equal(served.stderr(), '')
        agent.destroy()
      }
      const rows = (await stored(openKnex(t, options))).map((row) => row.log_msg)
      t.same(rows.sort(), acknowledged.sort())
    })

    await t.test('ends without waiting for keep-alive and stalled clients, finishing what is under way', async (t) => {
      const served = await serve(t, [], { env })
      const idle = await open(t, served.port)
      idle.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n')
      await once(idle, 'data')
      const silent = await open(t, served.port)
      silent.on('error', () => {})

      const bodyOf = (msg: string) => JSON.stringify(body('denis', [log({ msg })]))
      const headersOf = (whole: string) => `POST /send_logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-User-Token: ${contractToken('denis', 'password')}\r\nContent-Length: ${whole.length}\r\n`
      const whole = bodyOf('under way')
      const slow = await open(t, served.port)
      slow.write(`${headersOf(whole)}Expect: 100-continue\r\n\r\n`)
      await once(slow, 'data')
      const late = bodyOf('late')
      const [sender, reader] = [await open(t, served.port), await open(t, served.port)]
      for (const socket of [sender, reader]) {
        socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n')
        await once(socket, 'data')
        // A request that has begun keeps its connection, and reaches the server's routes once its headers are whole.
        socket.write(socket === sender ? headersOf(late) : 'GET /api/logs HTTP/1.1\r\nHost: x\r\n')
      }

      const start = Date.now()
      served.child.kill('SIGTERM')
      await once(idle, 'close')
      slow.write(whole)
      t.match(await text(slow), /HTTP\/1\.1 200 OK[^]*\r\nconnection: close\r\n/i)
      sender.write(`\r\n${late}`)
      t.match(await text(sender), /^HTTP\/1\.1 200 OK[^]*\r\nconnection: close\r\n[^]*Logs added successfully/i, 'logs are accepted until the server is closed')
      reader.write('\r\n')
      t.match(await text(reader), /^HTTP\/1\.1 503 [^]*\r\nconnection: close\r\n/i, 'reading is refused')
      t.equal(await served.ended, 0)
      t.ok(Date.now() - start < 60_000, 'an idle connection may last for 72 seconds')
      const messages = (await stored(openKnex(t, options))).map((row) => row.log_msg)
      t.strictSame(['under way', 'late'].map((msg) => messages.filter((other) => other === msg).length), [1, 1])
    })
  })
}

t.test('npm start', async (t) => {
  await t.test('passes SIGTERM on to the server', async (t) => {
    const options = await sqlite.create(t)
    const served = await startServed(t, 'npm', ['start', '--', '--port', '0'], { env: environmentOf(options) })
    served.child.kill('SIGTERM')
    await served.ended
    await t.rejects(http(served.port, 'GET', '/healthz'), { code: 'ECONNREFUSED' })
  })
})

t.test('a MySQL that goes away', async (t) => {
  const options = await mariadb.createMigrated(t)
  const proxy = await Proxy.start(t, options.port!)
  const service = await startService(t, mariadb, { database: { ...options, port: proxy.port }, settings: { LOGGER_DB_TIMEOUT: '500' } })
  const token = await createUser(service, 'denis')
  t.equal((await send(service, 'denis', token, [])).status, 200, 'the token is known')

  await t.test('is 500 and 503 while it is away, in the words of the contract', async (t) => {
    await proxy.setMode('refuse')
    t.match(await send(service, 'denis', token, [log()]), { status: 500, body: '{"code":500,"message":"InternalServerError"}' })
    t.match(await http(service.port, 'GET', '/readyz'), { status: 503, body: /"status":"unavailable","reason":"the database does not answer: ECONNREFUSED"/ })
    t.match(await http(service.port, 'GET', '/healthz'), { status: 200 })
  })
})
