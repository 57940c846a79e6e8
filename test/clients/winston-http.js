import winston from 'winston'

const { hostname, port } = new URL(process.env.LOGS_URL)

const logger = winston.createLogger({
  defaultMeta: { service: 'shop' },
  format: winston.format.combine(winston.format.timestamp(), winston.format.json()),
  transports: [
    new winston.transports.Http({ host: hostname, port, path: '/api/logs', auth: { bearer: process.env.LOGS_TOKEN }, batch: true, batchInterval: 100 })
  ]
})

logger.info('order paid', { order: 7, total: 12.5, tags: ['a', 'b'] })
logger.warn('Привет 🙂 "quoted"', { nested: { deep: true } })
logger.error('failed', { order: 8 })
