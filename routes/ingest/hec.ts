import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { errorAnswer } from '../../src/http/answers.ts'
import { decodeHec, decodeHecLines, decodeHecText, eventBlank, eventRequired } from '../../src/decode/hec.ts'
import { areFinelyTimed, areTimed, Repetitions } from '../../src/decode/repetition.ts'
import { utcTime } from '../../src/model/instant.ts'
import { givenOf } from './shared/given.ts'
import { describeRequest, storeWholeBody } from './shared/whole-body.ts'

/**
 * Splunk's answers, by their codes.
 * Source: https://help.splunk.com/en/splunk-enterprise/get-data-in/collect-http-event-data/troubleshoot-http-event-collector
 */
const texts = {
  0: 'Success',
  2: 'Token is required',
  3: 'Invalid authorization',
  4: 'Invalid token',
  5: 'No data',
  6: 'Invalid data format',
  8: 'Internal server error',
  9: 'Server is busy',
  12: eventRequired,
  13: eventBlank,
  17: 'HEC is healthy',
  27: 'Request entity too large'
}

type Code = keyof typeof texts

const answer = (code: Code) => ({ text: texts[code], code })

const codesOfReasons: Record<string, Code> = { [eventRequired]: 12, [eventBlank]: 13 }
const codesOfStatuses: Record<number, Code> = { 400: 6, 403: 4, 413: 27, 429: 9, 503: 9 }

const sendHecError = errorAnswer((status, _detail, reply) => {
  if (status !== 401) return JSON.stringify(answer(codesOfStatuses[status] ?? 8))
  const { hasUrlToken, headers: { authorization } } = reply.request
  if (authorization === undefined && !hasUrlToken) return JSON.stringify(answer(2))
  const isWellFormed = authorization === undefined || /^(splunk|bearer|basic) +\S/i.test(authorization)
  if (!isWellFormed) return JSON.stringify(answer(3))
  reply.code(403)
  return JSON.stringify(answer(4))
})

const defaultOf = (field: string) => Type.Optional(Type.String({
  maxLength: 255,
  description: `the ${field} of events that do not say it, at most 255 characters`
}))

const schema = {
  tags: ['ingest'],
  querystring: Type.Object({
    host: defaultOf('host'),
    source: defaultOf('source'),
    sourcetype: defaultOf('sourcetype'),
    index: defaultOf('index'),
    time: defaultOf('time')
  })
}
const kinds = [
  {
    paths: ['/services/collector/event', '/services/collector', '/services/collector/event/1.0'],
    schema: { ...schema, summary: 'Send logs as to Splunk\'s HTTP Event Collector' },
    decode: decodeHec,
    decodeText: decodeHecText
  },
  {
    paths: ['/services/collector/raw', '/services/collector/raw/1.0'],
    schema: { ...schema, summary: 'Send lines that are a log each, as to Splunk' },
    decode: decodeHecLines,
    decodeText: decodeHecLines
  }
]

const healthSchema = { tags: ['ingest'], summary: 'Health of the endpoint, as with Splunk' }

/** Splunk's HTTP Event Collector. */
const hec: FastifyPluginAsyncTypebox = async (app) => {
  app.setErrorHandler(sendHecError)
  const repetitions = new Repetitions()

  const config = { logAccess: 'write' } as const
  for (const { paths, schema, decode, decodeText } of kinds) {
    for (const path of paths) {
      // Docker's splunk driver checks the endpoint this way, and starts no container unless the answer is 200.
      app.options(path, { config: { logAccess: 'public' }, schema: { hide: true } }, async (_request, reply) => {
        return reply.send()
      })
      app.post(path, { config, schema, onRequest: app.reserveMemory }, async (request, reply) => {
        const { host, source, sourcetype, index, time } = request.query
        const given = givenOf({ host, source, sourcetype, index, time })
        const arrival = utcTime()
        const isPlainText = /^text\/plain/i.test(request.headers['content-type'] ?? '')
        const decodeBody = isPlainText ? decodeText : decode
        const { records, rejected: [first] } = await storeWholeBody(request, reply, {
          decode: (body) => decodeBody(body, arrival, given),
          nameOf ({ records }, body) {
            // A time in the URL is shared by many requests.
            if (time !== undefined || !areTimed(records, arrival) || !areFinelyTimed(records)) return undefined
            return repetitions.nameOf(describeRequest(request), body)
          }
        })
        if (records.length === 0) reply.code(400)
        if (!first) return answer(records.length === 0 ? 5 : 0)
        const code = records.length === 0 ? codesOfReasons[first.reason] ?? 6 : 0
        return { ...answer(code), 'invalid-event-number': first.index }
      })
    }
  }

  for (const path of ['/services/collector/health', '/services/collector/health/1.0']) {
    app.get(path, { config: { logAccess: 'public' }, schema: healthSchema }, async () => answer(17))
  }
}

export default hec
