import type { FastifyInstance } from 'fastify'
import { addRoute } from './slashes.ts'

/** Headers of our answers that pages may read. */
const exposedHeaders = 'X-Error-Detail, X-Log-Stored, Idempotency-Replayed, Retry-After'
/** Seconds for which a browser caches the answer to a preflight; Chromium's maximum. */
const preflightSeconds = 7200

/**
 * Lets pages of these origins send logs; `*` means all origins.
 *
 * No route of the scope accepts cookies, so pages are not allowed to send them.
 *
 * Source: https://fetch.spec.whatwg.org/#http-cors-protocol
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

  // The first of all hooks, because pages may read the answers to errors, too. A preflight carries no credential.
  scope.addHook('onRequest', async (request, reply) => {
    const {
      origin,
      'access-control-request-method': requestedMethod,
      'access-control-request-headers': requestedHeaders
    } = request.headers
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
