import { Logger } from 'seq-logging'

const logger = new Logger({
  serverUrl: process.env.LOGS_URL,
  apiKey: process.env.LOGS_TOKEN,
  onError: (error) => { throw new Error(String(error)) }
})

const timestamp = new Date('2026-05-05T12:22:22.123Z')
logger.emit({ timestamp, level: 'Information', messageTemplate: 'Order {Order} paid: {@Total}', properties: { Application: 'shop', Order: 7, Total: { sum: 12.5, tags: ['a', 'b'] } } })
logger.emit({ timestamp, level: 'Warning', messageTemplate: 'Привет 🙂 "{Name}"', properties: { Name: 'Анна', SourceContext: 'Shop.Orders' } })
logger.emit({ timestamp, level: 'Error', messageTemplate: 'failed', exception: new Error('no money'), properties: { nested: { deep: [true, null] } } })
await logger.close()
