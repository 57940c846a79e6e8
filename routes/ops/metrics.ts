import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'

const metrics: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/metrics', {
    config: { logAccess: 'public' },
    schema: { tags: ['operations'], summary: 'Metrics for Prometheus', produces: ['text/plain'] }
  }, async (_request, reply) => {
    reply.preventCache()
    return reply.type(app.logMetrics.contentType).send(await app.scrapeMetrics())
  })
}

export default metrics
