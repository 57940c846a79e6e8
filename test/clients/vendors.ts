import type { DefineTest } from '../helpers/client.ts'

/** Clients of Splunk, Datadog, Seq and Graylog. */
export default function (test: DefineTest): void {
  test('splunk-logging arrives in order, with its fields, and hears of a wrong token', async (t, { run, logs }) => {
    t.equal(await run('splunk-logging.js'), '4 Invalid token\n')
    t.match(await logs(), [
      { level: 'info', process: 'chicken coop', message: '{"temperature":"70F","chickens":500}', attributes: { message: { temperature: '70F', chickens: 500 }, host: 'farm', source: 'chicken coop', sourcetype: 'httpevent', index: 'main' } },
      { level: 'warning', process: '-', message: 'Привет 🙂 "quoted"', attributes: null },
      { level: 'debug', process: 'shop', message: 'order paid', attributes: { order: 7, total: 12.5 } },
      { level: 'error', process: 'shop', message: 'failed', attributes: { nested: { deep: [true, null] } } },
      { level: 'info', process: 'shop', message: 'the last', attributes: null }
    ])
  })

  test('datadog-api-client arrives in order, packed or not, and hears of a wrong key', async (t, { run, logs }) => {
    t.equal(await run('datadog.js'), '403 Forbidden\n')
    const common = { ddsource: 'nodejs', hostname: 'h' }
    const packed = { level: 'error', process: 'shop', message: '{"nested":{"deep":[true,null]}}', attributes: { ...common, ddtags: { env: 'prod' } } }
    t.match(await logs(), [
      { level: 'debug', process: 'shop', message: 'order paid', attributes: { ...common, order: '7', ddtags: { env: 'dev', team: 'a' } } },
      { level: 'warning', process: 'shop', message: 'Привет 🙂 "quoted"', attributes: common },
      packed,
      packed
    ])
  })

  test('seq-logging arrives in order, its templates filled in', async (t, { run, logs }) => {
    await run('seq-logging.js')
    t.match(await logs(), [
      { at: /^2026-05-05 12:22:22\.123/, level: 'info', process: 'shop', message: 'Order 7 paid: {"sum":12.5,"tags":["a","b"]}', attributes: { '@mt': 'Order {Order} paid: {@Total}', Order: 7, Total: { sum: 12.5, tags: ['a', 'b'] } } },
      { level: 'warning', message: 'Привет 🙂 "Анна"', description: 'Shop.Orders', attributes: { Name: 'Анна' } },
      { level: 'error', message: 'failed', attributes: { exception: 'Error: no money', nested: { deep: [true, null] } } }
    ])
  })

  test('pino-seq arrives in order, with its fields', async (t, { run, logs }) => {
    await run('pino-seq.js')
    t.match(await logs(), [
      { level: 'debug', process: 'shop', pid: Number, message: 'order paid', attributes: { order: 7, total: 12.5, tags: ['a', 'b'] } },
      { level: 'warning', process: 'shop', message: 'Привет 🙂 "quoted"', attributes: { nested: { deep: true } } },
      { level: 'critical', process: 'shop', message: 'failed', attributes: { exception: /boom/ } }
    ])
  })

  test('curl sends GELF, lines and CLEF', async (t, { run, logs }) => {
    t.equal(await run('curl-vendors.sh'), '202\n{"text":"Success","code":0}\n{"MinimumLevelAccepted":null}')
    t.match(await logs(), [
      { at: /^2026-05-05 10:22:22\.125/, level: 'error', message: 'привет', attributes: { host: 'h', user: 7 } },
      { at: /^2026-05-05 10:22:23/, process: 'backup', message: 'raw line' },
      { process: 'backup', message: 'another "line"' },
      { at: /^2026-05-05 12:22:24/, level: 'warning', message: 'Hello, Анна', attributes: { Name: 'Анна' } },
      { message: 'told', attributes: { Count: 3 } }
    ])
  })
}
