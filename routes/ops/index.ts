import sensible from '@fastify/sensible'
import fp from 'fastify-plugin'
import { useOwnCompilers } from '../../src/http/compilers.ts'
import health from './health.ts'
import metrics from './metrics.ts'

/** Monitoring, for the operator of the server: shows neither users nor logs. */
export default fp(async (app) => {
  useOwnCompilers(app)
  // A host app may have registered it already.
  if (!app.hasReplyDecorator('preventCache')) await app.register(sensible)
  await app.register(health)
  await app.register(metrics)
}, { name: 'loggerbot-ops', fastify: '5.x', encapsulate: true, dependencies: ['loggerbot-metrics'] })
