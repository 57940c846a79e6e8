import { SeverityNumber } from '@opentelemetry/api-logs'
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs'

const exporter = new OTLPLogExporter({
  url: `${process.env.LOGS_URL}/otlp/v1/logs`,
  headers: { authorization: `Bearer ${process.env.LOGS_TOKEN}` },
  compression: 'gzip'
})
const provider = new LoggerProvider({
  resource: resourceFromAttributes({ 'service.name': 'shop', 'service.version': '1.2.3', 'process.pid': 4711 }),
  processors: [new BatchLogRecordProcessor({ exporter })]
})
const logger = provider.getLogger('orders', '1.0.0')

logger.emit({ severityNumber: SeverityNumber.INFO, severityText: 'INFO', body: 'order paid', attributes: { order: 7, total: 12.5, paid: true, tags: ['a', 'b'], customer: { name: 'Ann', age: 30 } } })
logger.emit({ severityNumber: SeverityNumber.WARN2, severityText: 'WARN', body: 'Привет 🙂 "quoted"', attributes: { bytes: new Uint8Array([1, 2, 255]), big: Number.MAX_SAFE_INTEGER } })
logger.emit({ severityNumber: SeverityNumber.FATAL, body: { reason: 'disk', full: [1, 2] }, eventName: 'device.failed' })
await provider.shutdown()
