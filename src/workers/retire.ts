import { once } from 'node:events'
import { Server } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { within } from '../timeout.ts'

/** How long idle connections are kept: most clients send within this time. */
const idleMs = 10_000

/**
 * Returns a function that retires a server without refusing a request, while another process serves the same port.
 *
 * The server accepts no further connection. Those that are open get the answer to one more request, which tells the
 * client to connect again. Resolves when none is left, or after ten seconds; then the server may be closed.
 */
export function retirable (app: FastifyInstance): () => Promise<void> {
  let isRetiring = false
  app.addHook('onRequest', async (_request, reply) => { if (isRetiring) reply.header('connection', 'close') })
  return async () => {
    isRetiring = true
    const closed = once(app.server, 'close')
    // Not the method of HTTP, which closes idle connections although their client may be sending.
    Server.prototype.close.call(app.server)
    await within(idleMs, closed).catch(() => {})
  }
}
