import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import { pick, seeded, whole, type Random } from '../test/helpers/random.ts'
import { protocols } from './protocols.ts'
import type { CorpusRequest } from './requests.ts'

export { seeded }

/** Placeholder for a time in a body; load.lua replaces it by the present minus `secondsAgo`. */
const stamp = (secondsAgo: number) => `@${secondsAgo}`.padEnd('2020-05-05T12:22:22'.length, '@')

/** Placeholder in a message; load.lua replaces it by a number that no other request has, as a repeated request is stored once. */
const serial = '#0aB1cD2eF3g'

/** Levels as names of the contract or as Python's numbers, by their share; most logs are unimportant. */
const levels: Array<[share: number, name: string, number: number]> = [
  [0.2, 'debug', 10], [0.8, 'info', 20], [0.93, 'warning', 30], [0.99, 'error', 40], [1, 'critical', 50]
]

const processes: Array<{ name: string, loggers: string[], numeric: boolean }> = [
  { name: 'gunicorn: worker [shop]', loggers: ['django.request', 'shop.orders', 'shop.payments'], numeric: true },
  { name: 'celery@worker-3', loggers: ['celery.worker', 'shop.mail', 'shop.reports'], numeric: true },
  { name: 'ingest', loggers: ['ingest.reader', 'ingest.parser'], numeric: true },
  { name: 'nightly-backup', loggers: ['backup'], numeric: false },
  { name: 'api-gateway', loggers: ['http', 'upstream', 'rate-limit'], numeric: false },
  { name: 'telegram-bot', loggers: ['aiogram.dispatcher', ''], numeric: true }
]

const paths = ['/api/v1/orders', '/api/v1/orders/search', '/healthz', '/static/css/main.css', '/checkout/payment', '/login', '/users/settings']
const hosts = ['db-1.internal', 'cache-2.internal', 'mq.internal', 'payments.example.com']
const people = ['anna', 'bjørn', 'chloé', 'dmitri', 'emre', 'ольга', 'farah', 'george']

const hex = (random: Random, length: number) => Array.from({ length }, () => whole(random, 16).toString(16)).join('')
const address = (random: Random) => `10.${whole(random, 4)}.${whole(random, 256)}.${whole(random, 256)}`

/** Messages of programs: short and long, with quotes, paths, line breaks and non-ASCII letters. About 120 bytes on average. */
const sentences: Array<(random: Random) => string> = [
  (r) => `${address(r)} "${pick(r, ['GET', 'GET', 'POST'])} ${pick(r, paths)}?page=${whole(r, 90)} HTTP/1.1" ${pick(r, [200, 200, 200, 304, 404, 500])} ${whole(r, 90_000)} ${whole(r, 900)}ms`,
  (r) => `request ${hex(r, 32)} finished in ${(r() * 900).toFixed(3)} ms, ${whole(r, 40)} queries, ${whole(r, 64)} from cache, user ${pick(r, people)}`,
  (r) => `Order A-${whole(r, 100_000)} of ${pick(r, people)} was paid: ${(r() * 400).toFixed(2)} €, method "card", reference ${hex(r, 16)}`,
  (r) => `connection to ${pick(r, hosts)}:${pick(r, [3306, 6379, 5672, 443])} lost, trying again in ${whole(r, 30)} s (attempt ${whole(r, 9)} of 10)`,
  (r) => `Task reports.render[${hex(r, 8)}-${hex(r, 4)}-${hex(r, 4)}-${hex(r, 12)}] succeeded in ${(r() * 20).toFixed(6)}s: {'rows': ${whole(r, 5000)}, 'file': '/var/lib/reports/${hex(r, 10)}.pdf'}`,
  (r) => `cache miss for key session:${hex(r, 24)}`,
  (r) => `read ${whole(r, 10_000)} lines from C:\\spool\\in\\${hex(r, 8)}.csv, skipped ${whole(r, 20)}, checksum ${hex(r, 16)}`,
  (r) => `slow query (${whole(r, 9000)} ms): SELECT o.id, o.total, c.name FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.state = 'open' AND o.created_at > '2020-05-0${1 + whole(r, 9)}' LIMIT ${whole(r, 100)}`,
  (r) => `user ${pick(r, people)} logged in from ${address(r)}`,
  (r) => `webhook answered: {"id":"evt_${hex(r, 24)}","type":"payment.captured","amount":${whole(r, 90_000)},"currency":"EUR","customer":{"name":"${pick(r, people)}","country":"NO"},"livemode":true}`,
  (r) => `/srv/shop/orders/models.py:${whole(r, 400)}: RuntimeWarning: DateTimeField Order.created_at received a naive datetime (2020-05-05 12:22:22) while time zone support is active.\n  warnings.warn(`
]

const failure = (r: Random) => [
  'Traceback (most recent call last):',
  `  File "/srv/shop/orders/views.py", line ${whole(r, 400)}, in checkout`,
  '    payment = gateway.charge(order.total, token=form.cleaned_data["token"])',
  `TimeoutError: ${pick(r, hosts)} did not answer within ${whole(r, 30)} s`
].join('\n')

/** Share of the logs that are errors, or worse. */
const standardErrors = 0.07

/** Generates `count` logs of one process, as it sends them in one request; `errors` is the share of errors. */
export function corpusRequest (random: Random, count: number, errors = standardErrors): CorpusRequest {
  const { name, loggers, numeric } = pick(random, processes)
  return {
    pid: 300 + whole(random, 30_000),
    processName: name,
    logs: Array.from({ length: count }, (_, index) => {
      const weight = withErrors(random(), errors)
      const [, level, number] = levels.find(([share]) => weight < share)!
      const sentence = number >= 40 && random() < 0.5 ? failure : pick(random, sentences)
      return {
        level: numeric ? number : level,
        message: sentence(random),
        description: pick(random, loggers),
        // The oldest first.
        secondsAgo: 2 - Math.floor(index * 3 / count)
      }
    })
  }
}

/** Changes a weight, so that a share of all weights stands for errors. */
function withErrors (weight: number, errors: number): number {
  const others = 1 - errors
  return weight < others
    ? weight / others * (1 - standardErrors)
    : 1 - standardErrors + (weight - others) / errors * standardErrors
}

/** A user of the corpus, with the contract's token. */
export function corpusUser (id: number): { id: number, name: string, token: string } {
  const name = `user${id}`
  return { id, name, token: createHash('md5').update(`${name}password`).digest('hex') }
}

/** Limit for all bodies of a corpus together, because every thread of wrk holds a few copies of them. */
const maxCorpusBytes = 64 * 1024 * 1024

/** A random token of the corpus' first user, for all protocols but the contract. */
export const corpusToken = `lb_${'bench'.repeat(8)}abc`

export interface CorpusOptions {
  /** Logs in each request. */
  logs: number
  users: number
  /** Default: the contract. */
  protocol?: string
  /** Share of errors. Default: 0.07. */
  errors?: number
  seed?: number
}

/**
 * Writes the requests that wrk cycles through, one on each line: path, content type, name and value of the credential's
 * header, then `text` and the body with placeholders for times, or `hex` and the body as it is. There are 200 requests,
 * or one for each user if there are more. Requests of other protocols than the contract all belong to the first user and
 * have times of the present; otherwise the same arguments give the same requests.
 */
export async function writeCorpus (file: string, { logs, users, protocol, errors, seed = 1 }: CorpusOptions): Promise<void> {
  const random = seeded(seed)
  const out = createWriteStream(file)
  let bytes = 0
  for (let index = 0; index < Math.max(200, users) && bytes < maxCorpusBytes; index++) {
    const { name, token } = corpusUser(1 + index % users)
    const { pid, processName, logs: sent } = corpusRequest(random, logs, errors)
    const line = protocol === undefined ? contractLine() : protocolLine(protocol)
    bytes += line.length
    out.write(line)

    function protocolLine (protocol: string): string {
      const { path, contentType, body } = protocols[protocol]!
      const logs = sent.map((log, index) => index === 0 ? { ...log, message: `${serial} ${log.message}` } : log)
      return `${path}\t${contentType}\tAuthorization\tBearer ${corpusToken}\thex\t${body({ pid, processName, logs }, new Date()).toString('hex')}\n`
    }

    function contractLine (): string {
      return `/send_logs\tapplication/json\tX-User-Token\t${token}\ttext\t${JSON.stringify({
      data: {
        user: name,
        pid,
        p_name: processName,
        post_time: stamp(0),
        logs: sent.map(({ level, message, description, secondsAgo }) => ({ level, msg: message, event_at: stamp(secondsAgo), p_description: description }))
      }
    })}\n`
    }
  }
  out.end()
  await finished(out)
}
