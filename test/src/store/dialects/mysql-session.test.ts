import knexFactory from 'knex'
import t from 'tap'
import { openMysqlControl } from '../../../../src/store/dialects/mysql/control.ts'
import { takeLease } from '../../../../src/cluster/leases.ts'
import { usersOf } from '../../../../src/store/users.ts'
import { databases, openKnex } from '../../../helpers/databases.ts'

for (const database of databases) {
  if (database.name === 'SQLite') continue

  t.test(`sessions on ${database.name}`, async (t) => {
    const options = await database.createMigrated(t)
    const knex = openKnex(t, options)

    await t.test('are told the size of tables as it is now', async (t) => {
      const [rows] = await knex.raw("SHOW SESSION VARIABLES LIKE 'information_schema_stats_expiry'")
      t.strictSame(rows.map(({ Value }: { Value: string }) => Value), database.name === 'MySQL' ? ['0'] : [])
    })

    await t.test('of ours are strict, whatever the host app left to the server', async (t) => {
      const host = knexFactory({ client: 'mysql2', connection: options as object, pool: { afterCreate: (connection: { query: (...given: unknown[]) => void }, done: () => void) => connection.query("SET sql_mode = ''", done) } })
      const control = openMysqlControl(host)!
      t.teardown(() => Promise.all([host.destroy(), control.destroy()]))
      const [[{ mode, zone }]] = await control.raw('SELECT @@sql_mode AS mode, @@time_zone AS zone')
      t.match({ mode, zone }, { mode: /STRICT_ALL_TABLES/, zone: '+00:00' })
    })

    await t.test('try again what a deadlock broke off: leases and users', async (t) => {
      const single = knexFactory({ ...knex.client.config, pool: { ...knex.client.config.pool, max: 1 } })
      t.teardown(() => single.destroy())
      for (const table of ['leases', 'users']) {
        // A session's variable is not rolled back.
        await knex.raw(`CREATE TRIGGER breaks_${table} BEFORE INSERT ON ${table} FOR EACH ROW IF COALESCE(@${table}, 0) < 2 THEN
          SET @${table} = COALESCE(@${table}, 0) + 1; SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213, MESSAGE_TEXT = 'Deadlock found'; END IF`)
      }
      t.equal(await takeLease(single, 'work', 'one', 60), 1)
      await usersOf(single).insert({ name: 'alice', credential: 'none' }, { by: { name: 'test' }, action: 'user.add', detail: {} })
      const [[counts]] = await single.raw('SELECT @leases AS leases, @users AS users')
      t.match(counts, { leases: 2, users: 2 })
    })
  })
}
