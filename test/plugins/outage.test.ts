import { appendFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { MysqlOptions } from '../../src/store/dialects/dialect.ts'
import { Proxy } from '../helpers/proxy.ts'
import { until } from '../helpers/until.ts'
import { loggerbot, serve } from '../helpers/command.ts'
import { environmentOf, mariadb, openKnex, temporaryFolder } from '../helpers/databases.ts'
import { http, post } from '../helpers/http.ts'
import { body, count, createToken, createUser, log, send, startService, stored, type ServiceOptions, type TestService } from '../helpers/service.ts'

// Most of them wait for the database.
t.jobs = 4

/** Where the timeout is the subject. Long, because the same service has to store logs before and after, on a stalled disk. */
const hasty = { LOGGER_DB_TIMEOUT: '10000' }
const done = { status: 200, body: '{"code":200,"message":"Logs added successfully"}' }
const spooled = { ...done, headers: { 'x-log-stored': 'spool' } }

interface Stage {
  service: TestService
  proxy: Proxy
  /** The database through the proxy. */
  database: MysqlOptions
  folder: string
  token: string
}

/** A service that reaches its database through a proxy, with a spool, and the user alice. */
async function stage (t: Test, settings: ServiceOptions['settings'] = {}): Promise<Stage & { restart: () => Promise<TestService> }> {
  const direct = await mariadb.create(t) as MysqlOptions
  const proxy = await Proxy.start(t, direct.port!)
  const database = { ...direct, host: proxy.host, port: proxy.port }
  const folder = join(temporaryFolder(t), 'spool')
  const start = (): Promise<TestService> => startService(t, mariadb, { database, settings: { LOGGER_SPOOL_DIR: folder, ...settings } })
  const service = await start()
  const token = await createUser(service, 'alice')
  await send(service, 'alice', token, [log({ msg: 'before' })])
  return {
    service: { ...service, knex: openKnex(t, direct) },
    proxy,
    database,
    folder,
    token,
    restart: async () => ({ ...await start(), knex: openKnex(t, direct) })
  }
}

const gauge = async ({ port }: { port: number }, name: string): Promise<number> =>
  Number(new RegExp(`^loggerbot_${name} (.*)$`, 'm').exec((await http(port, 'GET', '/metrics')).body)![1])

const home = (service: TestService) => until('the spool is empty', async () => await gauge(service, 'spool_bytes') === 0)
const messages = async (service: TestService) => (await stored(service.knex)).map(({ log_msg: message }) => message)

for (const mode of ['refuse', 'hang'] as const) {
  t.test(`while the database ${mode}s`, async (t) => {
    const { service, proxy, token } = await stage(t, mode === 'hang' ? hasty : {})
    await proxy.setMode(mode)

    await t.test('logs of known users are acknowledged from the spool, and come home in order, once', async (t) => {
      const key = { 'idempotency-key': 'once' }
      const keyed = () => post(service.port, '/send_logs', body('alice', [log({ msg: 'keyed' })]), { 'x-user-token': token, ...key })
      for (const msg of ['one', 'two', 'three']) t.match(await send(service, 'alice', token, [log({ msg }), log({ msg: `${msg}, too` })]), spooled)
      t.match(await keyed(), spooled)
      t.match(await keyed(), done, 'the same again')
      t.ok(await gauge(service, 'spool_bytes') > 0)
      t.equal(await gauge(service, 'database_up'), 0)

      await proxy.setMode('pass')
      await home(service)
      t.strictSame(await messages(service), ['before', 'one', 'one, too', 'two', 'two, too', 'three', 'three, too', 'keyed'])
      t.equal(await gauge(service, 'drained_logs_total') >= 7, true)
      await until('the database is known to be back', async () => await gauge(service, 'database_up') === 1)
      t.match(await keyed(), { ...done, headers: { 'idempotency-replayed': 'true' } })
      const direct = await send(service, 'alice', token, [log({ msg: 'after' })])
      t.match(direct, done)
      t.notOk(direct.headers['x-log-stored'])
      t.equal(await count(service.knex), 9)
    })
  })
}

t.test('while the database is away', async (t) => {
  await t.test('an unknown caller is told to come back, not that the token is wrong', async (t) => {
    const { service, proxy, token } = await stage(t)
    await proxy.setMode('refuse')
    const unavailable = { status: 503, body: '{"code":503,"message":"ServiceUnavailable"}', headers: { 'retry-after': '5' } }
    t.match(await send(service, 'nobody', token, [log()]), unavailable)
    t.match(await send(service, 'alice', 'x'.repeat(32), [log()]), unavailable)
    t.match(await send(service, 'alice', token, 'no logs'), { status: 400 })
    t.match(await send(service, 'alice', token, [log()]), spooled)
  })

  await t.test('a restart loses nothing, and knows its users', async (t) => {
    const { service, proxy, token, restart } = await stage(t)
    const bearer = { authorization: `Bearer ${await createToken(service, 'alice')}` }
    t.match(await post(service.port, '/api/logs', '', bearer), { status: 200 })
    await proxy.setMode('refuse')
    t.match(await send(service, 'alice', token, [log({ msg: 'one' })]), spooled)
    await service.app.close()
    const again = await restart()
    t.match(await send(again, 'alice', token, [log({ msg: 'two' })]), spooled)
    t.match(await post(again.port, '/api/logs', '{"msg":"three"}', bearer), { status: 200, headers: { 'x-log-stored': 'spool' } })
    t.match(await http(again.port, 'GET', '/api/logs', bearer), { status: 403 })
    await proxy.setMode('pass')
    await home(again)
    t.strictSame(await messages(again), ['before', 'one', 'two', 'three'])
  })

  await t.test('a full spool is 503, nothing of it is stored, and there is room again later', async (t) => {
    const { service, proxy, token } = await stage(t, { LOGGER_SPOOL_LIMIT: String(1024 * 1024) })
    for (const round of [1, 2]) {
      await proxy.setMode('refuse')
      let taken = 0
      let answer = await send(service, 'alice', token, [log({ msg: 'x'.repeat(100_000) })])
      for (; answer.status === 200; taken++) answer = await send(service, 'alice', token, [log({ msg: 'x'.repeat(100_000) })])
      t.match(answer, { status: 503, headers: { 'retry-after': '5', 'x-error-detail': /spool is full/ } })
      await proxy.setMode('pass')
      await home(service)
      t.equal(await count(service.knex), 1 + taken * round)
    }
  })

  await t.test('without a spool, the answer is 500 after the time that the database is given, and nothing is stored', async (t) => {
    const { service, proxy, token } = await stage(t, { LOGGER_SPOOL_DIR: '', ...hasty })
    await proxy.setMode('refuse')
    t.match(await send(service, 'alice', token, [log()]), { status: 500, body: '{"code":500,"message":"InternalServerError"}' })
    await proxy.setMode('pass')
    t.match(await send(service, 'alice', token, [log({ msg: 'after' })]), done)
    t.strictSame(await messages(service), ['before', 'after'])
  })

  await t.test('a folder that can\'t be used is told of in /readyz, and used once it can be', async (t) => {
    const { service: other, folder } = await stage(t)
    const { service, proxy, token } = await stage(t, { LOGGER_SPOOL_DIR: folder, LOGGER_DB_TIMEOUT: '500' })
    t.match(JSON.parse((await http(service.port, 'GET', '/readyz')).body), { status: 'ok', warnings: [`no spool: ${folder}: another instance uses this folder; each instance needs its own`] })
    t.equal(await gauge(service, 'spool_available'), 0)
    await proxy.setMode('refuse')
    t.match(await send(service, 'alice', token, [log()]), { status: 500 })

    await other.app.close()
    await until('the folder is taken', async () => await gauge(service, 'spool_available') === 1)
    t.match(await send(service, 'alice', token, [log()]), spooled)
  })
})

t.test('a spool that was damaged on the disk', async (t) => {
  const { service, proxy, token, folder, restart } = await stage(t)
  await proxy.setMode('refuse')
  for (const msg of ['one', 'two', 'three']) await send(service, 'alice', token, [log({ msg })])
  await service.app.close()
  // The drain seals a file each time it tries the database, so a slow machine writes several.
  const files = readdirSync(folder).filter((name) => name.endsWith('.spool')).sort().map((name) => join(folder, name))
  const damaged = files.find((file) => readFileSync(file).includes('two'))!
  const bytes = readFileSync(damaged)
  bytes[bytes.indexOf('two')]! ^= 1
  writeFileSync(damaged, bytes)
  appendFileSync(files.at(-1)!, 'a torn end')

  await proxy.setMode('pass')
  const again = await restart()
  await home(again)
  t.strictSame(await messages(again), ['before', 'one', 'three'])
  const letters = await again.knex('dead_letters').orderBy('id')
  t.match(letters, [{ source: 'spool', user_id: null, reason: /checksum/ }, { source: 'spool', reason: /incomplete/ }])
  t.match(Buffer.from(letters[0].record, 'base64').toString(), '"message":"uwo"')
})

t.test('a server whose database is away at its start', async (t) => {
  const { service, database, folder, token, proxy } = await stage(t)
  const env = { ...environmentOf(database), LOGGER_SPOOL_DIR: folder }
  await send(service, 'alice', token, [log({ msg: 'one' })])
  await service.app.close()
  await proxy.setMode('refuse')

  await t.test('starts where it knows users from before', async (t) => {
    const served = await serve(t, [], { env })
    t.match(await send(served, 'alice', token, [log({ msg: 'two' })]), spooled)
    await proxy.setMode('pass')
    await until('the spool is empty', async () => await gauge(served, 'spool_bytes') === 0)
    t.strictSame(await messages(service), ['before', 'one', 'two'])
    served.child.kill('SIGTERM')
    await served.ended
    await proxy.setMode('refuse')
  })

  await t.test('ends in order when it is told to, also while the database hangs', async (t) => {
    await proxy.setMode('pass')
    const served = await serve(t, [], { env: { ...env, LOGGER_DB_TIMEOUT: '500' } })
    await send(served, 'alice', token, [log({ msg: 'three' })])
    await proxy.setMode('hang')
    t.match(await send(served, 'alice', token, [log({ msg: 'four' })]), spooled)
    served.child.kill('SIGTERM')
    t.equal(await served.ended, 0)
    await proxy.setMode('refuse')
  })

  await t.test('does not start otherwise', async (t) => {
    rmSync(folder, { recursive: true })
    await t.rejects(serve(t, [], { env }), { message: /ended with 1: .*no MySQL at/s })
  })
})

t.test('a spool that another database left in the folder', async (t) => {
  const { service, proxy, token, folder } = await stage(t)
  await proxy.setMode('refuse')
  t.match(await send(service, 'alice', token, [log({ msg: 'of the first' })]), spooled)
  await service.app.close()
  const segments = () => readdirSync(folder).filter((name) => name.endsWith('.spool'))
  const left = segments()
  t.ok(left.length > 0)

  const other = await stage(t, { LOGGER_SPOOL_DIR: folder })
  const env = { ...environmentOf(other.database), LOGGER_SPOOL_DIR: folder }
  await t.test('is left alone, and told of', async (t) => {
    t.match(JSON.parse((await http(other.service.port, 'GET', '/readyz')).body), { status: 'ok', warnings: [new RegExp(`${folder}: ${left.length} files .* of another database`)] })
    t.equal(await gauge(other.service, 'spool_foreign'), 1)
    t.strictSame(await messages(other.service), ['before'])
    t.strictSame(segments(), left)
  })

  await t.test('is not added to, and what is spooled now comes home to its own database', async (t) => {
    await other.proxy.setMode('refuse')
    t.match(await send(other.service, 'alice', other.token, [log({ msg: 'of the second' })]), spooled)
    t.strictSame(segments(), left)
    await other.proxy.setMode('pass')
    await home(other.service)
    t.strictSame(await messages(other.service), ['before', 'of the second'])
  })

  await t.test('is moved by a command, and comes home from there', async (t) => {
    const [line] = (await loggerbot(['spool', 'list'], { env })).stdout.trim().split('\n')
    const { database, segments: count } = JSON.parse(line!)
    t.equal(count, left.length)
    t.match(await loggerbot(['spool', 'drop', 'x'], { env }), { code: 1, stderr: /holds no logs of another database x/ })
    const target = `${folder}-moved`
    t.match(await loggerbot(['spool', 'move', database, target], { env }), { code: 0, stdout: `moved to ${target}, number of files: ${left.length}\n` })
    t.match(await loggerbot(['spool', 'list'], { env }), { code: 0, stdout: '' })
    await proxy.setMode('pass')
    const again = await startService(t, mariadb, { database: (service.options as MysqlOptions), settings: { LOGGER_SPOOL_DIR: target } })
    await home(again)
    t.strictSame(await messages(service), ['before', 'of the first'])
  })
})
