import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Knex } from 'knex'
import { contractToken } from '../../src/authenticate/token.ts'
import { loggerbot, type Finished } from '../helpers/command.ts'
import { databases, environmentOf, mariadb, openKnex, temporaryFolder, type TestMysqlOptions } from '../helpers/databases.ts'
import { http } from '../helpers/http.ts'
import { arrived, basic, count, createUser, log, send, startService, type TestService } from '../helpers/service.ts'

// No .env of the checkout is read.
process.chdir(temporaryFolder(t))

const addressOf = ({ host, port, user, password, database }: TestMysqlOptions) => `mysql://${user}:${encodeURIComponent(password)}@${host}:${port}/${database}`

/** A database of another system, on MariaDB. */
async function createOld (t: Test, ...statements: string[]): Promise<{ old: Knex, address: string }> {
  const options = await mariadb.create(t)
  const old = openKnex(t, options)
  for (const statement of statements) await old.raw(statement)
  return { old, address: addressOf(options) }
}

const oldTables = [
  'CREATE TABLE users (id INT PRIMARY KEY AUTO_INCREMENT, username VARCHAR(100), tel_id VARCHAR(100), token CHAR(32))',
  `CREATE TABLE users_logs (id INT PRIMARY KEY AUTO_INCREMENT, user_id INT, pid INT, p_name VARCHAR(255), p_description VARCHAR(255),
    log_level VARCHAR(20), log_msg MEDIUMTEXT, log_event_at DATETIME NULL, post_time DATETIME, shop VARCHAR(20)) CHARACTER SET utf8mb4`
]

function fill (old: Knex, rows: ReadonlyArray<Record<string, unknown>>): Promise<unknown> {
  const standard = { user_id: 1, pid: 7, p_name: 'shop', p_description: 'root', log_level: 'error', log_event_at: '2020-05-05 12:22:22', post_time: '2020-05-05 12:22:23' }
  return old.batchInsert('users_logs', rows.map((row) => ({ ...standard, ...row })), 500)
}

for (const database of databases) {
  t.test(`loggerbot import on ${database.name}`, async (t) => {
    const importTo = (service: TestService, folder: string, ...words: string[]): Promise<Finished> =>
      loggerbot(['import', ...words], { env: { ...environmentOf(service.options), ...!('file' in service.options) && { LOGGER_DB_FILE: join(folder, 'none.sqlite') } } })

    await t.test('old-server: users keep their tokens and passwords, and logs their order, times and texts', async (t) => {
      const service = await startService(t, database)
      await createUser(service, 'known', 'another')
      const { old, address } = await createOld(t, ...oldTables)
      await old('users').insert([
        { id: 1, username: 'alice', tel_id: '5', token: contractToken('alice', 'secret') },
        { id: 2, username: 'known', tel_id: null, token: contractToken('known', 'secret') },
        { id: 3, username: 'two words', tel_id: null, token: contractToken('two words', 'secret') }
      ])
      await fill(old, [
        { log_msg: "first \\ ' 🐢", log_level: 'WARN', shop: 'north' },
        { log_msg: 'second', log_level: '50' },
        { log_msg: 'of another', user_id: 2 },
        { log_msg: 'of nobody', user_id: 3 },
        { log_msg: 'no level', log_level: 'loud' },
        { log_msg: 'no time', log_event_at: null }
      ])
      const folder = temporaryFolder(t)
      const { code, stdout, stderr } = await importTo(service, folder, 'old-server', address)
      t.equal(code, 0, stderr)
      t.match(stdout, /^users: 1 created, 1 existed\nlogs: 3 stored, 2 dead letters, 0 stored before, 1 of unknown users\n/)
      t.match(stderr, /user known exists here with another password, and keeps that one/)
      t.match(stderr, /user "two words" has an unusable name or token: their logs are left out/)
      const [{ id }] = await service.knex('users').where('username', 'alice')
      t.strictSame((await arrived(service.knex, { user_id: id })).map(({ level, message, attributes, at, pid, process, description }) => [level, message, attributes, at, pid, process, description]), [
        ['warning', "first \\ ' 🐢", { shop: 'north' }, '2020-05-05 12:22:22.000000', 7, 'shop', 'root'],
        ['critical', 'second', null, '2020-05-05 12:22:22.000000', 7, 'shop', 'root']
      ])
      t.strictSame((await service.knex('dead_letters').orderBy('id').pluck('reason')), ['log_level is no known level', 'log_event_at is no time in the years 1000 to 9999'])
      t.equal((await send(service, 'alice', contractToken('alice', 'secret'), [log()])).status, 200)
      const found = await http(service.port, 'GET', '/api/logs?query=second', basic('alice', 'secret'))
      t.equal(JSON.parse(found.body).logs.length, 1, 'a running server finds them')

      t.match(await importTo(service, folder, 'old-server', address), { code: 0, stdout: /logs: 0 stored, 0 dead letters/ }, 'a second run')
      await fill(old, [{ log_msg: 'added later' }])
      t.match(await importTo(service, folder, 'old-server', address), { code: 0, stdout: /logs: 1 stored, 0 dead letters/ })
      t.equal(await count(service.knex), 5)
    })

    await t.test('goes on after a crash between a batch and its position, and stores no log twice', async (t) => {
      const service = await startService(t, database)
      const { old, address } = await createOld(t, ...oldTables)
      await old('users').insert({ id: 1, username: 'alice', token: contractToken('alice', 'secret') })
      await fill(old, Array.from({ length: 2300 }, (_, index) => ({ log_msg: `${index}` })))
      const position = join(temporaryFolder(t), 'position')
      const words = ['old-server', address, '--position', position, '--rate', '1000000']
      t.match(await importTo(service, '', ...words), { code: 0, stdout: /logs: 2300 stored/ })
      t.strictSame(JSON.parse(readFileSync(position, 'utf8')), { after: '2300' })
      // As it was while the last batch was stored; then the source grew.
      writeFileSync(position, JSON.stringify({ after: '2000', until: '2300' }))
      await fill(old, [{ log_msg: '2300' }])
      t.match(await importTo(service, '', ...words), { code: 0, stdout: /logs: 1 stored, 0 dead letters, 300 stored before/ })
      t.strictSame((await arrived(service.knex)).map(({ message }) => message), Array.from({ length: 2301 }, (_, index) => `${index}`))
    })

    await t.test('system-events: messages of syslog that rsyslog stored', async (t) => {
      const service = await startService(t, database)
      await createUser(service, 'alice')
      const { old, address } = await createOld(t, `CREATE TABLE SystemEvents (ID INT UNSIGNED PRIMARY KEY AUTO_INCREMENT, CustomerID BIGINT, ReceivedAt DATETIME NULL, DeviceReportedTime DATETIME NULL,
        Facility SMALLINT NULL, Priority SMALLINT NULL, FromHost VARCHAR(60) NULL, Message TEXT, SysLogTag VARCHAR(60), ProcessID VARCHAR(60))`)
      await old('SystemEvents').insert([
        { ReceivedAt: '2024-01-02 03:04:06', DeviceReportedTime: '2024-01-02 03:04:05', Facility: 4, Priority: 3, FromHost: 'web1', Message: ' login failed', SysLogTag: 'sshd[812]:', CustomerID: 9 },
        { ReceivedAt: '2024-01-02 03:04:07', Facility: 0, Priority: 6, Message: 'up', SysLogTag: 'kernel:' },
        { ReceivedAt: '2024-01-02 03:04:07', Priority: 9, Message: 'wrong' }
      ])
      t.match(await importTo(service, temporaryFolder(t), 'system-events', address, '--owner', 'alice'), { code: 0, stdout: /^logs: 2 stored, 1 dead letters/ })
      t.strictSame(await arrived(service.knex), [
        { at: '2024-01-02 03:04:05.000000', level: 'error', process: 'sshd', pid: 812, description: 'web1', message: 'login failed', attributes: { host: 'web1', facility: 'auth', customerid: '9' } },
        { at: '2024-01-02 03:04:07.000000', level: 'info', process: 'kernel', pid: 0, description: '', message: 'up', attributes: { facility: 'kern' } }
      ])
      t.match(await importTo(service, '', 'system-events', address, '--owner', 'nobody'), { code: 1, stderr: /--owner: there is no user nobody/ })
    })

    await t.test('ndjson: lines of an export are the same logs again, others are read as the server reads them', async (t) => {
      const service = await startService(t, database)
      const token = await createUser(service, 'alice')
      await createUser(service, 'bob')
      await send(service, 'alice', token, [log({ msg: '\\\\ 🐢\n', extra: { id: 1 }, level: 'critical' }), log({ msg: '' })])
      const exported = await http(service.port, 'GET', '/api/logs/export?format=ndjson', basic('alice'))
      const folder = temporaryFolder(t)
      const file = join(folder, 'alice.ndjson')
      writeFileSync(file, `${exported.body}{"time":"2024-01-02T03:04:05Z","level":"warn","msg":"of a logger","name":"app","n":1}\n\nno JSON\n`)
      const words = ['ndjson', file, '--owner', 'bob']
      t.match(await importTo(service, folder, ...words), { code: 0, stdout: /logs: 3 stored, 1 dead letters, 0 stored before/ })
      const [{ id: alice }, { id: bob }] = await service.knex('users').orderBy('username').select('id')
      const copied = await arrived(service.knex, { user_id: bob })
      t.strictSame(copied.slice(0, 2), await arrived(service.knex, { user_id: alice }))
      t.match(copied[2], { at: '2024-01-02 03:04:05.000000', level: 'warning', message: 'of a logger', attributes: { n: 1 } })
      appendFileSync(file, '{"msg":"added"}')
      t.match(await importTo(service, folder, ...words), { code: 0, stdout: /logs: 1 stored, 0 dead letters, 0 stored before/ })
      t.match(await importTo(service, folder, ...words), { code: 0, stdout: /logs: 0 stored/ })
      writeFileSync(file, '')
      t.match(await importTo(service, folder, ...words), { code: 1, stderr: /is shorter than when it was imported/ })
      t.match(await importTo(service, folder, 'ndjson', 'nowhere', '--owner', 'bob'), { code: 1, stderr: /FILE: .*nowhere can't be read \(ENOENT\)/ })
    })

    await t.test('ndjson: goes on in the middle of lines of any length', async (t) => {
      const service = await startService(t, database)
      await createUser(service, 'alice')
      const folder = temporaryFolder(t)
      const file = join(folder, 'long.ndjson')
      const lines = Array.from({ length: 1500 }, (_, index) => `{"msg":"${index}","time":"2024-01-02T03:04:05Z"}\n`)
      lines[700] = `{"msg":"${'x'.repeat(5_000_000)}","time":"2024-01-02T03:04:05Z"}\n`
      writeFileSync(file, lines.join(''))
      const position = join(folder, 'position')
      const words = ['ndjson', file, '--owner', 'alice', '--position', position, '--rate', '1000000']
      t.match(await importTo(service, folder, ...words), { code: 0, stdout: /logs: 1500 stored/ })
      const messages = (await arrived(service.knex)).map(({ message }) => message.slice(0, 9))
      t.strictSame(messages, Array.from({ length: 1500 }, (_, index) => index === 700 ? 'xxxxxxxxx' : `${index}`))
      const before = lines.slice(0, 700).join('').length
      writeFileSync(position, JSON.stringify({ after: String(before), until: String(before + lines[700].length) }))
      t.match(await importTo(service, folder, ...words), { code: 0, stdout: /1 stored before/ })
    })

    await t.test('says in one line what is missing', async (t) => {
      const service = await startService(t, database)
      const { old, address } = await createOld(t, 'CREATE TABLE users (id INT PRIMARY KEY, username VARCHAR(100), Password INT)')
      t.match(await importTo(service, '', 'old-server', address), { code: 1, stdout: '', stderr: /^loggerbot: ADDRESS: the table users lacks the columns token; it has id, username, password\n$/ })
      await old.raw('ALTER TABLE users ADD token CHAR(32)')
      t.match(await importTo(service, '', 'old-server', address), { code: 1, stderr: /ADDRESS: there is no table users_logs or user_logs/ })
      t.match(await importTo(service, '', 'old-server', 'sqlite:old.sqlite'), { code: 2, stderr: /ADDRESS must be mysql:/ })
      t.match(await importTo(service, '', 'old-server', address, '--rate', '0'), { code: 1 })
    })
  })
}
