import type { Knex } from 'knex'
import t from 'tap'
import { loggerbot } from './helpers/command.ts'
import { databases, environmentOf } from './helpers/databases.ts'
import { createUser, log, send, startService, stored } from './helpers/service.ts'

/** From now on the database refuses the message `poison`; returns what lets it in again. */
async function refusePoison (knex: Knex, name: string): Promise<() => Promise<void>> {
  const [set, lift] = name !== 'SQLite'
    ? ["ALTER TABLE user_logs ADD CONSTRAINT poison CHECK (log_msg <> 'poison')", 'ALTER TABLE user_logs DROP CONSTRAINT poison']
    : ["CREATE TRIGGER poison BEFORE INSERT ON user_logs WHEN NEW.log_msg = 'poison' BEGIN SELECT RAISE(ABORT, 'no poison'); END", 'DROP TRIGGER poison']
  await knex.raw(set!)
  return async () => { await knex.raw(lift!) }
}

for (const database of databases) {
  t.test(`what the database refuses, on ${database.name}`, async (t) => {
    const service = await startService(t, database)
    const env = environmentOf(service.options)
    const token = await createUser(service, 'alice')
    const letIn = await refusePoison(service.knex, database.name)
    const messages = async () => (await stored(service.knex)).map(({ log_msg: message }) => message).sort()
    const list = async () => (await loggerbot(['dead-letters', 'list'], { env })).stdout.trim().split('\n').filter((line) => line !== '').map((line) => JSON.parse(line))

    await t.test('goes to dead letters alone, and its neighbours are stored', async (t) => {
      const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => send(service, 'alice', token, [
        log({ msg: `${index} first` }), log({ msg: index === 7 ? 'poison' : `${index} second`, order_id: 12 }), log({ msg: `${index} third` })
      ])))
      for (const { status } of answers) t.equal(status, 200)
      t.strictSame(await messages(), Array.from({ length: 20 }, (_, index) =>
        index === 7 ? ['7 first', '7 third'] : [`${index} first`, `${index} second`, `${index} third`]).flat().sort())
      const letters = await list()
      t.match(letters, [{ id: /^\d{15,20}$/, userId: 1, source: 'database', createdAt: /^\d{4}-/, reason: /poison/ }])
      t.match(JSON.parse(letters[0].record), { message: 'poison', severity: 'error', attributes: { order_id: 12 } })
    })

    await t.test('stays while it is refused, and is stored once it is not, in its place', async (t) => {
      t.match(await loggerbot(['dead-letters', 'replay'], { env }), { code: 0, stdout: '0 stored, 1 left\n' })
      await letIn()
      t.match(await loggerbot(['dead-letters', 'replay'], { env }), { code: 0, stdout: '1 stored, 0 left\n' })
      t.match(await loggerbot(['dead-letters', 'replay'], { env }), { code: 0, stdout: '0 stored, 0 left\n' })
      t.strictSame((await stored(service.knex)).map(({ log_msg: message }) => message).filter((message) => /^7 |poison/.test(message)), ['7 first', 'poison', '7 third'])
    })

    await t.test('can be forgotten', async (t) => {
      await service.knex('user_logs').delete()
      await refusePoison(service.knex, database.name)
      t.equal((await send(service, 'alice', token, [log({ msg: 'poison' })])).status, 200)
      const [{ id }] = await list()
      t.match(await loggerbot(['dead-letters', 'delete', id], { env }), { code: 0, stdout: `dead letter ${id} is deleted\n` })
      t.strictSame(await list(), [])
      for (const unknown of [id, 'x']) t.match(await loggerbot(['dead-letters', 'delete', unknown], { env }), { code: 1, stderr: `loggerbot: there is no dead letter ${unknown}\n` })
    })
  })
}
