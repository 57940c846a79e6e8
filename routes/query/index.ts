import type { ServerResponse } from 'node:http'
import fp from 'fastify-plugin'
import { useApiRules } from '../../src/http/scope.ts'
import context from './context.ts'
import counts from './counts.ts'
import deletion from './delete.ts'
import exportLogs from './export.ts'
import logs from './logs.ts'
import { pieceLength } from './pieces.ts'
import sql from './sql.ts'
import tail from './tail.ts'

/** No route here needs a body. */
const maxBodyBytes = 1024

/** Routes that find, follow and delete logs: their own for users, all for administrators. */
export default fp(async (app) => {
  useApiRules(app, maxBodyBytes)
  app.addHook('onSend', async (_request, { raw }) => endWhenStalled(raw, app.readStallMs))
  app.addHook('onSend', async (_request, _reply, payload) => {
    // Node would hold a long string beside its bytes until the client has received them.
    return typeof payload === 'string' && payload.length > pieceLength ? Buffer.from(payload) : payload
  })
  await app.register(logs)
  await app.register(context)
  await app.register(counts)
  await app.register(tail)
  await app.register(sql)
  await app.register(exportLogs)
  await app.register(deletion)
}, {
  name: 'loggerbot-query',
  fastify: '5.x',
  encapsulate: true,
  dependencies: ['loggerbot-auth', 'loggerbot-search', 'loggerbot-tail', 'loggerbot-word-index']
})

/** Disconnects a client that receives nothing of what waits for it. */
function endWhenStalled (raw: ServerResponse, stallMs: number): void {
  raw.setTimeout(stallMs, () => {
    if (raw.writableLength > 0) raw.destroy()
    else raw.setTimeout(stallMs)
  })
}
