import t from 'tap'
import { runClient } from '../helpers/client.ts'
import { databases } from '../helpers/databases.ts'
import { arrived, createToken, createUser, startService } from '../helpers/service.ts'

for (const database of databases) {
  t.test(`clients that send JSON, on ${database.name}`, async (t) => {
    const service = await startService(t, database)
    await createUser(service, 'alice')
    const token = await createToken(service, 'alice')
    const { port, knex } = service
    t.beforeEach(() => knex('user_logs').delete())

    await t.test('winston\'s Http transport arrives in order, with its fields', async (t) => {
      await runClient('winston-http.js', { port, token })
      t.match(await arrived(knex), [
        { level: 'info', process: 'shop', message: 'order paid', attributes: { order: 7, total: 12.5, tags: ['a', 'b'] } },
        { level: 'warning', process: 'shop', message: 'Привет 🙂 "quoted"', attributes: { nested: { deep: true } } },
        { level: 'error', process: 'shop', message: 'failed', attributes: { order: 8 } }
      ])
    })

    await t.test('bunyan over HTTP arrives with its fields', async (t) => {
      await runClient('bunyan-http.js', { port, token })
      t.match(await arrived(knex), [{ level: 'info', process: 'shop', pid: Number, message: 'order paid', attributes: { order: 7, tags: ['a'], v: 0 } }])
    })

    for (const form of ['json', 'ndjson']) {
      await t.test(`pino-http-send arrives as ${form}, in order`, async (t) => {
        await runClient('pino-http-send.sh', { port, token }, { BODY_TYPE: form })
        t.match(await arrived(knex), [
          { level: 'info', process: 'shop', message: 'order paid', attributes: { order: 7, nested: { deep: true } } },
          { level: 'error', process: 'shop', message: 'Привет 🙂', attributes: { err: { type: 'Error' } } }
        ])
      })
    }

    await t.test('curl arrives by -d, of a file, packed and in chunks', async (t) => {
      await runClient('curl.sh', { port, token })
      t.strictSame((await arrived(knex)).map(({ message }) => message), ['by -d', 'of a file', 'second line', 'of a file', 'second line', 'chunked'])
    })
  })
}
