import { STATUS_CODES } from 'node:http'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { errorAnswer, type WriteError } from '../../src/http/answers.ts'
import { decodeDatadog, decodeDatadogText } from '../../src/decode/datadog.ts'
import { utcTime } from '../../src/model/instant.ts'
import { requireUsable, take } from './shared/whole-body.ts'
import { takeUrlToken } from './shared/url-token.ts'

const given = (what: string) => Type.Optional(Type.String({ maxLength: 255, description: `the ${what} of logs that do not say it, at most 255 characters` }))

const schema = {
  tags: ['ingest'],
  summary: 'Send logs as to Datadog',
  description: 'One object, several, or a list; with the content type text/plain lines, each a log.',
  querystring: Type.Object({
    ddsource: given('source'),
    ddtags: Type.Optional(Type.String({ maxLength: 1000, description: 'tags, added to those of the logs, at most 1000 characters' })),
    hostname: given('host'),
    service: given('service')
  })
}

/** Datadog's forms of an error: that of the path. */
const writeError: WriteError = (status, detail, reply) => {
  const { headers, hasUrlToken, routeOptions: { url = '' } } = reply.request
  const isWrongKey = status === 401 && (hasUrlToken || headers['dd-api-key'] !== undefined || headers.authorization !== undefined)
  const told = isWrongKey ? 403 : status
  const title = STATUS_CODES[told]!
  reply.code(told)
  if (url.endsWith('/validate')) return JSON.stringify({ errors: [title] })
  if (url.endsWith('/logs')) return JSON.stringify({ errors: [{ detail, status: String(told), title }] })
  return JSON.stringify({ code: told, message: detail })
}

/** Datadog's intake of logs. */
const datadog: FastifyPluginAsyncTypebox = async (app) => {
  app.setErrorHandler(errorAnswer(writeError))
  takeUrlToken(app, ({ params, query }) => (params as Record<string, unknown>).key ?? (query as Record<string, unknown>)['dd-api-key'])

  for (const [path, status] of [['/api/v2/logs', 202], ['/v1/input', 200], ['/v1/input/:key', 200]] as const) {
    app.post(path, { config: { logAccess: 'write' }, schema, onRequest: app.reserveMemory }, async (request, reply) => {
      const { ddsource, ddtags, hostname, service } = request.query
      const given = Object.fromEntries(Object.entries({ ddsource, ddtags, hostname, service }).filter(([, value]) => value !== undefined))
      requireUsable(await take(app, request, reply, (body) => (isText(request) ? decodeDatadogText : decodeDatadog)(body, utcTime(), given)))
      reply.code(status)
      return {}
    })
  }

  app.get('/api/v1/validate', { config: { logAccess: 'write' }, schema: { tags: ['ingest'], summary: 'Whether a key is good, as Datadog tells it' } }, async () => ({ valid: true }))
}

function isText ({ headers: { 'content-type': type = '' } }: FastifyRequest): boolean {
  return /^(text\/plain|application\/logplex)/i.test(type)
}

export default datadog
