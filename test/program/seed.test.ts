import t from 'tap'
import { root, run } from '../helpers/command.ts'
import { databases, environmentOf, openKnex } from '../helpers/databases.ts'
import { basic, startService } from '../helpers/service.ts'
import { http } from '../helpers/http.ts'

for (const database of databases) {
  t.test(`npx knex seed:run on ${database.name}`, async (t) => {
    const options = await database.create(t)
    const seed = () => run(`${root}node_modules/.bin/knex`, ['seed:run'], { cwd: root, env: environmentOf(options) })
    const knex = openKnex(t, options)
    const day = 24 * 60 * 60 * 1000

    await t.test('migrates an empty database and stores 300 logs of the last day', async (t) => {
      t.match(await seed(), { code: 0, stdout: /Ran 1 seed files/ })
      const rows = await knex('user_logs').select('log_event_at', 'log_level')
      t.equal(rows.length, 300)
      t.strictSame([...new Set(rows.map((row) => row.log_level))].sort(), ['critical', 'debug', 'error', 'info', 'warning'])
      const ages = rows.map((row) => Date.now() - Date.parse(`${row.log_event_at.replace(' ', 'T')}Z`))
      t.ok(ages.every((age) => age > 0 && age < day + 60_000))
    })

    await t.test('replaces the logs of the user demo, and those of no other', async (t) => {
      await knex('user_logs').where('log_level', 'critical').update({ user_id: 99 })
      const others = (await knex('user_logs').where('user_id', 99)).length
      t.match(await seed(), { code: 0 })
      t.equal((await knex('user_logs').where('user_id', 99)).length, others)
      t.equal((await knex('user_logs').whereNot('user_id', 99)).length, 300)
      t.equal((await knex('users')).length, 1)
    })

    await t.test('the user demo can log in with the password demo and read them', async (t) => {
      const service = await startService(t, database, { database: options })
      const { status, body } = await http(service.port, 'GET', '/api/logs?limit=1', basic('demo', 'demo'))
      t.equal(status, 200)
      t.equal(JSON.parse(body).logs.length, 1)
    })
  })
}
