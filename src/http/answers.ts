import { STATUS_CODES } from 'node:http'
import { Type } from '@sinclair/typebox'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { BadRequest, DatabaseAway, describeFailure, TooLarge } from '../errors.ts'
import type { Fault } from '../model/bad-request.ts'

/** Body of an answer by its status, as in the contract: `{"code":413,"message":"PayloadTooLarge"}`. */
export function answerOf (status: number): { code: number, message: string } {
  return { code: status, message: STATUS_CODES[status]?.replaceAll(/\W/g, '') ?? 'Error' }
}

/** Writes the body of an answer to an error; it may change the answer's headers, too. */
export type WriteError = (status: number, detail: string, reply: FastifyReply, error: FastifyError) => string | Buffer

type ErrorHandler = (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => FastifyReply

/**
 * Makes an error handler that answers with such bodies.
 *
 * The detail also goes into `X-Error-Detail` and our own log. An unexpected error is described in our log alone, and
 * only by where it was thrown.
 */
export function errorAnswer (write: WriteError): ErrorHandler {
  return (error, request, reply) => {
    prepareReply(error, request, reply)
    const detail = isUnexpected(error) ? 'the server failed; its log says where' : error.message
    return reply.send(write(statusOf(error), detail, reply, error))
  }
}

/** Error handler of the published contract. */
export const sendError = errorAnswer((status) => JSON.stringify(answerOf(status)))

/**
 * Error handler that adds the detail, and the broken rule as data where it is known:
 * `{"code":400,"message":"BadRequest","detail":"limit must be …","error":{"rule":"parameter.maximum",…}}`.
 */
export const sendDetailedError = errorAnswer((status, detail, _reply, error) => {
  return JSON.stringify({ ...answerOf(status), detail, error: faultOf(error) })
})

function faultOf (error: Error): Fault | undefined {
  if (error instanceof DatabaseAway) return { rule: 'database.unavailable' }
  return error instanceof BadRequest ? error.fault : undefined
}

/** Logs the error, and sets the status and the headers of its answer. */
function prepareReply (error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const status = statusOf(error)
  if (reply.raw.destroyed) {
    // The client has disconnected, which ended the work.
  } else if (isUnexpected(error)) {
    request.log.error({ failure: describeFailure(error) }, 'request failed')
  } else {
    const detail = printableAscii(error.message)
    if (!(error instanceof DatabaseAway)) {
      request.log.info({ status, detail, url: request.routeOptions.url }, 'request refused')
    }
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

/** Clients limit the length of headers. */
const maxDetailCharacters = 500

/** A text as the value of a header, which may hold no other characters. */
function printableAscii (text: string): string {
  const escape = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
  return text.slice(0, maxDetailCharacters).replaceAll(/[^\x20-\x7e]/g, escape)
}

/**
 * Limits the bodies of a scope's routes, unless a route has a limit of its own.
 *
 * A longer Content-Length is answered with 413 before anything else.
 */
export function refuseLongBodies (scope: FastifyInstance, maxBytes: number): void {
  scope.addHook('onRoute', (route) => { route.bodyLimit ??= maxBytes })
  scope.addHook('onRequest', ({ headers, routeOptions: { config, bodyLimit } }, _reply, done) => {
    // A body that is read in portions may have any length.
    const isTooLong = !config.logStream && Number(headers['content-length'] ?? 0) > bodyLimit
    if (isTooLong) done(new TooLarge(`the body must have ${bodyLimit} bytes at most`))
    else done()
  })
}

const Refusal = Type.Object({
  code: Type.Integer({ description: 'the status', examples: [400] }),
  message: Type.String({ examples: ['BadRequest'] }),
  detail: Type.String({ description: 'what is wrong, as a sentence' }),
  error: Type.Optional(Type.Object({
    rule: Type.String({ description: 'stable name of the rule (docs/errors.md)', examples: ['parameter.maximum'] }),
    field: Type.Optional(Type.String({ description: 'name of the parameter or field', examples: ['limit'] })),
    at: Type.Optional(Type.Integer({ description: 'place in the query, in UTF-16 units from 0' })),
    expected: Type.Optional(Type.Array(Type.String(), { description: 'what could stand there, or allowed values' })),
    limit: Type.Optional(Type.Number({ description: 'the number that the rule sets', examples: [1000] }))
  }, { description: 'the broken rule as data, with status 400; and where the database is unavailable' }))
}, { description: 'The request was refused' })

/** Adds the shape of refusals to the description of all routes of a scope. */
export function describeRefusals (scope: FastifyInstance): void {
  scope.addHook('onRoute', ({ schema }) => {
    if (schema) schema.response = { ...schema.response ?? { 200: { description: 'Done' } }, '4xx': Refusal }
  })
}

/**
 * Headers that keep answers out of caches, browsers from guessing another content type, and the addresses of answers,
 * which hold queries, from other sites.
 */
export const privateHeaders = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer'
}

/** Adds these headers to all answers of a scope. */
export function keepPrivate (scope: FastifyInstance): void {
  scope.addHook('onRequest', async (_request, reply) => { reply.headers(privateHeaders) })
}
