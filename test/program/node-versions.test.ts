import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { startServed } from '../helpers/command.ts'
import { copyCheckout, installNodes, mustRun } from '../helpers/checkout.ts'
import { databases, environmentOf, openKnex } from '../helpers/databases.ts'
import { apiKey, createUser, log, send, stored } from '../helpers/service.ts'

const migrations = readdirSync(new URL('../../migrations/', import.meta.url)).filter((file) => file.endsWith('.ts')).length

await t.test('On the current Node', { jobs: 2 }, async (t) => {
  for (const database of databases) {
    t.test(`npx knex migrate:latest and rollback, and on the first database status and make, work as they stand on ${database.name}`, { buffered: true }, async (t) => {
      const cwd = await copyCheckout(t)
      const env = environmentOf(await database.create(t))
      // The program directly; npx takes a second to find it.
      const knex = (...args: string[]) => mustRun(join(cwd, 'node_modules/.bin/knex'), args, { cwd, env })

      t.match(await mustRun('npx', ['knex', 'migrate:latest'], { cwd, env }), new RegExp(`Batch 1 run: ${migrations} migrations`))
      t.match(await knex('migrate:rollback'), new RegExp(`Batch 1 rolled back: ${migrations} migrations`))
      // What the other commands say and make is the same on each database, and each is a process of two seconds.
      const isFirst = database === databases[0]
      if (isFirst) t.match(await knex('migrate:status'), new RegExp(`Found ${migrations} Pending`))
      t.match(await knex('migrate:latest'), new RegExp(`Batch 1 run: ${migrations} migrations`))
      if (!isFirst) return

      const status = await knex('migrate:status')
      t.match(status, new RegExp(`Found ${migrations} Completed`))
      t.match(status, 'No Pending Migration')
      await knex('migrate:make', 'add_a_thing')
      const made = readdirSync(join(cwd, 'migrations')).find((file) => file.endsWith('_add_a_thing.ts'))
      t.ok(made, 'a TypeScript migration is made')
      t.match(await knex('migrate:status'), /Found 1 Pending/)
      t.match(await knex('migrate:latest'), /Batch 2 run: 1 migrations/, 'what is made can be run')
      t.match(await knex('migrate:rollback'), /Batch 2 rolled back: 1 migrations/)
    })
  }
})

await t.test('On the Nodes to come', { jobs: 2 }, async (t) => {
  const majors = [24, 26]
  const { nodes, sqlite } = await installNodes(majors)
  const cwd = await copyCheckout(t, { 'better-sqlite3': sqlite })

  for (const [i, node] of nodes.entries()) {
    // Only SQLite's module depends on the version of Node; one server is enough for the drivers.
    for (const database of databases.filter(({ name }) => name !== 'MariaDB')) {
      t.test(`Node ${majors[i]} migrates without NODE_OPTIONS, serves, and stores a log on ${database.name}`, { buffered: true }, async (t) => {
        t.match(await mustRun(node, ['--version']), new RegExp(`^v${majors[i]}\\.`))
        const options = await database.create(t)
        const env = environmentOf(options)
        t.match(await mustRun(node, ['node_modules/knex/bin/cli.js', 'migrate:latest'], { cwd, env }), new RegExp(`Batch 1 run: ${migrations} migrations`))

        const service = await startServed(t, node, ['bin/loggerbot.js', 'serve', '--port=0'], { cwd, env: { ...env, LOGGER_API_KEY: apiKey } })
        const answer = await send(service, 'alice', await createUser(service, 'alice'), [log({ msg: `from Node ${majors[i]}` })])
        t.match(answer, { status: 200, body: '{"code":200,"message":"Logs added successfully"}' })
        t.match(await stored(openKnex(t, options)), [{ log_msg: `from Node ${majors[i]}`, log_level: 'error' }])
        t.equal(service.stderr(), '', 'nothing is complained of')
      })
    }
  }
})
