import { STATUS_CODES } from 'node:http'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { DatabaseAway, describeFailure, TooLarge } from '../errors.ts'

/** The contract's body for a status: `{"code":413,"message":"PayloadTooLarge"}`. */
export function answerOf (status: number): { code: number, message: string } {
  return { code: status, message: STATUS_CODES[status]?.replaceAll(/\W/g, '') ?? 'Error' }
}

/** The body of an answer to an error, of its status and what was wrong; it may change the answer's head, too. */
export type WriteError = (status: number, detail: string, reply: FastifyReply, error: FastifyError) => string | Buffer

/**
 * Answers errors with such bodies. What exactly was wrong also goes into `X-Error-Detail` and our own
 * log; of an unexpected error nobody hears more than where it was thrown, and that in our log alone.
 */
export function errorAnswer (write: WriteError): (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => FastifyReply {
  return (error, request, reply) => {
    sendHead(error, request, reply)
    const detail = isUnexpected(error) ? 'the server failed; its log says where' : error.message
    return reply.send(write(statusOf(error), detail, reply, error))
  }
}

/** As the published contract has it. */
export const sendError = errorAnswer((status) => JSON.stringify(answerOf(status)))

/** With the detail in the body: `{"code":400,"message":"BadRequest","detail":"limit must be …"}`. */
export const sendDetailedError = errorAnswer((status, detail) => JSON.stringify({ ...answerOf(status), detail }))

function sendHead (error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const status = statusOf(error)
  if (reply.raw.destroyed) {
    // Nobody is there to be answered: what was under way was broken off.
  } else if (isUnexpected(error)) {
    request.log.error({ failure: describeFailure(error) }, 'request failed')
  } else {
    const detail = printableAscii(error.message)
    if (!(error instanceof DatabaseAway)) request.log.info({ status, detail, url: request.routeOptions.url }, 'request refused')
    reply.header('x-error-detail', detail)
  }
  if ('retryAfter' in error) reply.header('retry-after', String(error.retryAfter))
  reply.code(status).type('application/json; charset=utf-8')
}

function isUnexpected (error: FastifyError): boolean {
  return statusOf(error) >= 500 && !('retryAfter' in error)
}

function statusOf ({ statusCode = 500 }: FastifyError): number {
  if (statusCode === 415) return 400
  return statusCode >= 400 && statusCode <= 599 ? statusCode : 500
}

const longestDetail = 500

/** A header's value may hold no other characters, and clients limit the length of headers. */
function printableAscii (text: string): string {
  return text.slice(0, longestDetail).replaceAll(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Sets the limit of a scope's routes that have none of their own; a Content-Length over it is 413 before anything else. */
export function refuseLongBodies (scope: FastifyInstance, limit: number): void {
  scope.addHook('onRoute', (route) => { route.bodyLimit ??= limit })
  scope.addHook('onRequest', async ({ headers, routeOptions: { config, bodyLimit } }) => {
    // What is taken in a portion at a time may have any length.
    if (!config.logStream && Number(headers['content-length'] ?? 0) > bodyLimit!) throw new TooLarge(`the body must have ${bodyLimit} bytes at most`)
  })
}

/** Keeps answers out of caches, and from being taken for something else than they say. */
export const privateHeaders = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }

/** Gives all answers of a scope these headers. */
export function keepPrivate (scope: FastifyInstance): void {
  scope.addHook('onRequest', async (_request, reply) => { reply.headers(privateHeaders) })
}
