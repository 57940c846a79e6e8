/**
 * LoggerBot inside a Fastify app that has work of its own. Run it in the checkout:
 *
 *   node --import tsx docs/examples/embed.ts
 *
 * It listens on http://127.0.0.1:3000; logs go to http://127.0.0.1:3000/logs/send_logs,
 * users are made at http://127.0.0.1:3000/logs/create_user.
 */
import Fastify from 'fastify'
import { loggerbot } from 'loggerbot-server'

const app = Fastify({ logger: { level: 'warn' } })

// Yours: what LoggerBot brings along stays under its prefix.
app.get('/', async () => ({ hello: 'this route is not LoggerBot\'s' }))

await app.register(loggerbot, {
  prefix: '/logs',
  database: { file: process.env.LOGS_FILE ?? 'data/embedded.sqlite' },
  // Left out, /create_user is closed.
  apiKey: process.env.LOGS_API_KEY
})

console.log(`listens on ${await app.listen({ port: Number(process.env.PORT ?? 3000) })}`)

// Embedded, LoggerBot leaves the signals to you: closing the app closes the database after the requests under way.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => app.close())
