import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { databases } from '../helpers/databases.ts'
import { startEmbedded } from '../helpers/embedded.ts'
import { http, post } from '../helpers/http.ts'
import { apiKey, basic, count, createToken, createUser, log, send, startService, type TestService } from '../helpers/service.ts'
import { until } from '../helpers/until.ts'

const mebibyte = 1024 * 1024

/** Sends the beginning of a request, and no more. */
async function begin (t: Test, { port }: TestService, path: string, headers: Record<string, string | number | undefined>, start: string | Buffer = ''): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\n${Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`)
  socket.write(start)
  return socket
}

async function answerOn (socket: Socket): Promise<string> {
  const [data] = await once(socket, 'data')
  return String(data)
}

const requestBytes = async (port: number) => Number(/^loggerbot_request_bytes (\d+)$/m.exec((await http(port, 'GET', '/metrics')).body)![1])

const json = { 'Content-Type': 'application/json' }
const token = { 'X-User-Token': 'f'.repeat(32) }

for (const database of databases) {
  t.test(`many who ask /readyz at once are one question to ${database.name}`, async (t) => {
    const { app, port } = await startEmbedded(t, await database.createMigrated(t))
    let questions = 0
    app.logDb.on('query', ({ sql }: { sql: string }) => { if (/^select .id. from .user_logs. limit/.test(sql)) questions++ })
    const answers = await Promise.all(Array.from({ length: 30 }, () => http(port, 'GET', '/readyz')))
    t.ok(answers.every(({ status }) => status === 200))
    t.ok(questions >= 1 && questions < 15, `${questions} questions`)
  })

  t.test(`strangers on ${database.name}`, async (t) => {
    const service = await startService(t, database, { settings: { LOGGER_DB_TIMEOUT: '5000' } })
    const { port } = service
    const alices = await createUser(service, 'alice')
    const bearer = { authorization: `Bearer ${await createToken(service, 'alice')}` }
    // In less time than a request may wait for memory, after which it is 503.
    const isTaken = async (t: Test, what: string) => {
      t.equal((await send(service, 'alice', alices, [log()])).status, 200, what)
    }
    await isTaken(t, 'she is known')

    await t.test('who claims a body and sends none of it takes nothing', async (t) => {
      const paths = ['/send_logs', '//send_logs', '/create_user', '/api/session']
      for (const path of paths) {
        const length = path.endsWith('send_logs') ? 8 * mebibyte : 8192
        for (let n = 0; n < 5; n++) await begin(t, service, path, { ...json, ...token, 'X-Api-Key': 'x', 'Content-Length': length }, '{')
      }
      await until('their bytes arrived', async () => await requestBytes(port) > 0)
      t.ok(await requestBytes(port) < 100, 'bytes count as they arrive')
      await isTaken(t, 'another is taken')
    })

    await t.test('a body that is claimed to be over the limit is 413 at once, before anybody is known', async (t) => {
      for (const [path, length] of [['/send_logs', 100_000_000], ['//send_logs', 8 * mebibyte + 1], ['/create_user', 1_000_000], ['/api/session', 1_000_000], ['/gelf', 100_000_000], ['/v1/logs', 100_000_000], ['/_bulk', 100_000_000]] as const) {
        for (const headers of [{}, token, { 'X-Api-Key': 'x', Authorization: 'Bearer lb_x' }]) {
          const answer = await answerOn(await begin(t, service, path, { ...json, ...headers, 'Content-Length': length }))
          t.match(answer, /^HTTP\/1\.1 413 /, path)
          if (!path.startsWith('/gelf') && path.includes('_')) t.match(answer, path === '/_bulk' ? /./ : /\{"code":413,"message":"PayloadTooLarge"\}$/)
        }
      }
    })

    await t.test('a token or key that can\'t be one is refused before the body is read', async (t) => {
      const refused: Array<[path: string, headers: Record<string, string>, answer: RegExp]> = [
        ['/send_logs', {}, /^HTTP\/1\.1 400 [^]*X-Error-Detail: header X-User-Token must be 32 characters\r\n[^]*\{"code":400,"message":"BadRequest"\}$/i],
        ['//send_logs', { 'X-User-Token': 'f'.repeat(31) }, /^HTTP\/1\.1 400 [^]*\{"code":400,"message":"BadRequest"\}$/],
        ['/create_user', {}, /^HTTP\/1\.1 400 [^]*X-Error-Detail: header X-Api-Key is missing\r\n[^]*\{"code":400,"message":"BadRequest"\}$/i],
        ['/gelf', {}, /^HTTP\/1\.1 401 /],
        ['/api/logs', { Authorization: 'Bearer' }, /^HTTP\/1\.1 401 /],
        ['/_bulk', { Authorization: 'Basic ###' }, /^HTTP\/1\.1 401 /],
        ['/api/tokens', {}, /^HTTP\/1\.1 401 /],
        ['/nowhere', {}, /^HTTP\/1\.1 404 [^]*\{"code":404,"message":"NotFound"\}$/]
      ]
      for (const [path, headers, expected] of refused) {
        t.match(await answerOn(await begin(t, service, path, { ...json, ...headers, 'Content-Length': 8192 }, '{"data"')), expected, path)
      }
    })

    await t.test('create_user and sign-in take their longest bodies, and no more', async (t) => {
      const word = '\\ud83d\\ude00'.repeat(100)
      const created = await post(port, '/create_user', `{"user":"${word}","password":"${word}","tel_id":"${word}"}`, { 'x-api-key': apiKey })
      t.equal(created.status, 200, String(created.headers['x-error-detail']))
      t.equal((await post(port, '/api/session', `{"user":"${'\\u0061'.repeat(100)}","password":"${'\\u0061'.repeat(100)}"}`)).status, 401)
      for (const [path, field] of [['/create_user', 'tel_id'], ['/api/session', 'x']] as const) {
        const long = JSON.stringify({ user: 'a', password: 'b', [field]: 'x'.repeat(100_000) })
        t.equal((await post(port, path, long, { 'x-api-key': apiKey })).status, 413)
        const chunked = await begin(t, service, path, { ...json, 'X-Api-Key': apiKey, 'Transfer-Encoding': 'chunked' }, `${long.length.toString(16)}\r\n${long}\r\n`)
        t.match(await answerOn(chunked), /^HTTP\/1\.1 413 /)
      }
    })

    await t.test('uploads that stall with nearly all of their bodies lose their place to others', async (t) => {
      const uploads = await Promise.all(Array.from({ length: 12 }, () =>
        begin(t, service, '/send_logs', { ...json, ...token, 'Content-Length': 8 * mebibyte }, Buffer.alloc(8 * mebibyte - 100, 0x20))))
      await until('they fill their share', async () => await requestBytes(port) > 12 * mebibyte)
      t.ok(await requestBytes(port) <= 40 * mebibyte)
      for (let n = 0; n < 5; n++) await isTaken(t, 'a small log is taken')
      const large = 'x'.repeat(7 * mebibyte)
      t.equal((await send(service, 'alice', alices, [log({ msg: large })])).status, 200, 'a large one, too')
      t.equal((await http(port, 'POST', '/gelf', bearer, JSON.stringify({ version: '1.1', host: 'h', short_message: large }))).status, 202)
      for (const socket of uploads) socket.destroy()
      await until('their memory is given back', async () => await requestBytes(port) === 0)
    })

    await t.test('long streams hold what is not stored yet, and delay nobody', async (t) => {
      const line = `${JSON.stringify({ msg: 'on and on' })}\n`
      for (let n = 0; n < 40; n++) await begin(t, service, '/api/logs', { Authorization: bearer.authorization, 'Transfer-Encoding': 'chunked' }, `${line.length.toString(16)}\r\n${line}\r\n`)
      await until('their bytes arrived', async () => await requestBytes(port) >= 40 * line.length)
      await isTaken(t, 'another is taken')
    })

    await t.test('wrong passwords by the hundred hold up neither logs that are packed nor who is known, and are 429 past a minute\'s worth', async (t) => {
      const guesses = Array.from({ length: 400 }, (_, n) => http(port, 'GET', '/api/session', basic(`nobody${n}`, 'x')).then(({ status, headers }) => ({ status, headers })))
      const logs = gzipSync(JSON.stringify({ msg: 'packed' }))
      let done = false
      const all = Promise.all(guesses).finally(() => { done = true })
      for (let n = 0; n < 3; n++) {
        t.equal((await http(port, 'POST', '/api/logs', { ...bearer, 'content-encoding': 'gzip' }, logs)).status, 200)
      }
      t.notOk(done, 'long before the last guess is answered')
      const answers = await all
      const failed = answers.filter(({ status }) => status === 401)
      t.ok(failed.length >= 60 && failed.length < 70, `${failed.length} were tried`)
      t.ok(answers.filter(({ status }) => status === 429).every(({ headers }) => Number(headers['retry-after']) > 0))
      t.equal((await http(port, 'GET', '/api/session', basic('bob'))).status, 429, 'who was not let in before')
      t.equal((await send(service, 'alice', alices, [log({ msg: 'known' })])).status, 200, 'who was')
    })

    await t.test('tokens of nobody are 429 past a minute\'s worth, and one that is known goes on', async (t) => {
      const answers = await Promise.all(Array.from({ length: 200 }, (_, n) => http(port, 'POST', '/gelf', { authorization: `Bearer lb_${n}` }, '{}')))
      const failed = answers.filter(({ status }) => status === 401).length
      t.ok(failed >= 100 && failed < 120, `${failed} were looked up`)
      t.equal(answers.filter(({ status }) => status === 429).length, 200 - failed)
      t.equal((await http(port, 'POST', '/gelf', bearer, JSON.stringify({ version: '1.1', host: 'h', short_message: 'm' }))).status, 202)
    })

    await t.test('nothing of theirs is stored', async (t) => {
      t.equal((await service.knex('users').where('username', 'like', '%x%')).length, 0)
      t.equal(await service.knex('user_logs').where('log_msg', 'log message').then((rows) => rows.length), 8)
      t.ok(await count(service.knex) > 8)
    })
  })
}
