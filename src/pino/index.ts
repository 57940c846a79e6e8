// Target of pino's transport, which pino runs in a thread of its own:
//
//   pino → lines → queue, bounded → delivery, in batches → POST /api/logs
//
// It runs in other applications' processes: it imports nothing of the server, and only Node's modules.
import { hostname } from 'node:os'
import { Writable } from 'node:stream'
import { Delivery } from './delivery.ts'
import { LineQueue } from './line-queue.ts'
import { checkOptions, type PinoTransportOptions } from './options.ts'
import { Reports } from './reports.ts'

export type { PinoTransportOptions } from './options.ts'

const lineFeed = 0x0a

/**
 * `pino({ transport: { target: 'loggerbot-server/pino', options } })`: sends pino's lines to LoggerBot.
 * The application waits for the server only when it ends. Throws if an option breaks its rule.
 */
export default async function transport (options: PinoTransportOptions): Promise<Writable> {
  const checked = checkOptions(options)
  const { url, maxQueueBytes, exitTimeout } = checked
  const reports = new Reports()
  const onDrop = () => reports.addLoss(1, `dropped because more than ${maxQueueBytes} bytes wait for ${url}`)
  const queue = new LineQueue({ maxBytes: maxQueueBytes, onDrop, gapLine })
  const delivery = new Delivery(checked, queue, reports)
  let unfinished = Buffer.alloc(0)

  const stream = new Writable({
    write (chunk: Buffer, _encoding, callback) {
      let start = 0
      for (let end; (end = chunk.indexOf(lineFeed, start)) !== -1; start = end + 1) {
        const line = chunk.subarray(start, end + 1)
        queue.push(unfinished.length === 0 ? line : Buffer.concat([unfinished, line]))
        unfinished = Buffer.alloc(0)
      }
      unfinished = Buffer.concat([unfinished, chunk.subarray(start)])
      delivery.wake()
      callback()
    },

    final (callback) {
      if (unfinished.length > 0) queue.push(Buffer.concat([unfinished, Buffer.of(lineFeed)]))
      finish().then(() => callback(), callback)
    }
  })

  async function finish (): Promise<void> {
    await delivery.drain(exitTimeout)
    delivery.stop()
    if (queue.lines > 0) {
      reports.addLoss(queue.lines, `dropped because ${url} did not accept them within ${exitTimeout} ms of the end`)
    }
    reports.reportLosses()
  }

  // `logger.flush(callback)` waits for this.
  return Object.assign(stream, { flush: () => delivery.drain(exitTimeout) })
}

/** Warning in pino's form that marks dropped logs in the stream. */
function gapLine (dropped: number): Buffer {
  return Buffer.from(`${JSON.stringify({
    level: 40,
    time: Date.now(),
    pid: process.pid,
    hostname: hostname(),
    name: 'loggerbot-server/pino',
    msg: 'logs were dropped here: the queue was full',
    dropped
  })}\n`)
}
