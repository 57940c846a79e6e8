import { STATUS_CODES } from 'node:http'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { errorAnswer, type WriteError } from '../../src/http/answers.ts'
import { decodeDatadog, decodeDatadogText } from '../../src/decode/datadog.ts'
import { utcTime } from '../../src/model/instant.ts'
import { givenOf } from './shared/given.ts'
import { acceptUrlTokenAt } from './shared/url-token.ts'
import { requireUsable, storeWholeBody } from './shared/whole-body.ts'

const defaultOf = (field: string) => Type.Optional(Type.String({
  maxLength: 255,
  description: `the ${field} of logs that do not say it, at most 255 characters`
}))

const schema = {
  tags: ['ingest'],
  summary: 'Send logs as to Datadog',
  description: 'One object, several, or a list; with the content type text/plain, lines that are a log each.',
  querystring: Type.Object({
    ddsource: defaultOf('source'),
    ddtags: Type.Optional(Type.String({
      maxLength: 1000,
      description: 'tags, added to those of the logs, at most 1000 characters'
    })),
    hostname: defaultOf('host'),
    service: defaultOf('service')
  })
}

/** Datadog's answers to errors, which differ by path. */
const writeError: WriteError = (status, detail, reply) => {
  const { headers, hasUrlToken, routeOptions: { url = '' } } = reply.request
  const hasKey = hasUrlToken || headers['dd-api-key'] !== undefined || headers.authorization !== undefined
  const sent = status === 401 && hasKey ? 403 : status
  const title = STATUS_CODES[sent] ?? 'Error'
  reply.code(sent)
  if (url.endsWith('/validate')) return JSON.stringify({ errors: [title] })
  if (url.endsWith('/logs')) return JSON.stringify({ errors: [{ detail, status: String(sent), title }] })
  return JSON.stringify({ code: sent, message: detail })
}

/** Datadog's intake of logs. */
const datadog: FastifyPluginAsyncTypebox = async (app) => {
  app.setErrorHandler(errorAnswer(writeError))
  acceptUrlTokenAt(app, ({ params, query }) => {
    return (params as Record<string, unknown>).key ?? (query as Record<string, unknown>)['dd-api-key']
  })

  for (const [path, status] of [['/api/v2/logs', 202], ['/v1/input', 200], ['/v1/input/:key', 200]] as const) {
    app.post(path, { config: { logAccess: 'write' }, schema, onRequest: app.reserveMemory }, async (request, reply) => {
      const { ddsource, ddtags, hostname, service } = request.query
      const given = givenOf({ ddsource, ddtags, hostname, service })
      const decode = isText(request) ? decodeDatadogText : decodeDatadog
      requireUsable(await storeWholeBody(request, reply, { decode: (body) => decode(body, utcTime(), given) }))
      reply.code(status)
      return {}
    })
  }

  const validation = { tags: ['ingest'], summary: 'Check a key as with Datadog' }
  app.get('/api/v1/validate', { config: { logAccess: 'write' }, schema: validation }, async () => ({ valid: true }))
}

function isText ({ headers: { 'content-type': type = '' } }: FastifyRequest): boolean {
  return /^(text\/plain|application\/logplex)/i.test(type)
}

export default datadog
