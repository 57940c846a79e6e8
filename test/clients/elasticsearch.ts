import type { DefineTest } from '../helpers/client.ts'

/** Clients of Elasticsearch. */
export default function (test: DefineTest): void {
  const ways: Record<string, Record<string, string>> = {
    'by an API key': {},
    'by Basic, packed': { LOGS_AUTH: 'basic', LOGS_COMPRESSION: 'gzip' },
    'under the prefix': { LOGS_PATH: '/elasticsearch' }
  }
  for (const [way, env] of Object.entries(ways)) {
    test(`the official client's bulk helper arrives in order, with its fields, ${way}`, async (t, { run, logs, deadLetters }) => {
      await run('elasticsearch.js', env)
      t.match(await logs(), [
        { at: '2026-05-01 10:00:00.123456', level: 'info', process: 'shop', message: 'order paid', attributes: { _index: 'logs-app-default', order: 7, total: 12.5, tags: ['a', 'b'] } },
        { at: '2026-05-01 10:00:01.000000', level: 'warning', process: 'shop', pid: 12, description: 'shop.Cart', message: 'Привет 🙂 "quoted"', attributes: { service: { version: '1.2' }, nested: { deep: [{ er: true }, null] } } },
        { at: '2026-05-01 10:00:02.000000', level: 'error', process: 'logs-app-default', message: 'failed', attributes: { error: { stack: 'Error\n    at x' } } },
        { at: '2026-05-01 10:00:03.000000', message: 'once', attributes: { _id: 'only once' } }
      ])
      t.equal((await logs()).length, 4)
      t.match(await deadLetters(), [{ source: 'elasticsearch' }], 'the same again is kept once')
    })
  }

  test('pino-elasticsearch arrives in order, with its fields', async (t, { run, logs }) => {
    await run('pino-elasticsearch.js')
    t.match(await logs(), [
      { level: 'debug', process: 'shop', pid: Number, message: 'order paid', attributes: { _index: /^shop-\d{4}-\d\d-\d\d$/, order: 7, total: 12.5, tags: ['a', 'b'] } },
      { level: 'warning', process: 'shop', message: 'Привет 🙂 "quoted"', attributes: { nested: { deep: true } } },
      { level: 'critical', process: 'shop', message: 'failed', attributes: { err: { type: 'Error', message: 'boom' } } }
    ])
  })

  test('winston-elasticsearch arrives in order, with its fields', async (t, { run, logs, deadLetters }) => {
    await run('winston-elasticsearch.js')
    // It does not order logs within one millisecond.
    t.match((await logs()).sort((one, other) => one.level < other.level ? -1 : 1), [
      { level: 'debug', process: 'shop', message: 'order paid', attributes: { fields: { order: 7, total: 12.5, tags: ['a', 'b'] } } },
      { level: 'error', process: 'shop', message: 'failed', attributes: { fields: { order: 8 } } },
      { level: 'warning', process: 'shop', message: 'Привет 🙂 "quoted"', attributes: { fields: { nested: { deep: true } } } }
    ])
    t.strictSame(await deadLetters(), [])
  })

  test('winston-elasticsearch hears that a document is rejected, and gives it up', async (t, { run, logs, deadLetters }) => {
    t.match(await run('winston-elasticsearch-rejected.js'), /^warning a log must have a field\nerror a log must have a field\nwarning a log must have a field\n$/)
    t.strictSame(await logs(), [])
    t.match(await deadLetters(), [{ source: 'elasticsearch', record: /^\{"index":\{"_index":"shop"\}\}\n\{\}$/ }], 'kept once')
  })

  test('log4js with logstash-http arrives in order', async (t, { run, logs }) => {
    await run('log4js-logstash-http.js')
    t.match(await logs(), [
      { level: 'debug', process: 'billing', description: 'billing', message: 'order 7 paid', attributes: { _index: 'shop' } },
      { level: 'warning', message: 'Привет 🙂 "quoted"' },
      { level: 'critical', message: 'failed' }
    ])
  })

  test('rsyslog\'s omelasticsearch arrives in order', async (t, { run, logs }) => {
    await run('omelasticsearch.sh')
    t.match(await logs(), [
      { level: 'info', process: 'shop', pid: 12, message: 'order paid', attributes: { _index: 'syslog', 'log.syslog.facility.name': 'local0' } },
      { level: 'warning', process: 'shop', pid: 12, message: 'Привет 🙂 "quoted"' },
      { level: 'error', process: 'shop', pid: 12, message: 'failed' }
    ])
  })
}
