import { readdirSync } from 'node:fs'
import t from 'tap'
import { connect } from '../../../src/store/connect.ts'
import { checkSchema, migrateToLatest, migrations } from '../../../src/store/migrations.ts'
import { databases, mariadb, openKnex } from '../../helpers/databases.ts'

const tables = ['dead_letters', 'ingest_batches', 'tokens', 'user_logs', 'users']
const files = readdirSync(new URL('../../../migrations/', import.meta.url)).filter((file) => /\.[jt]s$/.test(file))

for (const database of databases) {
  t.test(`the schema on ${database.name}`, async (t) => {
    const options = await database.create(t)
    const knex = openKnex(t, options)

    await t.test('is refused while it is missing, and as it should be after migrating', async (t) => {
      await t.rejects(checkSchema(knex), { message: /no LoggerBot tables yet; run: npx loggerbot migrate/ })
      t.equal((await migrateToLatest(knex)).length, files.length)
      t.same(await migrateToLatest(knex), [], 'again there is nothing to do')
      await t.resolves(checkSchema(knex))
    })

    await t.test('goes step by step, and comes again', async (t) => {
      await knex.migrate.down(migrations)
      await t.rejects(checkSchema(knex), { message: /older than this version/ })
      await knex.migrate.rollback(migrations, true)
      for (const table of tables) t.notOk(await knex.schema.hasTable(table), table)
      await migrateToLatest(knex)
      for (const table of tables) t.ok(await knex.schema.hasTable(table), table)
    })

    await t.test('is refused when it is newer', async (t) => {
      await knex(migrations.tableName!).insert({ name: '99991231235959_later', batch: 9, migration_time: '2026-01-01 00:00:00' })
      await t.rejects(checkSchema(knex), { message: /newer version/ })
      await knex(migrations.tableName!).where('batch', 9).delete()
    })

    await t.test('is made once by many that start together', async (t) => {
      const fresh = await database.create(t)
      const together = Array.from({ length: database.name === 'SQLite' ? 2 : 5 }, () => openKnex(t, fresh))
      const applied = await Promise.all(together.map(migrateToLatest))
      t.same(applied.flat().length, files.length)
    })
  })
}

t.test('tables on MariaDB', async (t) => {
  const definition = async (pageCompression?: boolean) => {
    const knex = connect({ ...await mariadb.create(t), pageCompression })
    t.teardown(() => knex.destroy())
    await migrateToLatest(knex)
    const [[{ version }]] = await knex.raw('SELECT VERSION() AS version')
    const [[row]] = await knex.raw('SHOW CREATE TABLE user_logs')
    return { mariadb: version.includes('MariaDB'), sql: row['Create Table'] as string }
  }

  await t.test('are page compressed, utf8mb4, and clustered by (user_id, log_event_at, id) alone', async (t) => {
    const { mariadb, sql } = await definition()
    t.match(sql, /CHARSET=utf8mb4 COLLATE=utf8mb4_bin/)
    t.equal(/PAGE_COMPRESSED/.test(sql), mariadb)
    t.match(sql, 'PRIMARY KEY (`user_id`,`log_event_at`,`id`)')
    t.equal(sql.match(/\bKEY\b/g)!.length, 1)
  })

  await t.test('are not page compressed where that is switched off', async (t) => {
    t.notMatch((await definition(false)).sql, /PAGE_COMPRESSED/)
  })
})
