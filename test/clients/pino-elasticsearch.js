import pino from 'pino'
import pinoElasticsearch from 'pino-elasticsearch'

const stream = pinoElasticsearch({
  node: process.env.LOGS_URL, auth: { apiKey: process.env.LOGS_TOKEN }, index: 'shop-%{DATE}', opType: 'create', esVersion: 8, flushInterval: 200
})
const failed = (error) => { throw error }
for (const event of ['error', 'insertError', 'unknown']) stream.on(event, failed)
const logger = pino({ name: 'shop', level: 'debug' }, stream)

logger.debug({ order: 7, total: 12.5, tags: ['a', 'b'] }, 'order paid')
logger.warn({ nested: { deep: true } }, 'Привет 🙂 "quoted"')
logger.fatal(new Error('boom'), 'failed')
