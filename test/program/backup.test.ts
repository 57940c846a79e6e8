// A backup that is made while logs come in, by the commands of docs/operations.md, restored into an empty database: what
// was stored before is there, what its sender repeats is stored once, and the spool of the old database goes on.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream, createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import t, { type Test } from 'tap'
import type { DatabaseOptions } from '../../src/store/dialects/dialect.ts'
import { sqliteDriver } from '../../src/sqlite.ts'
import { databases, mariadb, temporaryFolder, type TestMysqlOptions } from '../helpers/databases.ts'
import { http, post } from '../helpers/http.ts'
import { freePort } from '../helpers/ports.ts'
import { basic, body, count, createUser, log, startService, type TestService } from '../helpers/service.ts'
import { until } from '../helpers/until.ts'

interface Backup {
  /** Copies the database while a server uses it. */
  make (options: DatabaseOptions, file: string): Promise<void>
  /** A new database with what the file holds. */
  restore (t: Test, file: string): Promise<DatabaseOptions>
}

const clientFlags = ({ host, port, user, password }: TestMysqlOptions) => [
  '--no-defaults', '--protocol=tcp', `--host=${host}`, `--port=${port}`, `--user=${user}`, `--password=${password}`
]

const backups: Record<string, Backup> = {
  SQLite: {
    async make (options, file) {
      const database = new (sqliteDriver())((options as { file: string }).file, { readonly: true })
      await database.backup(file)
      database.close()
    },
    restore: async (_t, file) => ({ file })
  },
  MariaDB: {
    async make (options, file) {
      const flags = clientFlags(options as TestMysqlOptions)
      const dump = spawn('mariadb-dump', [...flags, '--single-transaction', '--quick', (options as TestMysqlOptions).database])
      const ended = once(dump, 'close')
      await pipeline(dump.stdout, createWriteStream(file))
      t.strictSame(await ended, [0, null])
    },
    async restore (t, file) {
      const options = await mariadb.create(t)
      const client = spawn('mariadb', [...clientFlags(options), options.database])
      const ended = once(client, 'close')
      await pipeline(createReadStream(file), client.stdin)
      t.strictSame(await ended, [0, null])
      return options
    }
  }
}

/** Logs of one request. */
const perRequest = 20

for (const database of databases.filter(({ name }) => Object.hasOwn(backups, name))) {
  t.test(`A backup of ${database.name}`, async (t) => {
    const { make, restore } = backups[database.name]!
    const folder = temporaryFolder(t)
    const settings = database.name === 'SQLite' ? {} : { LOGGER_SPOOL_DIR: join(folder, 'spool') }
    const file = join(folder, database.name === 'SQLite' ? 'restored.sqlite' : 'backup.sql')
    const service = await startService(t, database, { settings })
    const token = await createUser(service, 'alice')
    let requests = 0
    const sendNext = async (to: TestService, request: number) => {
      const logs = Array.from({ length: perRequest }, (_, index) => log({ msg: `log ${request} ${index}` }))
      const answer = await post(to.port, '/send_logs', body('alice', logs), { 'x-user-token': token, 'idempotency-key': `request ${request}` })
      t.equal(answer.status, 200)
      return answer
    }

    while (requests < 20) await sendNext(service, requests++)
    const before = requests
    const progress = { isMade: false }
    const made = make(service.options, file).finally(() => { progress.isMade = true })
    do await sendNext(service, requests++)
    while (!progress.isMade)
    await made
    await service.app.close()
    if (database.name !== 'SQLite') {
      const away = await startService(t, database, { database: { ...service.options, port: await freePort() } as DatabaseOptions, settings: { ...settings, LOGGER_DB_TIMEOUT: '500' } })
      t.match(await sendNext(away, requests++), { headers: { 'x-log-stored': 'spool' } })
      await away.app.close()
    }

    const restored = await startService(t, database, { database: await restore(t, file), settings })
    await t.test('has whole requests: all that were acknowledged before it began', async (t) => {
      const rows = await restored.knex('user_logs').select('log_msg')
      const counts = new Map<string, number>()
      for (const { log_msg: message } of rows) {
        const request = message.split(' ')[1]
        counts.set(request, (counts.get(request) ?? 0) + 1)
      }
      t.strictSame([...new Set(counts.values())], [perRequest])
      for (let request = 0; request < before; request++) t.ok(counts.has(String(request)))
    })

    if (database.name !== 'SQLite') {
      await t.test('gets what the spool holds', async (t) => {
        const stored = () => restored.knex('user_logs').where('log_msg', 'like', `log ${requests - 1} %`).count({ count: '*' })
        const [row] = await until('the spool is drained', async () => {
          const rows = await stored()
          return Number(rows[0]?.count) > 0 && rows
        })
        t.equal(Number(row?.count), perRequest)
      })
    }

    await t.test('takes each request that is repeated once, and is searched and counted as before', async (t) => {
      for (let request = 0; request < requests; request++) await sendNext(restored, request)
      const answer = await http(restored.port, 'GET', '/api/logs/count?query=log', basic('alice'))
      t.match([answer.status, JSON.parse(answer.body)], [200, { count: requests * perRequest }])
      t.equal(await count(restored.knex), requests * perRequest)
      const [row] = await restored.knex('user_logs').countDistinct({ count: 'log_msg' })
      t.equal(Number(row?.count), requests * perRequest)
    })
  })
}
