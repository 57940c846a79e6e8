import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { errorAnswer } from '../../src/http/answers.ts'
import { decodeHec, decodeHecLines, decodeHecText, eventBlank, eventRequired } from '../../src/decode/hec.ts'
import { areFinelyTimed, areTimed, Repetitions } from '../../src/decode/repetition.ts'
import { utcTime } from '../../src/model/instant.ts'
import { describeRequest, take } from './shared/whole-body.ts'

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
  if (authorization !== undefined && !/^(splunk|bearer|basic) +\S/i.test(authorization)) return JSON.stringify(answer(3))
  reply.code(403)
  return JSON.stringify(answer(4))
})

const origin = (what: string) => Type.Optional(Type.String({ maxLength: 255, description: `the ${what} of events that do not say it, at most 255 characters` }))

const schema = {
  tags: ['ingest'],
  querystring: Type.Object({ host: origin('host'), source: origin('source'), sourcetype: origin('sourcetype'), index: origin('index'), time: origin('time') })
}
const kinds = [
  {
    paths: ['/services/collector/event', '/services/collector', '/services/collector/event/1.0'],
    schema: { ...schema, summary: 'Send logs as Splunk\'s HTTP Event Collector takes them' },
    decode: decodeHec,
    decodeText: decodeHecText
  },
  {
    paths: ['/services/collector/raw', '/services/collector/raw/1.0'],
    schema: { ...schema, summary: 'Send lines, each a log, as to Splunk' },
    decode: decodeHecLines,
    decodeText: decodeHecLines
  }
]

/** Splunk's HTTP Event Collector. */
const hec: FastifyPluginAsyncTypebox = async (app) => {
  app.setErrorHandler(sendHecError)
  const repetitions = new Repetitions()

  for (const { paths, schema, decode, decodeText } of kinds) {
    for (const path of paths) {
      // Docker's splunk driver asks so whether somebody listens, and starts no container unless the answer is 200.
      app.options(path, { config: { logAccess: 'public' }, schema: { hide: true } }, async (_request, reply) => reply.send())
      app.post(path, { config: { logAccess: 'write' }, schema, onRequest: app.reserveMemory }, async (request, reply) => {
        const { host, source, sourcetype, index, time } = request.query
        const given = Object.fromEntries(Object.entries({ host, source, sourcetype, index, time }).filter(([, value]) => value !== undefined))
        const arrival = utcTime()
        const decodeBody = /^text\/plain/i.test(request.headers['content-type'] ?? '') ? decodeText : decode
        const { records, rejected: [first] } = await take(app, request, reply, (body) => decodeBody(body, arrival, given), ({ records }, body) => {
          // A time of the URL is that of many requests.
          return time === undefined && areTimed(records, arrival) && areFinelyTimed(records) ? repetitions.nameOf(describeRequest(request), body) : undefined
        })
        if (records.length === 0) reply.code(400)
        if (!first) return answer(records.length === 0 ? 5 : 0)
        return { ...answer(records.length === 0 ? codesOfReasons[first.reason] ?? 6 : 0), 'invalid-event-number': first.index }
      })
    }
  }

  for (const path of ['/services/collector/health', '/services/collector/health/1.0']) {
    app.get(path, { config: { logAccess: 'public' }, schema: { tags: ['ingest'], summary: 'Whether logs are taken as by Splunk' } }, async () => answer(17))
  }
}

export default hec
