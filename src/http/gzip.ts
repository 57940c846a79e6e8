import { createGzip, type Gzip } from 'node:zlib'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** Shorter answers take one or two packets anyway. */
const leastCharacters = 16_384

/**
 * Compresses the longer answers of a scope for clients that accept gzip; streams stay as they are.
 *
 * Compressed as a stream, a long answer takes threads for some milliseconds at a time, which the check of a password
 * needs, too. Without @fastify/compress: a host app that uses it could not register it a second time within our scope.
 */
export function compressAnswers (scope: FastifyInstance): void {
  scope.addHook<unknown>('onSend', async (request, reply, payload) => {
    const isLong = typeof payload === 'string' && payload.length > leastCharacters
    if (!isLong || request.method === 'HEAD' || !acceptsGzip(request)) return payload
    const gzip = gzipFor(reply)
    gzip.end(payload)
    return gzip
  })
}

/** Whether the client accepts gzip. */
export function acceptsGzip ({ headers }: FastifyRequest): boolean {
  return /\bgzip\b(?!;\s*q=0(?!\.\d*[1-9]))/.test(headers['accept-encoding'] ?? '')
}

/** Stream that compresses the body of a reply; sets its headers. */
export function gzipFor (reply: FastifyReply): Gzip {
  reply.header('content-encoding', 'gzip').header('vary', 'accept-encoding')
  return createGzip()
}
