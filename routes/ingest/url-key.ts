import type { FastifyInstance, FastifyRequest } from 'fastify'

/** Takes a key from the URL where the protocol has a place for it there, as if it stood in that header. */
export function takeUrlKey (app: FastifyInstance, header: 'dd-api-key' | 'x-seq-apikey', find: (request: FastifyRequest) => unknown): void {
  app.addHook('onRequest', async (request) => {
    const key = find(request)
    if (typeof key === 'string' && key !== '') request.headers[header] ??= key
  })
}
