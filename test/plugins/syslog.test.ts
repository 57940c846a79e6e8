import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import t, { type Test } from 'tap'
import { Datagrams } from '../../src/receive/datagrams.ts'
import type { MysqlOptions } from '../../src/store/dialects/dialect.ts'
import { Proxy } from '../helpers/proxy.ts'
import { until } from '../helpers/until.ts'
import { loggerbot, root, serve } from '../helpers/command.ts'
import { databases, environmentOf, mariadb, openKnex, sqlite, temporaryFolder } from '../helpers/databases.ts'
import { http } from '../helpers/http.ts'
import { freePort } from '../helpers/ports.ts'
import { basic, count, createToken, startService, stored } from '../helpers/service.ts'
import { documented, execute, metric, openTcp, sendUdp, startRsyslog, startSyslog, untilStored, type SyslogService } from '../helpers/syslog.ts'

const winston: Record<string, string> = JSON.parse(readFileSync(`${root}test/fixtures/winston-syslog.json`, 'utf8'))
const lines = (count: number, from = 0) => Array.from({ length: count }, (_, index) => `line ${from + index}`)
const empty = ({ knex }: SyslogService) => knex('user_logs').delete()
const parse = (attributes: unknown) => typeof attributes === 'string' ? JSON.parse(attributes) : attributes

/** A key and a certificate for localhost of an authority of its own; the names of their files. */
function makeCertificate (folder: string): { authority: string, cert: string, key: string } {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' })
  openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=test authority', '-keyout', 'ca.key', '-out', 'ca.pem')
  openssl('req', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=localhost', '-keyout', 'server.key', '-out', 'server.csr')
  writeFileSync(join(folder, 'names'), 'subjectAltName=DNS:localhost')
  openssl('x509', '-req', '-in', 'server.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'names', '-out', 'server.pem')
  return { authority: join(folder, 'ca.pem'), cert: join(folder, 'server.pem'), key: join(folder, 'server.key') }
}

for (const database of databases) {
  t.test(`Syslog on ${database.name}`, async (t) => {
    const certificate = makeCertificate(temporaryFolder(t))
    const tlsPort = await freePort()
    const service = await startSyslog(t, database, { settings: { LOGGER_SYSLOG_TLS_PORT: String(tlsPort), LOGGER_SYSLOG_TLS_CERT: certificate.cert, LOGGER_SYSLOG_TLS_KEY: certificate.key, LOGGER_BODY_LIMIT: '2000' } })
    const { knex, syslogPort } = service
    const userId = async (name: string) => (await knex('users').where('username', name).first()).id
    const token = await createToken(service, 'bob')
    t.beforeEach(() => empty(service))

    await t.test('TCP takes both framings, wherever the stream is cut', async (t) => {
      const bytes = Buffer.from('<14>Nov 23 05:36:02 web1 shop[7]: first\n<14>1 - web1 shop 7 - - second\x0034 <14>1 - web1 shop 7 - - third\nline<14>1 - web1 shop 7 - - fourth')
      for (let at = 0; at <= bytes.length; at++) {
        const socket = await openTcp(t, syslogPort)
        await new Promise((resolve) => socket.write(bytes.subarray(0, at), resolve))
        await new Promise(setImmediate)
        socket.end(bytes.subarray(at))
        await once(socket.resume(), 'close')
      }
      await untilStored(service, 4 * (bytes.length + 1))
      const messages = (await stored(knex)).map(({ log_msg: message, p_name: name, pid, p_description: host, user_id: user }) => `${message} ${name} ${pid} ${host} ${user}`)
      const alice = await userId('alice')
      for (const message of ['first', 'second', 'third\nline', 'fourth']) {
        t.equal(messages.filter((stored) => stored === `${message} shop 7 web1 ${alice}`).length, bytes.length + 1, message)
      }
    })

    await t.test('TLS takes the same', async (t) => {
      const socket = connectTls({ port: tlsPort, host: '127.0.0.1', servername: 'localhost', ca: readFileSync(certificate.authority) })
      t.teardown(() => socket.destroy())
      await once(socket, 'secureConnect')
      socket.end('<14>by line\n12 <14>by count')
      await untilStored(service, 2)
      t.strictSame((await stored(knex)).map(({ log_msg: message }) => message), ['by line', 'by count'])
      t.equal(await metric(service, 'messages_total{transport="tls"}'), 2)
    })

    await t.test('UDP takes a message each time, winston-syslog\'s among them', async (t) => {
      await sendUdp(syslogPort, '<14>Python\0', winston['udp, RFC 5424']!, winston['tcp, RFC 3164']!)
      await untilStored(service, 3)
      const logs = await stored(knex)
      t.strictSame(logs.map(({ log_msg: message }) => message).sort(), ['Python', 'failed', 'hello'])
      t.match(logs.find(({ log_level: level }) => level === 'error'), { p_name: 'shop', pid: 22881, p_description: 'localhost', log_event_at: /^2026-11-23 05:36:02.526/ })
    })

    await t.test('a message with a token is its user\'s, and the token is stored nowhere', async (t) => {
      await sendUdp(syslogPort, `<14>1 - - - - - [loggerbot@32473 token="${token}"][order@32473 id="A-1"] of bob`)
      await untilStored(service, 1)
      const [log] = await stored(knex)
      t.match(log, { user_id: await userId('bob'), log_msg: 'of bob' })
      t.strictSame(parse(log!.attributes), { facility: 'user', structured_data: { 'order@32473': { id: 'A-1' } } })
      t.notMatch(JSON.stringify(log), token)
      const { body } = await http(service.port, 'GET', '/api/logs?query=structured_data.order@32473.id:A-1', basic('bob'))
      t.match(JSON.parse(body), { logs: [{ message: 'of bob' }] }, 'it is found by its structured data')
    })

    await t.test('a message with a wrong token is dropped and counted, those around it are stored', async (t) => {
      const before = await metric(service, 'lost_total{reason="unknown"}')
      const reading = await createToken(service, 'bob', ['read'])
      const socket = await openTcp(t, syslogPort)
      socket.end(['<14>one', ...[`lb_${'x'.repeat(43)}`, 'x', '', reading].map((wrong) => `<14>1 - - - - - [loggerbot@32473 token="${wrong}"] wrong`), '<14>two\n'].join('\n'))
      await untilStored(service, 2)
      t.strictSame((await stored(knex)).map(({ log_msg: message }) => message), ['one', 'two'])
      t.equal(await metric(service, 'lost_total{reason="unknown"}'), before + 4)
    })

    await t.test('a message over the limit ends its connection, and no other', async (t) => {
      const [long, other] = [await openTcp(t, syslogPort), await openTcp(t, syslogPort)]
      long.write(`<14>before\n<14>${'x'.repeat(2001)}`)
      await once(long.resume(), 'close')
      other.end('<14>other\n')
      await untilStored(service, 2)
      t.strictSame((await stored(knex)).map(({ log_msg: message }) => message).sort(), ['before', 'other'])
      t.equal(await metric(service, 'lost_total{reason="too_long"}'), 1)
    })

    await t.test('logger(1) is understood in all its ways, and as documented', async (t) => {
      const target = ['--server', '127.0.0.1', '--port', String(syslogPort), '--tag', 'backup', '--priority', 'cron.err']
      for (const transport of ['--tcp', '--udp']) {
        for (const format of ['--rfc5424', '--rfc3164']) {
          for (const framing of transport === '--tcp' ? [[], ['--octet-count']] : [[]]) {
            await execute('logger', [transport, format, ...framing, ...target, '--id=42', '--', `${transport} ${format} ${framing}`])
          }
        }
      }
      await untilStored(service, 6)
      const hour = 60 * 60 * 1000
      for (const log of await stored(knex)) {
        t.match(log, { log_msg: /^--(tcp|udp) --rfc/, log_level: 'error', p_name: 'backup', pid: 42, p_description: /./ })
        t.match(parse(log.attributes), { facility: 'cron', host: /./ })
        t.ok(Math.abs(Date.parse(`${log.log_event_at.replace(' ', 'T')}Z`) - Date.now()) < hour, log.log_event_at)
      }

      await empty(service)
      await execute('sh', ['-c', documented('logger', { 5514: String(syslogPort), lb_TOKEN: token })])
      await untilStored(service, 1)
      t.match(await stored(knex), [{ log_msg: 'all done', p_name: 'backup', user_id: await userId('bob') }])
    })

    await t.test('rsyslog\'s messages come in order, as documented', async (t) => {
      const log = await startRsyslog(t, documented('rsyslog', { 5514: String(syslogPort), lb_TOKEN: token }))
      await log(lines(2500))
      await untilStored(service, 2500)
      const logs = await stored(knex)
      t.strictSame(logs.map(({ log_msg: message }) => message), lines(2500))
      t.match(logs[0], { user_id: await userId('bob'), p_name: 'shop', log_level: 'info' })
    })

    await t.test('rsyslog\'s messages come by TLS, as documented', async (t) => {
      const tls = documented('rsyslog-tls', { '/etc/ssl/certs/authority.pem': certificate.authority })
      const log = await startRsyslog(t, documented('rsyslog', { 5514: String(tlsPort), lb_TOKEN: token, 'queue.saveOnShutdown="on")': `queue.saveOnShutdown="on"\n${tls})` }))
      await log(lines(100))
      await untilStored(service, 100)
      t.strictSame((await stored(knex)).map(({ log_msg: message }) => message), lines(100))
    })

    await t.test('a connection that breaks leaves its neighbours and the server alone', async (t) => {
      const socket = await openTcp(t, syslogPort)
      socket.write('<14>whole\n<14>half')
      await untilStored(service, 1)
      socket.resetAndDestroy()
      await until('the half message is counted', async () => await metric(service, 'lost_total{reason="cut"}') === 1)
      t.equal(await metric(service, 'connections'), 0)
      t.equal(await count(knex), 1)
    })

    await t.test('closing stores what was sent before', async (t) => {
      const sockets = await Promise.all([1, 2, 3].map(() => openTcp(t, syslogPort)))
      await until('they are accepted', async () => await metric(service, 'connections') === 3)
      for (const socket of sockets) socket.write(lines(3000).map((line) => `<14>${line}\n`).join(''))
      await Promise.all(sockets.map((socket) => until('it is sent', () => socket.writableLength === 0)))
      await service.app.close()
      t.equal(await count(knex), 9000)
    })
  })
}

t.test('Datagrams for which there is no room are counted, the others handed on in order', async (t) => {
  const port = await freePort()
  let lost = 0
  let go = () => {}
  const gate = new Promise<void>((resolve) => { go = resolve })
  const taken: string[] = []
  const datagrams = new Datagrams(20 * 300, async (group) => {
    await gate
    taken.push(...group.map(({ bytes }) => bytes.toString()))
  }, () => lost++)
  await datagrams.listen('127.0.0.1', port)
  const sent = lines(100).map((line) => line.padEnd(100))
  await sendUdp(port, ...sent)
  await until('all came', () => lost === 80)
  go()
  await datagrams.close()
  t.strictSame(taken, sent.slice(0, 20))
})

t.test('Without a user, what shows no token is dropped', async (t) => {
  const service = await startSyslog(t, sqlite, { settings: { LOGGER_SYSLOG_USER: '' } })
  await sendUdp(service.syslogPort, '<14>nobody\'s', `<14>1 - - - - - [loggerbot@32473 token="${await createToken(service, 'bob')}"] of bob`)
  await untilStored(service, 1)
  t.match(await stored(service.knex), [{ log_msg: 'of bob' }])
  t.equal(await metric(service, 'lost_total{reason="unknown"}'), 1)
})

t.test('A user who is disabled sends no more', async (t) => {
  const service = await startSyslog(t, sqlite)
  const send = () => sendUdp(service.syslogPort, '<14>x')
  await send()
  await untilStored(service, 1)
  t.match(await loggerbot(['user', 'disable', 'alice'], { env: environmentOf(service.options) }), { code: 0 })
  await until('a message is dropped', async () => {
    await send()
    return await metric(service, 'lost_total{reason="unknown"}') > 0
  })
})

t.test('While the database is away', async (t) => {
  async function stage (t: Test, settings: Record<string, string> = {}) {
    const direct = await mariadb.create(t) as MysqlOptions
    const proxy = await Proxy.start(t, direct.port!)
    const database = { ...direct, host: proxy.host, port: proxy.port }
    const service = { ...await startSyslog(t, mariadb, { database, settings }), knex: openKnex(t, direct) }
    return { proxy, service, token: await createToken(service, 'bob') }
  }

  await t.test('without a spool TCP is not read on, and rsyslog loses nothing, and repeats nothing', async (t) => {
    const { proxy, service, token } = await stage(t, { LOGGER_DB_TIMEOUT: '500' })
    const log = await startRsyslog(t, documented('rsyslog', { 5514: String(service.syslogPort), lb_TOKEN: token }))
    await log(lines(500))
    await untilStored(service, 500)
    for (const [round, mode] of (['refuse', 'hang'] as const).entries()) {
      await log(lines(5000, 500 + round * 10_000))
      await proxy.setMode(mode)
      await log(lines(5000, 5500 + round * 10_000))
      // Longer than logs wait for the database: then it is tried anew.
      await delay(1500)
      t.ok(await count(service.knex) < 10_500 + round * 10_000, 'rsyslog is held')
      await proxy.setMode('pass')
    }
    await untilStored(service, 20_500)
    t.strictSame((await stored(service.knex)).map(({ log_msg: message }) => message), lines(20_500))
  })

  await t.test('a sender by TCP is held, in bounded memory, and all arrives in the end', async (t) => {
    const { proxy, service } = await stage(t)
    await sendUdp(service.syslogPort, '<14>known')
    await untilStored(service, 1)
    await proxy.setMode('refuse')
    const socket = await openTcp(t, service.syslogPort)
    const sent = lines(30_000).map((line) => `<14>${line} ${'x'.repeat(1000)}`)
    socket.end(`${sent.join('\n')}\n`)
    await until('some is read', async () => await metric(service, 'messages_total{transport="tcp"}') > 0)
    const waiting = await metric(service, 'messages_total{transport="tcp"}')
    t.ok(waiting < 1000, `${waiting} messages are held`)
    t.ok(socket.writableLength > 15_000_000, `${socket.writableLength} bytes stay with the sender`)
    await proxy.setMode('pass')
    await untilStored(service, 30_001)
    t.strictSame((await service.knex('user_logs').orderBy('id').select('log_msg')).slice(1).map(({ log_msg: message }) => `<14>${message}`), sent)
  })

  await t.test('with a spool, known users and known tokens send on, by UDP, too, and after a restart', async (t) => {
    const settings = { LOGGER_SPOOL_DIR: join(temporaryFolder(t), 'spool') }
    const { proxy, service, token } = await stage(t, settings)
    const ofBob = `<14>1 - - - - - [loggerbot@32473 token="${token}"] of bob`
    await sendUdp(service.syslogPort, '<14>of alice', ofBob)
    await untilStored(service, 2)
    await proxy.setMode('refuse')
    await sendUdp(service.syslogPort, '<14>of alice', ofBob, `<14>1 - - - - - [loggerbot@32473 token="lb_${'x'.repeat(43)}"] of whom?`)
    await until('who is not known is dropped', async () => await metric(service, 'lost_total{reason="unavailable"}') === 1)
    await service.app.close()

    const syslogPort = await freePort()
    const again = await startService(t, mariadb, { database: service.options, settings: { LOGGER_SYSLOG_PORT: String(syslogPort), LOGGER_SYSLOG_USER: 'alice', ...settings } })
    await sendUdp(syslogPort, '<14>of alice, after a restart')
    await until('it is taken', async () => await metric(again, 'messages_total{transport="udp"}') === 1)
    await proxy.setMode('pass')
    await untilStored(service, 5)
    t.strictSame((await stored(service.knex)).map(({ log_msg: message }) => message), ['of alice', 'of bob', 'of alice', 'of bob', 'of alice, after a restart'])
  })
})

t.test('loggerbot serve', async (t) => {
  const folder = temporaryFolder(t)
  const env = { LOGGER_DB_FILE: join(folder, 'logs.sqlite') }

  await t.test('says where it takes syslog', async (t) => {
    const port = await freePort()
    const { stdout } = await serve(t, [], { env: { ...env, LOGGER_SYSLOG_PORT: String(port) } })
    t.match(stdout(), `syslog      TCP and UDP, port ${port}\n`)
    const { code, stderr } = await loggerbot(['serve', '--port=0'], { env: { ...env, LOGGER_SYSLOG_PORT: String(port) } })
    t.equal(code, 1)
    t.equal(stderr, `loggerbot: LOGGER_SYSLOG_PORT: ${port} on 127.0.0.1 is in use; stop the program that uses it, or choose another\n`)
  })

  const wrong = join(folder, 'wrong.pem')
  writeFileSync(wrong, 'no certificate')
  for (const [what, cert, message] of [
    ['a certificate that is not there', '/none.pem', 'LOGGER_SYSLOG_TLS_CERT: the file /none.pem cannot be read (ENOENT)'],
    ['what is no certificate', wrong, `LOGGER_SYSLOG_TLS_CERT, LOGGER_SYSLOG_TLS_KEY: ${wrong} and ${wrong} are not a PEM certificate and its key (ERR_OSSL_PEM_NO_START_LINE)`]
  ] as const) {
    await t.test(`refuses ${what}, in one line`, async (t) => {
      const { code, stderr } = await loggerbot(['serve', '--port=0'], { env: { ...env, LOGGER_SYSLOG_TLS_PORT: '6514', LOGGER_SYSLOG_TLS_CERT: cert, LOGGER_SYSLOG_TLS_KEY: wrong } })
      t.equal(code, 1)
      t.equal(stderr, `loggerbot: ${message}\n`)
    })
  }
})
