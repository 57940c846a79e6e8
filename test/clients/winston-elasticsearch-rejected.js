// Documents that cannot be logs: the client must learn of it, and give up.
import winston from 'winston'
import { ElasticsearchTransport } from 'winston-elasticsearch'

const transport = new ElasticsearchTransport({
  index: 'shop',
  flushInterval: 50,
  retryLimit: 1,
  transformer: () => ({}),
  clientOpts: { node: process.env.LOGS_URL, auth: { apiKey: process.env.LOGS_TOKEN } }
})
transport.on('warning', ({ indexError }) => console.log('warning', indexError?.reason))
const logger = winston.createLogger({ transports: [transport] })
logger.on('error', ({ indexError }) => console.log('error', indexError?.reason))
logger.info('says nothing')
