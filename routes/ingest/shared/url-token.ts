import type { FastifyInstance, FastifyRequest } from 'fastify'
import { NotAllowed } from '../../../src/errors.ts'
import type { Caller } from '../../../src/model/caller.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Whether the sender's token is in the URL. */
    hasUrlToken: boolean
  }
}

/**
 * Accepts a token in the URL's parameter `token`, for clients that can't send a header, such as a page's `sendBeacon`.
 *
 * URLs end up in logs and histories, so only a token that allows nothing but writing may be there, and our own log
 * contains none of them.
 */
export function acceptUrlTokens (scope: FastifyInstance): void {
  scope.decorateRequest('hasUrlToken', false)
  acceptUrlTokenAt(scope, ({ query }) => (query as Record<string, unknown>).token)
  scope.addHook('preParsing', async ({ hasUrlToken, logCaller }: { hasUrlToken: boolean, logCaller?: Caller }) => {
    const allowsOnlyWriting = logCaller?.scopes.size === 1
    if (hasUrlToken && !allowsOnlyWriting) throw new NotAllowed('a token in the URL must have scope write only')
  })
  // A host app may log each request with its URL.
  scope.addHook('onRoute', (route) => {
    route.logSerializers = Object.assign(Object.create(route.logSerializers ?? null), { req: describe })
  })
}

/** Accepts a token at another position in the URL that a protocol defines; a token in a header takes precedence. */
export function acceptUrlTokenAt (scope: FastifyInstance, find: (request: FastifyRequest) => unknown): void {
  scope.addHook('onRequest', async (request) => {
    const token = find(request)
    if (typeof token !== 'string' || token === '') return
    if (credentialHeaders.some((name) => request.headers[name] !== undefined)) return
    request.headers['x-user-token'] = token
    request.hasUrlToken = true
  })
}

const credentialHeaders = ['authorization', 'x-user-token', 'x-api-key', 'dd-api-key', 'x-seq-apikey']

/** A request in the log: its path as the route declares it, because a token may be part of the real one. */
function describe ({ method, routeOptions: { url }, host, ip, socket }: FastifyRequest) {
  return { method, url, host, remoteAddress: ip, remotePort: socket.remotePort }
}
