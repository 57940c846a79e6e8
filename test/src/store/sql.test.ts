import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import mysql from 'mysql2/promise'
import t, { type Test } from 'tap'
import { migrateToLatest, migrations } from '../../../src/store/migrations.ts'
import type { MysqlOptions } from '../../../src/store/dialects/dialect.ts'
import { sqliteDriver } from '../../../src/sqlite.ts'
import { loggerbot, root } from '../../helpers/command.ts'
import { databases, mariadb, openKnex, sqlite } from '../../helpers/databases.ts'
import { expandSql, type Dashboard, type TimeRange } from '../../helpers/grafana.ts'
import { createUser, log, send, startService, type TestService } from '../../helpers/service.ts'

const page = readFileSync(`${root}docs/sql.md`, 'utf8')

/** The page's SQL under a heading, a text a block. */
function sqlUnder (heading: string): string[] {
  const [, section] = new RegExp(`^#+ ${heading}\\n(.*?)(?=^#|(?![^]))`, 'ms').exec(page)!
  return [...section!.matchAll(/^```sql\n(.*?)^```/gms)].map(([, sql]) => sql!)
}

/** What the page says of each column of the view: its name, the column of `user_logs`, and its types. */
const columns = [...page.matchAll(/^\| `(\w+)` \| (?:`(\w+)`)? *\| (\S.*?) \| (integer|text) \|/gm)]
  .map(([, name, column, onMysql, onSqlite]) => ({ name: name!, column, onMysql: onMysql!, onSqlite: onSqlite! }))

type Row = Record<string, unknown>
type Ask = (sql: string) => Promise<Row[]>

/** Asks as somebody who knows only SQL. */
function asker ({ knex, options }: TestService): Ask {
  return async (sql) => {
    const answer = await knex.raw(sql)
    return 'file' in options ? answer : answer[0]
  }
}

/** That the logs are found by the key, up to the time. */
async function usesKey (t: Test, service: TestService, sql: string): Promise<void> {
  if ('file' in service.options) {
    const plan = (await asker(service)(`EXPLAIN QUERY PLAN ${sql}`)).map(({ detail }) => detail).join('\n')
    t.match(plan, /SEARCH user_logs USING PRIMARY KEY \(user_id=\? AND log_event_at>\?/)
  } else {
    // Four bytes of user_id and eight of log_event_at.
    const plan = (await asker(service)(`EXPLAIN FORMAT=TRADITIONAL ${sql}`)).find(({ table }) => table === 'user_logs')
    t.match(plan, { type: 'range', key: 'PRIMARY', key_len: '12' })
  }
}

const minute = 60_000
const morning = Date.UTC(2025, 10, 24, 9, 30)
const at = (instant: number) => ({ event_at: new Date(instant).toISOString() })

/** A thousand logs of each of two users, ten minutes apart, and those that the queries are about. */
async function seed (service: TestService): Promise<void> {
  for (const user of ['alice', 'bob']) {
    const token = await createUser(service, user)
    const sent = async (name: string, pid: number, logs: unknown[]) => {
      const { status } = await send(service, user, token, logs, { p_name: name, pid })
      if (status !== 200) throw new Error(`send_logs answered ${status}`)
    }
    await sent('cron', 1, Array.from({ length: 1000 }, (_, index) => log({ level: 'debug', msg: 'tick', ...at(morning - 12_345 - index * 10 * minute) })))
    await sent('billing', 7, [
      log({ level: 'info', msg: 'too early', ...at(morning - 6 * minute) }),
      log({ level: 'info', msg: 'first', ...at(morning), order_id: 'A-1', duration_ms: 10 }),
      log({ level: 'error', msg: 'Payment timed out after 5 s', ...at(morning), order_id: 'A-1', duration_ms: 5001 }),
      log({ level: 'critical', msg: "Payment timed out: \"it's\" 100 %", ...at(morning + minute), order_id: 'A-2' }),
      log({ level: 'info', msg: 'too late', ...at(morning + 5 * minute) })
    ])
    await sent('mailer', 8, [
      log({ level: 'error', msg: 'no such mailbox', ...at(morning + 2 * minute), order_id: 'A-3', duration_ms: 7.5 }),
      log({ level: 'warning', msg: 'PAYMENT TIMED OUT, said by another', ...at(morning + 3 * minute) })
    ])
    const now = Date.now()
    await sent('worker', 9, [
      log({ msg: 'two days ago', ...at(now - 48 * 60 * minute) }),
      log({ msg: 'an hour ago', ...at(now - 60 * minute) }),
      log({ level: 'critical', msg: 'just now', ...at(now) }),
      log({ level: 'warning', msg: 'no error', ...at(now) })
    ])
  }
  const { knex } = service
  await knex.schema.createTable('orders', (table) => {
    table.string('id', 20).primary()
    table.integer('amount')
    table.string('status', 20)
  })
  await knex('orders').insert([{ id: 'A-1', amount: 40, status: 'paid' }, { id: 'A-2', amount: 2, status: 'open' }, { id: 'A-4', amount: 1, status: 'paid' }])
  if (!('file' in service.options)) {
    await knex.raw('ALTER TABLE orders CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci')
    await knex.raw('ANALYZE TABLE user_logs, users, orders')
  }
}

/** What the page's queries find of the seeded logs. */
const found: Record<string, Row[]> = {
  'Errors by process in the last day': [{ process: 'worker', errors: 2 }],
  'First and last occurrence of a message': [
    { process: 'billing', times: 2, first_at: '2025-11-24 09:30:00.000000', last_at: '2025-11-24 09:31:00.000000' },
    { process: 'mailer', times: 1, first_at: '2025-11-24 09:33:00.000000', last_at: '2025-11-24 09:33:00.000000' }
  ],
  'Logs of a process around a time': [
    { at: '2025-11-24 09:30:00.000000', level: 'info', description: 'description', message: 'first' },
    { at: '2025-11-24 09:30:00.000000', level: 'error', description: 'description', message: 'Payment timed out after 5 s' },
    { at: '2025-11-24 09:31:00.000000', level: 'critical', description: 'description', message: "Payment timed out: \"it's\" 100 %" }
  ],
  'Numbers in attributes': [
    { process: 'billing', requests: 2, average_ms: 2505.5, slowest_ms: 5001 },
    { process: 'mailer', requests: 1, average_ms: 7.5, slowest_ms: 7.5 }
  ],
  'Paid orders with an error in their logs': [{ id: 'A-1', amount: 40, at: '2025-11-24 09:30:00.000000', process: 'billing', message: 'Payment timed out after 5 s' }]
}

/** Numbers as numbers: MySQL's driver gives those of 64 bits as text. */
function plain (row: Row): Row {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value]))
}

for (const database of databases) {
  t.test(`docs/sql.md on ${database.name}`, async (t) => {
    const service = await startService(t, database)
    await seed(service)
    const ask = asker(service)
    const isFile = 'file' in service.options

    await t.test('names the columns of the view and their types', async (t) => {
      const types = isFile
        ? (await ask(`SELECT ${columns.map(({ name }) => `MIN(typeof(${name})) AS ${name}`).join(', ')} FROM logs WHERE attributes IS NOT NULL`))[0]!
        : Object.fromEntries((await ask("SELECT column_name AS name, column_type AS type FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'logs'"))
          // MariaDB tells how wide a number is, and keeps JSON as text.
          .map(({ name, type }) => [name, String(type).replace(/int\(\d+\)/, 'int').replace('longtext', 'json')]))
      t.strictSame(types, Object.fromEntries(columns.map(({ name, onMysql, onSqlite }) => [name, isFile ? onSqlite : onMysql])))
      t.strictSame(Object.keys((await ask('SELECT * FROM logs LIMIT 1'))[0]!), columns.map(({ name }) => name))
    })

    await t.test('says which column of the view is which of the table', async (t) => {
      const logs = await ask("SELECT * FROM logs WHERE process <> 'cron' ORDER BY user_id, at, id")
      const rows = await ask("SELECT * FROM user_logs WHERE p_name <> 'cron' ORDER BY user_id, log_event_at, id")
      t.equal(logs.length, 22)
      t.strictSame(rows, logs.map((log) => Object.fromEntries(columns.flatMap(({ name, column }) => column === undefined ? [] : [[column, log[name]]]))))
    })

    await t.test('the view shows logs whose user is not in the table users', async (t) => {
      await service.knex.raw('INSERT INTO user_logs SELECT 4000000, log_event_at, id, log_level, pid, p_name, p_description, log_msg, post_time, attributes FROM user_logs WHERE user_id = 1 LIMIT 1')
      t.match(await ask('SELECT user, user_id FROM logs WHERE user_id = 4000000'), [{ user: null, user_id: 4000000 }])
    })

    const fast: Record<string, string> = {
      'a user and a time': "user = 'alice' AND at >= '2025-11-24 09:00'",
      'a user by id and a time': "user_id = 1 AND at >= '2025-11-24 09:00'",
      'several users by id and a time': "user_id IN (1, 2) AND at >= '2025-11-24 09:00'"
    }
    for (const [what, condition] of Object.entries(fast)) {
      await t.test(`the key finds the logs of ${what}`, (t) => usesKey(t, service, `SELECT * FROM logs WHERE ${condition} ORDER BY at, id`))
    }

    const other = isFile ? '-- MySQL' : '-- SQLite'
    t.same([...page.matchAll(/^### (.*)$/gm)].map(([, heading]) => heading), Object.keys(found), 'every query is tested')
    for (const [heading, rows] of Object.entries(found)) {
      const [sql, ...more] = sqlUnder(heading).filter((sql) => !sql.startsWith(other))
      await t.test(`${heading}: is right`, async (t) => {
        t.same(more, [])
        t.match((await ask(sql!)).map(plain), rows)
        t.equal((await ask(sql!)).length, rows.length)
      })
      await t.test(`${heading}: uses the key`, (t) => usesKey(t, service, sql!))
    }
  })
}

t.test('a file opened read-only beside the running server', async (t) => {
  const service = await startService(t, sqlite)
  await send(service, 'alice', await createUser(service, 'alice'), [log()])
  const reader = new (sqliteDriver())((service.options as { file: string }).file, { readonly: true })
  t.teardown(() => reader.close())
  t.match(reader.prepare('SELECT user, message FROM logs').all(), [{ user: 'alice', message: 'log message' }])
  t.throws(() => reader.exec('DELETE FROM user_logs'), { code: 'SQLITE_READONLY' })
})

/** Makes a login by these statements; it goes when the test ends. */
async function login (t: Test, { host, port, database }: MysqlOptions, statements: (name: string) => string[]) {
  const { user, password } = await mariadb.access()
  const name = `reader_${randomBytes(4).toString('hex')}`
  const admin = await mysql.createConnection({ host, port, user, password })
  t.teardown(async () => {
    await admin.query(`DROP USER '${name}'@'%'`)
    await admin.end()
  })
  for (const statement of statements(name)) await admin.query(statement)
  return { host: host!, port: port!, user: name, password: 'a long password', database: database! }
}

/** The page's recipe, for this database. */
function recipe (database: string): (name: string) => string[] {
  const [make, explain] = sqlUnder('A read-only login')
  return (name) => `${make}${explain}`.trim().split('\n').map((line) => line.replace('loggerbot.', `${database}.`).replace("'reader'", `'${name}'`))
}

t.test('on MySQL', async (t) => {
  const service = await startService(t, mariadb)
  await seed(service)
  const options = service.options as MysqlOptions
  const granted = recipe(options.database!)

  await t.test('a login may read the view and the names of users, no credential, no token, and change nothing', async (t) => {
    const reader = await mysql.createConnection(await login(t, options, (name) => granted(name).slice(0, 3)))
    t.teardown(() => reader.end())
    const [[{ logs }]] = await reader.query<any>("SELECT COUNT(*) AS logs FROM logs WHERE user = 'alice'")
    t.equal(logs, 1011)
    t.equal((await reader.query<any>('SELECT id, username FROM users'))[0].length, 2)
    for (const refused of ['SELECT credential FROM users', 'SELECT * FROM users', 'SELECT * FROM tokens', 'SELECT * FROM user_logs', 'DELETE FROM logs', "UPDATE logs SET message = ''", 'DROP VIEW logs']) {
      await t.rejects(reader.query(refused), { code: /ER_(TABLE|COLUMN)ACCESS_DENIED_ERROR/ }, refused)
    }
  })

  await t.test('with the rights for it, the login may EXPLAIN', async (t) => {
    const reader = await mysql.createConnection(await login(t, options, granted))
    t.teardown(() => reader.end())
    await t.resolves(reader.query("EXPLAIN SELECT * FROM logs WHERE user = 'alice'"))
    await t.rejects(reader.query('SELECT credential FROM users'), { code: 'ER_COLUMNACCESS_DENIED_ERROR' })
  })

  await t.test('the privileges that setup-database asks for make the view and drop it', async (t) => {
    const [, privileges] = /The login needs (.*?) on the database/s.exec((await loggerbot(['setup-database', '--help'])).stdout)!
    const fresh = await mariadb.create(t)
    const knex = openKnex(t, await login(t, fresh, (name) => [
      `CREATE USER '${name}'@'%' IDENTIFIED BY 'a long password'`,
      `GRANT ${privileges!.replace(/\s+and\s+/, ', ')} ON ${fresh.database}.* TO '${name}'@'%'`
    ]))
    await t.resolves(migrateToLatest(knex))
    await t.resolves(knex('logs'))
    await t.resolves(knex.migrate.rollback(migrations, true))
    await t.rejects(knex('logs'), { code: 'ER_NO_SUCH_TABLE' })
  })

  await t.test('docs/grafana/logs.json', async (t) => {
    const dashboard: Dashboard = JSON.parse(readFileSync(`${root}docs/grafana/logs.json`, 'utf8'))
    const reader = await mysql.createConnection({ ...await login(t, options, (name) => granted(name).slice(0, 3)), charset: 'utf8mb4_unicode_ci', dateStrings: true })
    t.teardown(() => reader.end())
    const range = { from: morning / 1000 - 60, to: morning / 1000 + 180, interval: 60_000 }
    const [users, level, process] = ['user', 'level', 'process'].map((name) => dashboard.templating.list.find((variable) => variable.name === name)!)
    const all = { user: ['1', '2'], level: level!.query.split(','), process: { raw: process!.allValue! }, search: '' }
    const run = async (sql: string, chosen: object = {}, time: TimeRange = range): Promise<Row[]> =>
      (await reader.query<any>(expandSql(sql, { ...all, ...chosen }, time)))[0]
    const panel = (type: string) => dashboard.panels.find((panel) => panel.type === type)!.targets[0]!.rawSql
    const alice = { user: ['1'] }
    const lines = async (chosen?: object) => (await run(panel('logs'), { ...alice, ...chosen })).map(({ message }) => message)

    t.not(dashboard.uid, JSON.parse(readFileSync(`${root}docs/grafana/dashboard.json`, 'utf8')).uid)

    await t.test('lists users, and the processes of the time', async (t) => {
      t.same(await run(users!.query), [{ __text: 'alice', __value: 1 }, { __text: 'bob', __value: 2 }])
      t.same(await run(process!.query), [{ process: 'billing' }, { process: 'cron' }, { process: 'mailer' }])
    })

    for (const zone of ['SYSTEM', '+00:00', '-07:00', '+05:45']) {
      await t.test(`is right in the time zone ${zone}`, async (t) => {
        await reader.query('SET time_zone = ?', [zone])
        const bucket = morning / 1000
        t.same(await run(panel('timeseries')), [
          { time: bucket - 60, metric: 'debug', logs: 2 },
          { time: bucket, metric: 'info', logs: 2 },
          { time: bucket, metric: 'error', logs: 2 },
          { time: bucket + 60, metric: 'critical', logs: 2 },
          { time: bucket + 120, metric: 'error', logs: 2 },
          { time: bucket + 180, metric: 'warning', logs: 2 }
        ])
        t.same((await run(panel('timeseries'), {}, { ...range, interval: 3_600_000 })).map(({ time }) => time), Array(5).fill(bucket - 1800))
        t.same(await run(panel('stat')), [{ errors: 6 }])
        t.same(await run(panel('barchart')), [{ process: 'billing', errors: 4 }, { process: 'mailer', errors: 2 }])
        t.match((await run(panel('logs'), alice))[0], { time: '2025-11-24 09:33:00.000000', message: 'PAYMENT TIMED OUT, said by another', level: 'warning', user: 'alice', process: 'mailer', pid: 8 })
      })
    }

    await t.test('shows the newest lines first, those of one instant in the order sent', async (t) => {
      t.same(await lines(), ['PAYMENT TIMED OUT, said by another', 'no such mailbox', "Payment timed out: \"it's\" 100 %", 'Payment timed out after 5 s', 'first', 'tick'])
      const [row] = await run(panel('logs'))
      t.equal(Object.keys(row!).find((name) => typeof row![name] === 'string' && name !== 'time'), 'message', 'the first text is what the logs panel takes for the line')
      t.match(row!.id, /^\d{17,20}$/, 'an id is a text, because it is too large for a number')
    })

    for (const [what, [chosen, expected]] of Object.entries<[object, string[]]>({
      levels: [{ level: ['critical', 'debug'] }, ["Payment timed out: \"it's\" 100 %", 'tick']],
      processes: [{ process: ['cron', 'none'] }, ['tick']],
      'a text in any case': [{ search: 'payment TIMED' }, ['PAYMENT TIMED OUT, said by another', "Payment timed out: \"it's\" 100 %", 'Payment timed out after 5 s']],
      'a text with quotes and a percent sign': [{ search: "\"it's\" 100 %" }, ["Payment timed out: \"it's\" 100 %"]],
      'a text that is not there': [{ search: 'pay%out' }, []]
    })) await t.test(`finds by ${what}`, async (t) => t.same(await lines(chosen), expected))

    const queries = [...dashboard.panels.map(({ title, targets }) => [title, targets[0]!.rawSql]), [`the variable ${process!.name}`, process!.query]]
    for (const [title, sql] of queries) {
      await t.test(`${title} uses the key, for one user and for all`, async (t) => {
        for (const chosen of [all, { ...all, ...alice }, { ...all, process: ['billing'], search: 'payment' }]) await usesKey(t, service, expandSql(sql!, chosen, range))
      })
    }
  })
})
