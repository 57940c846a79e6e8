import type { ServerResponse } from 'node:http'
import fp from 'fastify-plugin'
import type { FastifyError } from 'fastify'
import { keepPrivate, refuseLongBodies, sendDetailedError } from '../../src/http/answers.ts'
import { useOwnCompilers } from '../../src/http/compilers.ts'
import counts from './counts.ts'
import deletion from './delete.ts'
import exportLogs from './export.ts'
import logs from './logs.ts'
import { pieceLength } from './pieces.ts'
import tail from './tail.ts'

/** No route has a use for a body. */
const bodyLimit = 1024

/** Finding logs: for readers, who see their own, and administrators, who see all. */
export default fp(async (app) => {
  useOwnCompilers(app)
  app.setErrorHandler((error, request, reply) => sendDetailedError(app.readFailure(error) as FastifyError, request, reply))
  refuseLongBodies(app, bodyLimit)
  keepPrivate(app)
  app.addHook('onSend', async (_request, { raw }) => endWhenStalled(raw, app.readStallMs))
  // Node would hold a long string beside its bytes until the client has taken them.
  app.addHook('onSend', async (_request, _reply, payload) => typeof payload === 'string' && payload.length > pieceLength ? Buffer.from(payload) : payload)
  await app.register(logs)
  await app.register(counts)
  await app.register(tail)
  await app.register(exportLogs)
  await app.register(deletion)
}, { name: 'loggerbot-query', fastify: '5.x', encapsulate: true, dependencies: ['loggerbot-auth', 'loggerbot-search', 'loggerbot-tail', 'loggerbot-word-index'] })

/** Cuts off a client that takes nothing of what waits for it. */
function endWhenStalled (raw: ServerResponse, stallMs: number): void {
  raw.setTimeout(stallMs, () => {
    if (raw.writableLength > 0) raw.destroy()
    else raw.setTimeout(stallMs)
  })
}
