// The target of pino's transport, which pino runs in a thread of its own:
//
//   pino → lines → queue, bounded → delivery, in batches → POST /api/logs
//
// It needs node alone, and imports nothing of the server: it is loaded into other people's processes.
import { hostname } from 'node:os'
import { Writable } from 'node:stream'
import { Complaints } from './complaints.ts'
import { Delivery } from './delivery.ts'
import { checkOptions, type PinoTransportOptions } from './options.ts'
import { LineQueue } from './queue.ts'

export type { PinoTransportOptions } from './options.ts'

const lineFeed = 0x0a

/**
 * `pino({ transport: { target: 'loggerbot-server/pino', options } })`: sends pino's lines to LoggerBot.
 * The application never waits for the server, but at its end. Throws where an option breaks its rule.
 */
export default async function transport (options: PinoTransportOptions): Promise<Writable> {
  const checked = checkOptions(options)
  const { url, maxQueueBytes, exitTimeout } = checked
  const complaints = new Complaints()
  const queue = new LineQueue(maxQueueBytes, () => complaints.lost(1, `dropped: more than ${maxQueueBytes} bytes wait for ${url}`), toMark)
  const delivery = new Delivery(checked, queue, complaints)
  let begun = Buffer.alloc(0)

  const stream = new Writable({
    write (chunk: Buffer, _encoding, callback) {
      let start = 0
      for (let end; (end = chunk.indexOf(lineFeed, start)) !== -1; start = end + 1) {
        const line = chunk.subarray(start, end + 1)
        queue.push(begun.length === 0 ? line : Buffer.concat([begun, line]))
        begun = Buffer.alloc(0)
      }
      begun = Buffer.concat([begun, chunk.subarray(start)])
      delivery.wake()
      callback()
    },

    final (callback) {
      if (begun.length > 0) queue.push(Buffer.concat([begun, Buffer.of(lineFeed)]))
      finish().then(() => callback(), callback)
    }
  })

  async function finish (): Promise<void> {
    await delivery.drain(exitTimeout)
    delivery.stop()
    if (queue.lines > 0) complaints.lost(queue.lines, `dropped: ${url} did not take them within ${exitTimeout} ms of the end`)
    complaints.sumUp()
  }

  // What `logger.flush(callback)` waits for.
  return Object.assign(stream, { flush: () => delivery.drain(exitTimeout) })
}

/** What stands in the stream where logs are missing: a warning of pino's. */
function toMark (dropped: number): Buffer {
  const msg = dropped === 1 ? '1 log was dropped here: too many waited' : `${dropped} logs were dropped here: too many waited`
  return Buffer.from(`${JSON.stringify({ level: 40, time: Date.now(), pid: process.pid, hostname: hostname(), name: 'loggerbot-server/pino', msg, dropped })}\n`)
}
