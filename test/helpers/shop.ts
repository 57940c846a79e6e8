import { pick, seeded, whole, type Random } from './random.ts'

/** A log as `POST /api/logs` takes it. */
type ShopLog = Record<string, unknown> & { time: string }

const paths = ['/orders', '/orders/A-1042', '/products?page=2', '/cart', '/checkout', '/search?q=lamp', '/me']
const reasons = ['card declined', 'card expired', 'insufficient funds', '3-D Secure was not completed']
const hex = (random: Random, digits: number) => Array.from({ length: digits }, () => whole(random, 16).toString(16)).join('')
const order = (random: Random) => `A-${1000 + whole(random, 400)}`

/** What each process of a small shop logs, about as often as it stands here. */
const usual: ReadonlyArray<(random: Random) => Record<string, unknown>> = [
  ...Array.from({ length: 6 }, () => (random: Random) => {
    const path = pick(random, paths)
    const latency = 8 + whole(random, 90)
    return { level: 'info', process: 'api', pid: 4711, message: `GET ${path} 200 in ${latency} ms`, http: { method: 'GET', path, status: 200 }, latency, trace_id: hex(random, 16) }
  }),
  (random) => {
    const id = order(random)
    return { level: 'info', process: 'billing', pid: 812, message: `Payment of order ${id} received: ${20 + whole(random, 300)}.00 EUR`, order: { id, status: 'paid' }, trace_id: hex(random, 16) }
  },
  (random) => ({ level: 'info', process: 'worker', pid: 93, message: `\u001b[32m✔\u001b[0m sent ${1 + whole(random, 60)} e-mails in \u001b[1m${100 + whole(random, 900)} ms\u001b[0m`, queue: 'mail' }),
  (random) => ({ level: 'debug', process: 'worker', pid: 93, message: `took job ${hex(random, 8)} from the queue`, queue: pick(random, ['mail', 'thumbnails', 'reports']) }),
  (random) => ({ level: 'info', process: 'телеграм-бот', pid: 77, message: `Счёт № ${1000 + whole(random, 900)} отправлен клиенту`, chat: whole(random, 1_000_000) }),
  (random) => {
    const latency = 1000 + whole(random, 2000)
    return { level: 'warning', process: 'api', pid: 4711, message: `slow query: SELECT * FROM orders WHERE customer_id = ? took ${latency} ms`, latency, trace_id: hex(random, 16) }
  }
]

/** What they log while the database has no connection left. */
const incident: ReadonlyArray<(random: Random) => Record<string, unknown>> = [
  (random) => {
    const id = order(random)
    return {
      level: 'error',
      process: 'billing',
      pid: 812,
      message: `Payment of order ${id} failed: ${pick(random, reasons)}`,
      order: { id, status: 'failed', total: 20 + whole(random, 300), currency: 'EUR' },
      customer: { id: whole(random, 5000), country: pick(random, ['DE', 'FR', 'RU', 'PL']) },
      attempt: 1 + whole(random, 3),
      trace_id: hex(random, 16)
    }
  },
  (random) => ({ level: 'warning', process: 'billing', pid: 812, message: `retry ${1 + whole(random, 3)} of 3 for order ${order(random)}`, queue: 'payments' }),
  (random) => ({
    level: 'error',
    process: 'api',
    pid: 4711,
    message: `TypeError: Cannot read properties of undefined (reading 'id')
    at charge (/srv/api/src/pay.js:41:17)
    at async handle (/srv/api/src/http.js:88:5)
    at preHandler (/srv/api/node_modules/fastify/lib/hooks.js:302:14)
    at next (/srv/api/node_modules/fastify/lib/hooks.js:118:9)
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)`,
    http: { method: 'POST', path: '/checkout', status: 500, request: { headers: { 'user-agent': 'Mozilla/5.0', 'accept-language': 'de' }, body: { order: order(random), lines: 3 } } },
    latency: 30 + whole(random, 400),
    release: '2026.11.3',
    trace_id: hex(random, 16)
  }),
  (random) => ({ level: 'critical', process: 'db-proxy', pid: 5, message: 'connection pool exhausted: 50 of 50 connections in use', pool: { size: 50, waiting: 10 + whole(random, 90) } })
]

/** Logs of the last hour of a small shop, oldest first; for a quarter of it, its database is in trouble. */
export function shopLogs (count: number, end: Date, random: Random = seeded(7)): ShopLog[] {
  return Array.from({ length: count }, (_, index) => {
    const part = (index + random()) / count
    const isTrouble = part > 0.55 && part < 0.8 && random() < 0.45
    return { time: new Date(end.getTime() - (1 - part) * 3_600_000).toISOString(), ...pick(random, isTrouble ? incident : usual)(random) }
  })
}
