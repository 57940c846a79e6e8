import { Client } from '@elastic/elasticsearch'

const { LOGS_URL, LOGS_TOKEN, LOGS_PATH = '', LOGS_AUTH = 'apiKey', LOGS_COMPRESSION } = process.env
const client = new Client({
  node: LOGS_URL + LOGS_PATH,
  auth: LOGS_AUTH === 'basic' ? { username: 'alice', password: LOGS_TOKEN } : { apiKey: LOGS_TOKEN },
  compression: LOGS_COMPRESSION === 'gzip'
})

const info = await client.info()
if (info.tagline !== 'You Know, for Search') throw new Error('it is no Elasticsearch')

const logs = [
  { '@timestamp': '2026-05-01T10:00:00.123456Z', 'log.level': 'info', 'service.name': 'shop', message: 'order paid', order: 7, total: 12.5, tags: ['a', 'b'] },
  { '@timestamp': 1777629601000, log: { level: 'warn', logger: 'shop.Cart' }, service: { name: 'shop', version: '1.2' }, process: { pid: 12 }, message: 'Привет 🙂 "quoted"', nested: { deep: [{ er: true }, null] } },
  { '@timestamp': '2026-05-01T10:00:02Z', level: 'error', message: 'failed', error: { stack: 'Error\n    at x' } }
]
const dropped = []
const result = await client.helpers.bulk({
  datasource: logs,
  onDocument: () => ({ create: { _index: 'logs-app-default' } }),
  onDrop: (document) => dropped.push(document),
  refreshOnCompletion: true
})
if (result.successful !== logs.length || dropped.length > 0) throw new Error(JSON.stringify({ result, dropped }))

// Sent twice, beside a bad document: its _id makes it stored once.
for (const expected of ['created', 'noop']) {
  const { errors, items } = await client.bulk({
    operations: [
      { create: { _index: 'logs-app-default', _id: 'only once' } }, { '@timestamp': '2026-05-01T10:00:03Z', message: 'once' },
      { create: { _index: 'logs-app-default' } }, ['no document']
    ]
  })
  if (!errors || items[0].create.result !== expected || items[1].create.status !== 400) throw new Error(JSON.stringify(items))
}
