import winston from 'winston'
import { ElasticsearchTransport } from 'winston-elasticsearch'

const transport = new ElasticsearchTransport({
  level: 'debug',
  index: 'shop',
  flushInterval: 100,
  source: 'shop',
  clientOpts: { node: process.env.LOGS_URL, auth: { apiKey: process.env.LOGS_TOKEN } }
})
transport.on('error', (error) => { throw error })
const logger = winston.createLogger({ level: 'debug', transports: [transport] })

logger.debug('order paid', { order: 7, total: 12.5, tags: ['a', 'b'] })
logger.warn('Привет 🙂 "quoted"', { nested: { deep: true } })
logger.error('failed', { order: 8 })
await transport.flush()
logger.close()
