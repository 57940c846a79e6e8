import t from 'tap'
import { runClient } from '../helpers/client.ts'
import { databases } from '../helpers/databases.ts'
import { arrived, createToken, createUser, startService } from '../helpers/service.ts'

for (const database of databases) {
  t.test(`clients that send OTLP, on ${database.name}`, async (t) => {
    const service = await startService(t, database)
    await createUser(service, 'alice')
    const token = await createToken(service, 'alice')
    const { port, knex } = service
    t.beforeEach(() => knex('user_logs').delete())

    for (const [what, program] of [['JSON', 'otlp-http.js'], ['protobuf', 'otlp-proto.js']]) {
      await t.test(`OpenTelemetry's SDK arrives in ${what}, in order and typed`, async (t) => {
        await runClient(program!, { port, token })
        const [paid, hello, failed] = await arrived(knex)
        const shared = { resource: { 'service.version': '1.2.3' }, scope: { version: '1.0.0' } }
        t.match(paid, { level: 'info', process: 'shop', pid: 4711, description: 'orders', message: 'order paid' })
        t.strictSame(paid!.attributes, { order: 7, total: 12.5, paid: true, tags: ['a', 'b'], customer: { name: 'Ann', age: 30 }, ...shared })
        t.match(hello, { level: 'warning', message: 'Привет 🙂 "quoted"' })
        t.strictSame(hello!.attributes, { bytes: 'AQL/', big: Number.MAX_SAFE_INTEGER, severity_text: 'WARN', severity_number: 14, ...shared })
        t.match(failed, { level: 'critical' })
        t.strictSame(JSON.parse(failed!.message), { reason: 'disk', full: [1, 2] })
        t.strictSame(failed!.attributes, { event_name: 'device.failed', ...shared })
      })
    }

    await t.test('pino-opentelemetry-transport arrives with its fields', async (t) => {
      await runClient('pino-opentelemetry.js', { port, token }, { OTEL_NODE_RESOURCE_DETECTORS: 'none' })
      t.match(await arrived(knex), [
        { level: 'info', process: 'shop', description: 'orders', message: 'order paid', attributes: { order: 7, nested: { deep: [1, 'two', true] } } },
        { level: 'warning', process: 'shop', message: 'Привет 🙂 "quoted"' },
        { level: 'critical', process: 'shop', message: 'failed', attributes: { order: 8 } }
      ])
    })
  })
}
