import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { startServed } from './helpers/command.ts'
import { copyCheckout, installNode, mustRun } from './helpers/checkout.ts'
import { databases, environmentOf, openKnex } from './helpers/databases.ts'
import { apiKey, createUser, log, send, stored } from './helpers/service.ts'

// The first run fetches two versions of Node.
t.setTimeout(300_000)

const migrations = readdirSync(new URL('../migrations/', import.meta.url)).filter((file) => file.endsWith('.ts')).length

await t.test('On the current Node', async (t) => {
  for (const database of databases) {
    await t.test(`npx knex migrate:latest, status, rollback and make work as they stand on ${database.name}`, async (t) => {
      const cwd = await copyCheckout(t)
      const options = await database.create(t)
      const knex = (command: string, ...args: string[]) => mustRun('npx', ['knex', command, ...args], { cwd, env: environmentOf(options) })
      await migrateBackAndForth(t, knex)

      await knex('migrate:make', 'add_a_thing')
      const made = readdirSync(join(cwd, 'migrations')).find((file) => file.endsWith('_add_a_thing.ts'))
      t.ok(made, 'a TypeScript migration is made')
      t.match(await knex('migrate:status'), /Found 1 Pending/)
      t.match(await knex('migrate:latest'), /Batch 2 run: 1 migrations/, 'what is made can be run')
      t.match(await knex('migrate:rollback'), /Batch 2 rolled back: 1 migrations/)
    })
  }
})

await t.test('On the Nodes to come', async (t) => {
  const copies = await Promise.all([24, 26].map(async (major) => {
    const node = await installNode(major)
    return { major, node, cwd: await copyCheckout(t, node) }
  }))

  for (const { major, node, cwd } of copies) {
    for (const database of databases) {
      await t.test(`Node ${major} migrates without NODE_OPTIONS, serves, and stores a log on ${database.name}`, async (t) => {
        t.match(await mustRun(node, ['--version']), new RegExp(`^v${major}\\.`))
        const options = await database.create(t)
        const env = environmentOf(options)
        await migrateBackAndForth(t, (command) => mustRun(node, ['node_modules/knex/bin/cli.js', command], { cwd, env }))

        const service = await startServed(t, node, ['bin/loggerbot.js', 'serve', '--port=0'], { cwd, env: { ...env, LOGGER_API_KEY: apiKey } })
        const answer = await send(service, 'alice', await createUser(service, 'alice'), [log({ msg: `from Node ${major}` })])
        t.match(answer, { status: 200, body: '{"code":200,"message":"Logs added successfully"}' })
        t.match(await stored(openKnex(t, options)), [{ log_msg: `from Node ${major}`, log_level: 'error' }])
        t.equal(service.stderr(), '', 'nothing is complained of')
      })
    }
  }
})

/** From an empty database to all tables, to none, and to all again. */
async function migrateBackAndForth (t: Test, knex: (command: string) => Promise<string>): Promise<void> {
  t.match(await knex('migrate:latest'), new RegExp(`Batch 1 run: ${migrations} migrations`))
  const status = await knex('migrate:status')
  t.match(status, new RegExp(`Found ${migrations} Completed`))
  t.match(status, 'No Pending Migration')
  t.match(await knex('migrate:rollback'), new RegExp(`Batch 1 rolled back: ${migrations} migrations`))
  t.match(await knex('migrate:status'), new RegExp(`Found ${migrations} Pending`))
  t.match(await knex('migrate:latest'), new RegExp(`Batch 1 run: ${migrations} migrations`))
}
