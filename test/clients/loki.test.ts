import t from 'tap'
import { runClient } from '../helpers/client.ts'
import { databases } from '../helpers/databases.ts'
import { arrived, createToken, createUser, startService } from '../helpers/service.ts'

for (const database of databases) {
  t.test(`clients that send to Loki, on ${database.name}`, async (t) => {
    const service = await startService(t, database)
    await createUser(service, 'alice')
    const token = await createToken(service, 'alice')
    const { port, knex } = service
    t.beforeEach(() => knex('user_logs').delete())

    await t.test('pino-loki arrives, with its labels and metadata', async (t) => {
      await runClient('pino-loki.js', { port, token })
      const [paid, hello, failed] = await arrived(knex)
      t.match(paid, { level: 'info', process: 'shop', attributes: { env: 'dev', recordId: '123' } })
      t.match(JSON.parse(paid!.message), { msg: 'order paid', order: 7 })
      t.match(JSON.parse(hello!.message), { msg: 'Привет 🙂 "quoted"', nested: { deep: [1, 'two', true] } })
      t.match(failed, { level: 'error', message: /boom/ })
    })

    for (const format of ['json', 'protobuf']) {
      await t.test(`winston-loki arrives in ${format}, with its labels`, async (t) => {
        await runClient('winston-loki.js', { port, token }, { LOGS_FORMAT: format })
        const logs = await arrived(knex)
        const logOf = (level: string) => logs.find((log) => log.level === level)
        t.equal(logs.length, 3)
        t.match(logOf('info'), { process: 'shop', message: 'order paid {"order":7,"level":"info"}' })
        // In protobuf it does not escape the values of labels.
        const attributes = format === 'json' ? { key: 'a "quoted" \\ value' } : { labels: '{level="error",app="shop",key="a "quoted" \\ value"}' }
        t.match(logOf('error'), { process: 'shop', message: /^failed/, attributes })
        t.match(logOf('debug'), { process: 'shop', message: /^Привет 🙂 "quoted"/ })
      })
    }

    await t.test('JSON by curl, packed by gzip, arrives to the microsecond', async (t) => {
      await runClient('curl-loki.sh', { port, token })
      t.strictSame(await arrived(knex), [
        { at: '2023-11-14 22:13:20.123456', level: 'warning', process: 'shop', pid: 0, description: '', message: 'Привет 🙂 "quoted"', attributes: { host: 'h', trace_id: 'abc' } },
        { at: '2023-11-14 22:13:20.123457', level: 'warning', process: 'shop', pid: 0, description: '', message: 'second', attributes: { host: 'h' } }
      ])
    })
  })
}
