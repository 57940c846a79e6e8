import fp from 'fastify-plugin'
import { keepPrivate, refuseLongBodies, sendDetailedError } from '../../src/answers.ts'
import { useOwnCompilers } from '../../src/schema.ts'
import counts from './counts.ts'
import deletion from './delete.ts'
import exportLogs from './export.ts'
import logs from './logs.ts'
import tail from './tail.ts'

/** No route has a use for a body. */
const bodyLimit = 1024

/** Finding logs: for readers, who see their own, and administrators, who see all. */
export default fp(async (app) => {
  useOwnCompilers(app)
  app.setErrorHandler(sendDetailedError)
  refuseLongBodies(app, bodyLimit)
  keepPrivate(app)
  await app.register(logs)
  await app.register(counts)
  await app.register(tail)
  await app.register(exportLogs)
  await app.register(deletion)
}, { name: 'loggerbot-query', fastify: '5.x', encapsulate: true, dependencies: ['loggerbot-auth', 'loggerbot-search', 'loggerbot-tail', 'loggerbot-word-index'] })
