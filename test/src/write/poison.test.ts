// What the database can't take comes of the data, whatever the database calls it: it stops nobody else's logs, and is kept.
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Knex } from 'knex'
import t, { type Test } from 'tap'
import { loggerbot } from '../../helpers/command.ts'
import { databases, environmentOf, mariadb, startMariadb, temporaryFolder, type TestDatabase } from '../../helpers/databases.ts'
import { startEmbedded } from '../../helpers/embedded.ts'
import { http, post } from '../../helpers/http.ts'
import { arrived, createToken, createUser, log, send, startService, type ServiceOptions, type TestService } from '../../helpers/service.ts'
import { until } from '../../helpers/until.ts'

const done = { status: 200, body: '{"code":200,"message":"Logs added successfully"}' }
const deadLetterBytes = 512 * 1024

interface Stage {
  service: TestService
  token: string
  bearer: { authorization: string }
  spool: string
}

/** A service with a spool where its database may be away, and the user alice. */
async function stage (t: Test, database: TestDatabase, options: ServiceOptions = {}): Promise<Stage> {
  const spool = join(temporaryFolder(t), 'spool')
  const service = await startService(t, database, { ...options, settings: { LOGGER_SPOOL_DIR: spool, ...options.settings } })
  const token = await createUser(service, 'alice')
  return { service, token, bearer: { authorization: `Bearer ${await createToken(service, 'alice')}` }, spool }
}

const isSqlite = ({ name }: TestDatabase) => name === 'SQLite'
const messages = async (knex: Knex) => (await arrived(knex)).map(({ message }) => message)
const letters = async (knex: Knex): Promise<Array<Record<string, any>>> => knex('dead_letters').orderBy('id')
const metric = async ({ port }: { port: number }, name: string): Promise<number> =>
  Number(new RegExp(`^loggerbot_${name} (.*)$`, 'm').exec((await http(port, 'GET', '/metrics')).body)![1])

/** The next log of anybody goes straight to the database, and nothing waits in the spool. */
async function isWell (t: Test, { service, token }: Stage): Promise<void> {
  await until('the spool is empty', async () => await metric(service, 'spool_bytes') === 0)
  await until('the database is known to be there', async () => await metric(service, 'database_up') === 1)
  const answer = await send(service, 'alice', token, [log({ msg: 'after' })])
  t.match(answer, done)
  t.equal(answer.headers['x-log-stored'], undefined)
  t.ok((await messages(service.knex)).includes('after'))
}

/** A protobuf field: its length, then that number of bytes. */
function field (number: number, content: Buffer): Buffer {
  const length: number[] = []
  for (let left = content.length; ; left >>>= 7) {
    if (left < 128) {
      length.push(left)
      break
    }
    length.push((left & 127) | 128)
  }
  return Buffer.concat([Buffer.from([number << 3 | 2, ...length]), content])
}

for (const database of databases) {
  t.test(`more than the database takes at once, on ${database.name}`, async (t) => {
    const staged = await stage(t, database)
    const { service, bearer } = staged
    t.beforeEach(() => Promise.all(['user_logs', 'dead_letters'].map((table) => service.knex(table).delete())))

    await t.test('a rejected piece of 8 MB is a dead letter, cut, with its length and its SHA-256', async (t) => {
      const answer = await post(service.port, '/gelf', Buffer.alloc(8_000_000, 0xff), bearer)
      t.match(answer, { status: 400 })
      t.equal(answer.headers['x-log-stored'], undefined)
      const [letter] = await letters(service.knex)
      const whole = `base64:${Buffer.alloc(8_000_000, 0xff).toString('base64')}`
      t.match(letter, { source: 'gelf', record_sha256: createHash('sha256').update(whole).digest('hex') })
      t.equal(Number(letter!.record_bytes), whole.length)
      t.ok(whole.startsWith(letter!.record))
      t.ok(Buffer.byteLength(letter!.record) > deadLetterBytes - 4 && Buffer.byteLength(letter!.record) <= deadLetterBytes)
      await isWell(t, staged)
    })

    await t.test('an attribute that JSON makes six times as large is stored, or a dead letter where no statement holds it', async (t) => {
      const attribute = field(6, Buffer.concat([field(1, Buffer.from('raw')), field(2, field(1, Buffer.alloc(3_000_000, 1)))]))
      const request = field(1, field(2, field(2, Buffer.concat([field(5, field(1, Buffer.from('large'))), attribute]))))
      const answer = await post(service.port, '/v1/logs', request, { ...bearer, 'content-type': 'application/x-protobuf' })
      t.equal(answer.status, 200)
      t.equal(answer.headers['x-log-stored'], undefined)
      const [letter] = await letters(service.knex)
      if (letter) {
        t.match(letter, { source: 'database', reason: /max_allowed_packet/, record: /^{"eventAt".*"message":"large"/ })
        t.ok(Number(letter.record_bytes) > 18_000_000)
        t.match(letter.record_sha256, /^[0-9a-f]{64}$/)
      } else {
        t.equal((await arrived(service.knex))[0]!.attributes!.raw, '\u0001'.repeat(3_000_000))
      }
      await isWell(t, staged)
    })
  })

  t.test(`rules of the user's own, on ${database.name}`, async (t) => {
    const staged = await stage(t, database)
    const { service, token } = staged
    const { knex } = service
    const ownTrigger = (body: string) => isSqlite(database)
      ? `CREATE TRIGGER mine BEFORE INSERT ON user_logs WHEN NEW.log_msg = 'poison' BEGIN ${body} END`
      : `CREATE TRIGGER mine BEFORE INSERT ON user_logs FOR EACH ROW IF NEW.log_msg = 'poison' THEN ${body} END IF`
    t.beforeEach(() => Promise.all(['user_logs', 'dead_letters'].map((table) => knex(table).delete())))

    await t.test('what a UNIQUE key refuses is a dead letter at once', async (t) => {
      await knex.raw('CREATE UNIQUE INDEX mine ON user_logs (p_description)')
      const retried = await metric(service, 'retried_transactions_total')
      t.match(await send(service, 'alice', token, [log({ msg: 'one', p_description: '1' }), log({ msg: 'other', p_description: '1' }), log({ msg: 'two', p_description: '2' })]), done)
      t.strictSame(await messages(knex), ['one', 'two'])
      t.match(await letters(knex), [{ source: 'database', record: /"message":"other"/ }])
      t.equal(await metric(service, 'retried_transactions_total'), retried)
      t.match(await loggerbot(['dead-letters', 'replay'], { env: environmentOf(service.options) }), { code: 0, stdout: '0 stored, 1 left\n' })
      await knex.raw(isSqlite(database) ? 'DROP INDEX mine' : 'DROP INDEX mine ON user_logs')
      await isWell(t, staged)
    })

    await t.test('what a trigger refuses by the key of another table, which has the name of ours, is a dead letter', async (t) => {
      await knex.schema.createTable('theirs', (table) => { table.string('name', 50).notNullable().primary() })
      await knex('theirs').insert({ name: 'poison' })
      await knex.raw(ownTrigger('INSERT INTO theirs (name) VALUES (NEW.log_msg);'))
      t.match(await send(service, 'alice', token, [log({ msg: 'one' }), log({ msg: 'poison' }), log({ msg: 'two' })]), done)
      t.strictSame(await messages(knex), ['one', 'two'])
      t.match(await letters(knex), [{ source: 'database', record: /"message":"poison"/ }])
      await knex.raw('DROP TRIGGER mine')
      await knex.schema.dropTable('theirs')
      await isWell(t, staged)
    })

    const signal = (state: string, number: number) => `SIGNAL SQLSTATE '${state}' SET MYSQL_ERRNO = ${number}, MESSAGE_TEXT = 'no poison';`
    const refusals: Record<string, string> = isSqlite(database)
      ? Object.fromEntries(['ABORT', 'FAIL', 'ROLLBACK'].map((way) => [`RAISE(${way})`, `SELECT RAISE(${way}, 'no poison');`]))
      : Object.fromEntries(([
        ['45000', 31001], ['45000', 1114], ['HY000', 1114], ['HY000', 1290], ['42S02', 1146], ['42000', 1142], ['HY000', 1665], ['08S01', 1153], ['HY000', 4031], ['40001', 1213], ['HY000', 2006]
      ] as const).map(([state, number]) => [`SQLSTATE ${state} and the number ${number}`, signal(state, number)]))
    await t.test('what a trigger refuses is a dead letter, by whatever number, and its neighbours are stored', async (t) => {
      const ways = Object.keys(refusals)
      if (isSqlite(database)) {
        for (const [index, way] of ways.entries()) await knex.raw(`CREATE TRIGGER mine${index} BEFORE INSERT ON user_logs WHEN NEW.log_msg = 'poison of ${way}' BEGIN ${refusals[way]} END`)
      } else {
        const cases = ways.map((way) => `IF NEW.log_msg = 'poison of ${way}' THEN ${refusals[way]} END IF;`)
        await knex.raw(`CREATE TRIGGER mine BEFORE INSERT ON user_logs FOR EACH ROW BEGIN ${cases.join(' ')} END`)
      }
      // One number after the other; those that may pass are told from the rest by the drain, all at the same time.
      for (const way of ways) {
        const answers = await Promise.all(Array.from({ length: 4 }, (_, index) =>
          send(service, 'alice', token, [log({ msg: `${index} first of ${way}` }), log({ msg: index === 2 ? `poison of ${way}` : `${index} second of ${way}` }), log({ msg: `${index} third of ${way}` })])))
        for (const answer of answers) t.match(answer, done, way)
      }
      const dead = await until('each of them is a dead letter', async () => {
        const all = await letters(knex)
        return all.length >= ways.length && all
      })
      t.strictSame(dead.map(({ source, record }) => `${source}: ${JSON.parse(record).message}`).sort(), ways.map((way) => `database: poison of ${way}`).sort())
      t.strictSame((await messages(knex)).sort(), ways.flatMap((way) => Array.from({ length: 4 }, (_, index) =>
        [`${index} first of ${way}`, ...index === 2 ? [] : [`${index} second of ${way}`], `${index} third of ${way}`])).flat().sort())
      for (const name of isSqlite(database) ? ways.map((_, index) => `mine${index}`) : ['mine']) await knex.raw(`DROP TRIGGER ${name}`)
      await isWell(t, staged)
    })

    await t.test('what is refused even as a dead letter is kept as a file, which an operator is told of', async (t) => {
      await knex.raw(ownTrigger(isSqlite(database) ? "SELECT RAISE(ABORT, 'no poison');" : signal('45000', 31001)))
      await knex.raw(isSqlite(database)
        ? "CREATE TRIGGER also BEFORE INSERT ON dead_letters BEGIN SELECT RAISE(ABORT, 'no letters'); END"
        : `CREATE TRIGGER also BEFORE INSERT ON dead_letters FOR EACH ROW ${signal('45000', 31001)}`)
      t.match(await send(service, 'alice', token, [log({ msg: 'one' }), log({ msg: 'poison' }), log({ msg: 'two' })]), done)
      t.strictSame(await messages(knex), ['one', 'two'])
      const folder = 'file' in service.options ? `${service.options.file}-kept` : staged.spool
      t.equal(readdirSync(folder).filter((name) => name.endsWith('.kept')).length, 1)
      t.equal(await metric(service, 'kept_files'), 1)
      t.match(JSON.parse((await http(service.port, 'GET', '/readyz')).body), { status: 'ok', warnings: [/1 files \(\*\.kept\).*see: loggerbot spool kept/] })

      const raw = await post(service.port, '/gelf', 'no JSON', staged.bearer)
      t.equal(raw.status, 400)
      t.equal(await metric(service, 'kept_files'), 2)
      const env = { ...environmentOf(service.options), ...!isSqlite(database) && { LOGGER_SPOOL_DIR: staged.spool } }
      const listed = (await loggerbot(['spool', 'kept'], { env })).stdout.trim().split('\n').map((line) => JSON.parse(line))
      t.match(listed, [{ userId: 1, logs: 1, rejected: 0 }, { userId: 1, logs: 0, rejected: 1 }])
      t.match(await loggerbot(['spool', 'replay'], { env }), { code: 0, stdout: '0 stored, 2 left\n' })
      for (const name of ['mine', 'also']) await knex.raw(`DROP TRIGGER ${name}`)
      t.match(await loggerbot(['spool', 'forget', listed[1].file], { env }), { code: 0 })
      t.match(await loggerbot(['spool', 'forget', listed[1].file], { env }), { code: 1, stderr: /has no file/ })
      writeFileSync(join(folder, '7.kept'), 'damaged')
      t.match(await loggerbot(['spool', 'replay'], { env }), { code: 0, stdout: '1 stored, 1 left\n' })
      t.strictSame(await messages(knex), ['one', 'poison', 'two'])
      t.match(await loggerbot(['spool', 'forget', '7.kept'], { env }), { code: 0 })
      await until('the service notices', async () => await metric(service, 'kept_files') === 0)
      await isWell(t, staged)
    })
  })

  t.test(`half of a surrogate pair, on ${database.name}`, async (t) => {
    const { service, token, bearer } = await stage(t, database)
    const half = '\\ud83d'
    t.beforeEach(() => service.knex('user_logs').delete())

    await t.test('becomes U+FFFD wherever it is, and the log is stored', async (t) => {
      const body = `{"data":{"user":"alice","pid":1,"p_name":"name ${half}","post_time":"2020-05-05T12:22:23","logs":[{"level":"error","msg":"cut ${half}","event_at":"2020-05-05T12:22:22","p_description":"${half} description",
        "text":"${half}","${half}":1,"\\ud83e":2,"\ufffd_2":3,"deep":[{"a${half}":["${half}"]}],"whole":"\\ud83d\\ude00","looks":"\\\\ud83d"}]}}`
      t.match(await post(service.port, '/send_logs', body, { 'x-user-token': token }), done)
      t.match(await post(service.port, '/api/logs', `{"msg":"json ${half}","app":"${half}","n${half}":"\\udc00"}`, bearer), { status: 200 })
      const [one, other] = await arrived(service.knex)
      t.match(one, { message: 'cut \ufffd', process: 'name \ufffd', description: '\ufffd description' })
      const { deep, text, whole, looks } = one!.attributes!
      t.strictSame({ deep, text, whole, looks }, { deep: [{ 'a\ufffd': ['\ufffd'] }], text: '\ufffd', whole: '😀', looks: '\\ud83d' })
      t.strictSame(Object.entries(one!.attributes!).filter(([name]) => name.startsWith('\ufffd')).map(([, value]) => value).sort(), [1, 2, 3], 'no name is lost')
      t.match(other, { message: 'json \ufffd', attributes: { 'n\ufffd': '\ufffd' } })
      t.strictSame(await letters(service.knex), [])
    })

    await t.test('is stored by a host\'s call, too, and in its transaction', async (t) => {
      const batch = () => ({
        userId: 1,
        records: [{ eventAt: '2020-05-05 12:22:22.000000', postTime: '2020-05-05 12:22:22.000000', severity: 'info' as const, message: '\ud83d', pid: 1, processName: '\ud83d', description: '', attributes: { '\ud83d': '\ud83d' } }],
        rejected: [{ source: 'json', index: 1, reason: 'a reason', raw: 'raw \ud83d' }]
      })
      const { app } = await startEmbedded(t, service.options)
      await app.writeLogs(batch())
      await app.logDb.transaction(async (knex) => { await app.writeLogs(batch(), { knex }) })
      for (const row of await arrived(service.knex)) t.match(row, { message: '\ufffd', process: '\ufffd', attributes: { '\ufffd': '\ufffd' } })
      t.strictSame((await letters(service.knex)).map(({ record }) => record), ['raw \ufffd', 'raw \ufffd'])
    })
  })
}

for (const bytes of [1, 2]) {
  t.test(`a max_allowed_packet of ${bytes} MiB`, async (t) => {
    const server = await startMariadb(t, { flags: [`--max-allowed-packet=${bytes * 1024 * 1024}`] })
    const admin = await server.connect()
    await admin.query('CREATE DATABASE small')
    await admin.end()
    const staged = await stage(t, mariadb, { database: { ...server.access, database: 'small' } })
    const { service, token, bearer } = staged

    await t.test('holds messages of quotes and of emoji nearly as large, many rows, and dead letters', async (t) => {
      const large = bytes * 900_000
      const texts = [`${'\''.repeat(large)}`, '\\'.repeat(large), '😀'.repeat(large / 4), 'x'.repeat(large)]
      for (const msg of texts) t.match(await send(service, 'alice', token, [log({ msg })]), done)
      t.ok((await messages(service.knex)).every((message, index) => message === texts[index]))
      t.match(await send(service, 'alice', token, Array.from({ length: 50 }, (_, index) => log({ msg: `${index} ${'é\''.repeat(30_000)}` }))), done)
      t.match(await send(service, 'alice', token, [log({ msg: 'z'.repeat(bytes * 1024 * 1024) }), log({ msg: 'neighbour' })]), done)
      t.ok((await messages(service.knex)).includes('neighbour'))
      t.match(await letters(service.knex), [{ reason: /max_allowed_packet/, record_sha256: /^[0-9a-f]{64}$/ }])
      t.equal((await post(service.port, '/gelf', Buffer.alloc(8_000_000, '\''), bearer)).status, 400)
      t.equal((await letters(service.knex)).length, 2)
      t.equal(await metric(service, 'spooled_logs_total'), 0)
      await isWell(t, staged)
    })
  })
}

for (const database of databases.filter((database) => !isSqlite(database))) {
  t.test(`a file of the spool that can't be read stops no other, on ${database.name}`, async (t) => {
    const first = await stage(t, database)
    const { service: { options }, spool, token } = first
    await first.service.app.close()
    mkdirSync(join(spool, '0000000000000001.spool'))
    writeFileSync(join(spool, '0000000000000002.spool'), Buffer.concat([Buffer.from('LBSPOOL1'), Buffer.alloc(16 * 1024 * 1024, 0xff)]))

    const service = await startService(t, database, { database: options, settings: { LOGGER_SPOOL_DIR: spool } })
    await until('the damage is a dead letter', async () => (await letters(service.knex)).length > 0)
    t.match(await letters(service.knex), [{ source: 'spool', record_sha256: /^[0-9a-f]{64}$/ }])
    await until('what a dead letter cuts is kept', () => readdirSync(spool).includes('0000000000000002.damaged'))
    t.equal(await metric(service, 'database_up'), 1)
    await until('the folder is told of', async () => await metric(service, 'spool_unreadable_files') === 1)
    t.match(JSON.parse((await http(service.port, 'GET', '/readyz')).body), { status: 'ok', warnings: [/0000000000000001\.spool can't be read \(EISDIR\)/] })
    const answer = await send(service, 'alice', token, [log({ msg: 'after' })])
    t.match(answer, done)
    t.equal(answer.headers['x-log-stored'], undefined)
  })
}
