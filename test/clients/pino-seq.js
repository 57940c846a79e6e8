import pino from 'pino'
import { createStream } from 'pino-seq'

const stream = createStream({ serverUrl: process.env.LOGS_URL, apiKey: process.env.LOGS_TOKEN, onError: (error) => { throw error } })
const logger = pino({ name: 'shop', level: 'debug' }, stream)

logger.debug({ order: 7, total: 12.5, tags: ['a', 'b'] }, 'order paid')
logger.warn({ nested: { deep: true } }, 'Привет 🙂 "quoted"')
logger.fatal(new Error('boom'), 'failed')
await stream.flush()
