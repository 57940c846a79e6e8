import winston from 'winston'
import LokiTransport from 'winston-loki'

const transport = new LokiTransport({
  host: process.env.LOGS_URL,
  basicAuth: `me:${process.env.LOGS_TOKEN}`,
  labels: { app: 'shop' },
  json: process.env.LOGS_FORMAT === 'json',
  interval: 1,
  onConnectionError: (error) => { throw error }
})
const logger = winston.createLogger({ level: 'debug', transports: [transport] })

logger.info('order paid', { order: 7 })
logger.error('failed', { labels: { key: 'a "quoted" \\ value' } })
logger.debug('Привет 🙂 "quoted"')
await transport.flush()
process.exit()
