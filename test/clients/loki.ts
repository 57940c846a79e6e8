import type { DefineTest } from '../helpers/client.ts'

/** Clients that send to Loki. */
export default function (test: DefineTest): void {
  test('pino-loki arrives, with its labels and metadata', async (t, { run, logs }) => {
    await run('pino-loki.js')
    const [paid, hello, failed] = await logs()
    t.match(paid, { level: 'info', process: 'shop', message: 'order paid', attributes: { env: 'dev', recordId: '123', order: 7 } })
    t.match(hello, { message: 'Привет 🙂 "quoted"', attributes: { nested: { deep: [1, 'two', true] } } })
    t.match(failed, { level: 'error' })
  })

  for (const format of ['json', 'protobuf']) {
    test(`winston-loki arrives in ${format}, with its labels`, async (t, { run, logs: arrived }) => {
      await run('winston-loki.js', { LOGS_FORMAT: format })
      const logs = await arrived()
      const logOf = (level: string) => logs.find((log) => log.level === level)
      t.equal(logs.length, 3)
      t.match(logOf('info'), { process: 'shop', message: 'order paid {"order":7,"level":"info"}' })
      // In protobuf, winston-loki does not escape the values of labels.
      const attributes = format === 'json' ? { key: 'a "quoted" \\ value' } : { labels: '{level="error",app="shop",key="a "quoted" \\ value"}' }
      t.match(logOf('error'), { process: 'shop', message: /^failed/, attributes })
      t.match(logOf('debug'), { process: 'shop', message: /^Привет 🙂 "quoted"/ })
    })
  }

  test('JSON by curl, packed by gzip, arrives to the microsecond', async (t, { run, logs }) => {
    await run('curl-loki.sh')
    t.strictSame(await logs(), [
      { at: '2023-11-14 22:13:20.123456', level: 'warning', process: 'shop', pid: 0, description: '', message: 'Привет 🙂 "quoted"', attributes: { host: 'h', trace_id: 'abc' } },
      { at: '2023-11-14 22:13:20.123457', level: 'warning', process: 'shop', pid: 0, description: '', message: 'second', attributes: { host: 'h' } }
    ])
  })
}
