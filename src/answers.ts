import { STATUS_CODES } from 'node:http'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { describeFailure } from './errors.ts'

/** The contract's body for a status: `{"code":413,"message":"PayloadTooLarge"}`. */
export function answerOf (status: number): { code: number, message: string } {
  return { code: status, message: STATUS_CODES[status]?.replaceAll(/\W/g, '') ?? 'Error' }
}

/**
 * Answers an error as the published contract does. What exactly was wrong goes into
 * `X-Error-Detail` and our own log; of an unexpected error neither says more than its code.
 */
export function sendError (error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  sendHead(error, request, reply)
  return reply.send(JSON.stringify(answerOf(statusOf(error))))
}

function sendHead (error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const status = statusOf(error)
  if (isUnexpected(error)) {
    request.log.error({ failure: describeFailure(error) }, 'request failed')
  } else {
    const detail = printableAscii(error.message)
    request.log.info({ status, detail, url: request.routeOptions.url }, 'request refused')
    reply.header('x-error-detail', detail)
  }
  if ('retryAfter' in error) reply.header('retry-after', String(error.retryAfter))
  reply.code(status).type('application/json; charset=utf-8')
}

function isUnexpected (error: FastifyError): boolean {
  return statusOf(error) >= 500 && !('retryAfter' in error)
}

/** Answers an error with its detail in the body: `{"code":400,"message":"BadRequest","detail":"limit must be …"}`. */
export function sendDetailedError (error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const status = statusOf(error)
  sendHead(error, request, reply)
  return reply.send(JSON.stringify({ ...answerOf(status), detail: isUnexpected(error) ? 'the server failed; its log says where' : error.message }))
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
