import type { DefineTest } from '../helpers/client.ts'

/** Clients that send JSON. */
export default function (test: DefineTest): void {
  test('winston\'s Http transport arrives in order, with its fields', async (t, { run, logs }) => {
    await run('winston-http.js')
    t.match(await logs(), [
      { level: 'info', process: 'shop', message: 'order paid', attributes: { order: 7, total: 12.5, tags: ['a', 'b'] } },
      { level: 'warning', process: 'shop', message: 'Привет 🙂 "quoted"', attributes: { nested: { deep: true } } },
      { level: 'error', process: 'shop', message: 'failed', attributes: { order: 8 } }
    ])
  })

  test('bunyan over HTTP arrives with its fields', async (t, { run, logs }) => {
    await run('bunyan-http.js')
    t.match(await logs(), [{ level: 'info', process: 'shop', pid: Number, message: 'order paid', attributes: { order: 7, tags: ['a'], v: 0 } }])
  })

  for (const form of ['json', 'ndjson']) {
    test(`pino-http-send arrives as ${form}, in order`, async (t, { run, logs }) => {
      await run('pino-http-send.sh', { BODY_TYPE: form })
      t.match(await logs(), [
        { level: 'info', process: 'shop', message: 'order paid', attributes: { order: 7, nested: { deep: true } } },
        { level: 'error', process: 'shop', message: 'Привет 🙂', attributes: { err: { type: 'Error' } } }
      ])
    })
  }

  test('curl arrives by -d, of a file, packed and in chunks', async (t, { run, logs }) => {
    await run('curl.sh')
    t.strictSame((await logs()).map(({ message }) => message), ['by -d', 'of a file', 'second line', 'of a file', 'second line', 'chunked'])
  })
}
