import type { FastifyInstance, FastifyRequest } from 'fastify'
import { NotAllowed } from '../../../src/errors.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Whether the sender's token stands in the URL. */
    hasUrlToken: boolean
  }
}

/**
 * Takes a token from the parameter `token`, for clients that can send no header, such as a page's `sendBeacon`. URLs end up in logs
 * and histories, so only a token that can do no more than write may stand there, and our own log has none of them.
 */
export function takeUrlTokens (scope: FastifyInstance): void {
  scope.decorateRequest('hasUrlToken', false)
  takeUrlToken(scope, ({ query }) => (query as Record<string, unknown>).token)
  scope.addHook('preParsing', async ({ hasUrlToken, logCaller }) => {
    if (hasUrlToken && logCaller?.scopes.size !== 1) throw new NotAllowed('a token in the URL must have scope write alone')
  })
  // A host app may log each request with its URL.
  scope.addHook('onRoute', (route) => {
    route.logSerializers = Object.assign(Object.create(route.logSerializers ?? null), { req: describe })
  })
}

/** Takes a token from where else in the URL a protocol has a place for it. One in a header comes first. */
export function takeUrlToken (scope: FastifyInstance, find: (request: FastifyRequest) => unknown): void {
  scope.addHook('onRequest', async (request) => {
    const token = find(request)
    if (typeof token !== 'string' || token === '' || credentialHeaders.some((name) => request.headers[name] !== undefined)) return
    request.headers['x-user-token'] = token
    request.hasUrlToken = true
  })
}

const credentialHeaders = ['authorization', 'x-user-token', 'x-api-key', 'dd-api-key', 'x-seq-apikey']

/** A request in the log: its path as the route has it, as a key may stand in that, too. */
function describe ({ method, routeOptions: { url }, host, ip, socket }: FastifyRequest) {
  return { method, url, host, remoteAddress: ip, remotePort: socket.remotePort }
}
