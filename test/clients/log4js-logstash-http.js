import log4js from 'log4js'

// The appender can send no header.
log4js.configure({
  appenders: { logs: { type: '@log4js-node/logstash-http', url: `${process.env.LOGS_URL}/_bulk?token=${process.env.LOGS_TOKEN}`, application: 'shop', logType: 'application', logChannel: 'billing' } },
  categories: { default: { appenders: ['logs'], level: 'debug' } }
})
const logger = log4js.getLogger()

// Each log is its own request.
for (const [level, message] of [['debug', 'order %d paid'], ['warn', 'Привет 🙂 "quoted"'], ['fatal', 'failed']]) {
  logger[level](message, ...level === 'debug' ? [7] : [])
  await new Promise((resolve) => setTimeout(resolve, 300))
}
