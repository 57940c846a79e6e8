// The private parts of knex that src/store/dialects/sqlite/client.ts relies on. If this fails after knex has changed,
// read knex/lib/dialects/better-sqlite3/index.js and knex/lib/execution/ before changing the pin in package.json.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import t from 'tap'
import { SqliteClient } from '../../../../src/store/dialects/sqlite/client.ts'
import { root } from '../../../helpers/command.ts'
import { openKnex, sqlite } from '../../../helpers/databases.ts'

const require = createRequire(import.meta.url)
const { version } = require('knex/package.json')

await t.test('knex is the one version that the client of SQLite was written for', async (t) => {
  const { dependencies } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))
  t.match(dependencies.knex, /^\d+\.\d+\.\d+$/, 'package.json pins it')
  t.equal(version, dependencies.knex)
})

await t.test('knex has the private parts of its better-sqlite3 client that are used', async (t) => {
  const { prototype } = require('knex/lib/dialects/better-sqlite3/index.js')
  for (const name of ['_query', 'initializeDriver', 'acquireRawConnection', 'destroyRawConnection', 'validateConnection', 'processResponse']) {
    t.type(prototype[name], 'function', name)
  }
  t.equal(prototype.driverName, 'better-sqlite3')
})

await t.test('the client gets every statement by _query, and knex reads its response', async (t) => {
  const knex = openKnex(t, await sqlite.create(t))
  t.ok(knex.client instanceof SqliteClient)
  const statements: string[] = []
  const { _query: query } = SqliteClient.prototype
  t.intercept(SqliteClient.prototype, '_query', {
    value (this: SqliteClient, ...given: Parameters<typeof query>) {
      statements.push(given[1].sql)
      return query.apply(this, given)
    }
  })

  await knex.schema.createTable('things', (table) => {
    table.increments('id')
    table.boolean('flag')
    table.binary('bytes')
  })
  const bytes = Buffer.from([0, 255])
  t.strictSame(await knex('things').insert({ flag: true, bytes }), [1], 'insert gives the id')
  t.strictSame(await knex('things').select(), [{ id: 1, flag: 1, bytes }], 'select gives rows, with Buffers')
  t.strictSame(await knex('things').first('id'), { id: 1 })
  t.strictSame(await knex('things').pluck('id'), [1])
  t.equal(await knex('things').update({ flag: false }), 1, 'update gives the number of rows')
  t.strictSame(await knex.raw('SELECT id FROM things').options({ limit: { bytes: 1, leastRows: 1 } }),
    { rows: [{ id: 1 }], bytes: 100, isCut: false, isLate: false }, 'options reach the client')
  t.equal(await knex('things').delete(), 1, 'delete gives the number of rows')
  statements.length = 0
  await knex.transaction((transaction) => transaction('things').insert({ flag: true }))
  t.match(statements, ['BEGIN;', /^insert/, 'COMMIT;'], 'a transaction begins as the client expects')
})

await t.test('an error of SQLite keeps its code', async (t) => {
  const knex = openKnex(t, await sqlite.create(t))
  await t.rejects(knex('nowhere'), { code: 'SQLITE_ERROR', message: /no such table: nowhere/ })
})
