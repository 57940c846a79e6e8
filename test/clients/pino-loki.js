import pino from 'pino'

const logger = pino(pino.transport({
  target: 'pino-loki',
  options: {
    host: process.env.LOGS_URL,
    headers: { Authorization: `Bearer ${process.env.LOGS_TOKEN}` },
    labels: { app: 'shop', env: 'dev' },
    structuredMetaKey: 'meta',
    batching: { interval: 1 }
  }
}))

logger.info({ order: 7, meta: { recordId: '123' } }, 'order paid')
logger.info({ nested: { deep: [1, 'two', true] } }, 'Привет 🙂 "quoted"')
logger.error({ err: new Error('boom') }, 'failed')
