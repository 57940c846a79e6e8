import type { DefineTest } from '../helpers/client.ts'

/** Clients that send OTLP. */
export default function (test: DefineTest): void {
  for (const [what, program] of [['JSON', 'otlp-http.js'], ['protobuf', 'otlp-proto.js']]) {
    test(`OpenTelemetry's SDK arrives in ${what}, in order and typed`, async (t, { run, logs }) => {
      await run(program!)
      const [paid, hello, failed] = await logs()
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

  test('pino-opentelemetry-transport arrives with its fields', async (t, { run, logs }) => {
    await run('pino-opentelemetry.js', { OTEL_NODE_RESOURCE_DETECTORS: 'none' })
    t.match(await logs(), [
      { level: 'info', process: 'shop', description: 'orders', message: 'order paid', attributes: { order: 7, nested: { deep: [1, 'two', true] } } },
      { level: 'warning', process: 'shop', message: 'Привет 🙂 "quoted"' },
      { level: 'critical', process: 'shop', message: 'failed', attributes: { order: 8 } }
    ])
  })
}
