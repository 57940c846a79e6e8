import type { FastifyInstance } from 'fastify'
import { addRoute } from './slashes.ts'

/** Headers of our answers that a page may read. */
const exposedHeaders = 'X-Error-Detail, X-Log-Stored, Idempotency-Replayed, Retry-After'
/** Seconds for which a browser keeps the answer to a preflight. Chromium keeps none longer. */
const preflightSeconds = 7200

/**
 * Lets pages of these origins, `*`: of all, send logs: https://fetch.spec.whatwg.org/#http-cors-protocol.
 * Cookies are good for none of the scope's routes, so no page is allowed to send them.
 */
export function allowOrigins (scope: FastifyInstance, origins: readonly string[]): void {
  if (origins.length === 0) return
  const isAnyAllowed = origins.includes('*')

  scope.addHook('onRoute', function ({ method, routePath, schema }) {
    if (![method].flat().some((method) => method === 'POST' || method === 'PUT')) return
    addRoute(this, {
      method: 'OPTIONS',
      url: routePath,
      config: { logAccess: 'public' },
      schema: { tags: schema?.tags, hide: true },
      handler: async (_request, reply) => reply.code(204).send()
    })
  })

  // The first hook of all, as a page may read the answer to an error, too. A preflight shows no credential.
  scope.addHook('onRequest', async (request, reply) => {
    const { origin, 'access-control-request-method': requestedMethod, 'access-control-request-headers': requestedHeaders } = request.headers
    if (!isAnyAllowed) reply.header('vary', 'Origin')
    if (origin === undefined || !(isAnyAllowed || origins.includes(origin))) return
    reply.header('access-control-allow-origin', isAnyAllowed ? '*' : origin)
    if (request.method !== 'OPTIONS' || requestedMethod === undefined) {
      reply.header('access-control-expose-headers', exposedHeaders)
      return
    }
    reply.header('access-control-allow-methods', 'POST, PUT').header('access-control-max-age', preflightSeconds)
    if (typeof requestedHeaders === 'string') reply.header('access-control-allow-headers', requestedHeaders)
    return reply.code(204).send()
  })
}
