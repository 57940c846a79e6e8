import { promisify } from 'node:util'
import splunk from 'splunk-logging'

const url = process.env.LOGS_URL
const token = process.env.LOGS_TOKEN

// By default each event is its own request.
const single = new splunk.Logger({ url, token })
const send = promisify(single.send)
const metadata = { host: 'farm', source: 'chicken coop', sourcetype: 'httpevent', index: 'main' }
await send({ message: { temperature: '70F', chickens: 500 }, metadata })
await send({ message: 'Привет 🙂 "quoted"', severity: 'warn' })

const batched = new splunk.Logger({ url, token, maxBatchCount: 3 })
batched.eventFormatter = (message, severity) => ({ ...message, severity, service: 'shop' })
batched.send({ message: { message: 'order paid', order: 7, total: 12.5 }, severity: 'debug' })
batched.send({ message: { message: 'failed', nested: { deep: [true, null] } }, severity: 'error' })
await promisify(batched.send)({ message: { message: 'the last' } })

const stranger = new splunk.Logger({ url, token: 'nobody' })
stranger.error = (error) => console.log(`${error.code} ${error.message}`)
await promisify(stranger.send)({ message: 'lost' })
