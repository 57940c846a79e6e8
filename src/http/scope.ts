import type { IncomingMessage } from 'node:http'
import { Type } from '@sinclair/typebox'
import type { FastifyError, FastifyInstance, FastifyRequest } from 'fastify'
import { describeRefusals, keepPrivate, refuseLongBodies, sendDetailedError } from './answers.ts'
import { useOwnCompilers } from './compilers.ts'
import { compressAnswers } from './gzip.ts'

/**
 * Rules of a scope of the API: own compilers, errors with their detail and rule, bodies of at most `maxBodyBytes`, and
 * answers that no cache keeps, compressed where they are long.
 */
export function useApiRules (scope: FastifyInstance, maxBodyBytes: number): void {
  useOwnCompilers(scope)
  scope.setErrorHandler((error, request, reply) => (
    sendDetailedError(scope.logReaders.failureOf(error) as FastifyError, request, reply)
  ))
  refuseLongBodies(scope, maxBodyBytes)
  keepPrivate(scope)
  describeRefusals(scope)
  compressAnswers(scope)
}

export const noParameters = Type.Object({}, { additionalProperties: false })

/** Refuses parameters on the routes of a scope that take none. */
export function refuseParameters (scope: FastifyInstance): void {
  scope.addHook('onRoute', ({ schema }) => { if (schema) schema.querystring ??= noParameters })
}

/** Reads a body of at most `maxBytes`; rejects with an error that is answered. */
type ReadBody = (body: AsyncIterable<Buffer>, maxBytes: number) => Promise<unknown>

/** Takes JSON alone as a body, within the memory that the caller may use. */
export function takeJsonBodies (scope: FastifyInstance, read: ReadBody): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('application/json', (request: FastifyRequest, payload: IncomingMessage) => (
    read(scope.memoryOf(request).read(payload), request.routeOptions.bodyLimit)
  ))
  // After the hook that finds the caller, on routes that have it.
  scope.addHook('onRoute', (route) => { route.onRequest = [...[route.onRequest ?? []].flat(), scope.reserveMemory] })
}
