import pino from 'pino'

const logger = pino(pino.transport({
  target: 'pino-opentelemetry-transport',
  options: {
    loggerName: 'orders',
    serviceVersion: '1.2.3',
    resourceAttributes: { 'service.name': 'shop' },
    logRecordProcessorOptions: {
      recordProcessorType: 'batch',
      exporterOptions: {
        protocol: 'http/protobuf',
        protobufExporterOptions: { url: `${process.env.LOGS_URL}/v1/logs`, headers: { authorization: `Bearer ${process.env.LOGS_TOKEN}` } }
      }
    }
  }
}))

logger.info({ order: 7, nested: { deep: [1, 'two', true] } }, 'order paid')
logger.warn('Привет 🙂 "quoted"')
logger.fatal({ order: 8 }, 'failed')
