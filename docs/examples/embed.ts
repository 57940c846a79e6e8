/**
 * LoggerBot inside a Fastify app that has routes of its own. Run it in a checkout:
 *
 *   node --import tsx docs/examples/embed.ts
 *
 * It listens on http://127.0.0.1:3000; send logs to http://127.0.0.1:3000/logs/send_logs,
 * create users at http://127.0.0.1:3000/logs/create_user.
 */
import Fastify from 'fastify'
import { loggerbot } from 'loggerbot-server'

const app = Fastify({ logger: { level: 'warn' } })

// Your own route: everything of LoggerBot stays under its prefix.
app.get('/', async () => ({ hello: 'this route is not LoggerBot\'s' }))

await app.register(loggerbot, {
  prefix: '/logs',
  database: { file: process.env.LOGS_FILE ?? 'data/embedded.sqlite' },
  // Without a key, /create_user answers 403.
  apiKey: process.env.LOGS_API_KEY
})

console.log(`listens on ${await app.listen({ port: Number(process.env.PORT ?? 3000) })}`)

// LoggerBot leaves the signals to your app. Closing the app finishes open requests, then closes the database.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => { app.close().catch(console.error) })
