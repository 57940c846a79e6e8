import type { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { collect, type Decoded, type Piece } from '../../src/decode/decoded.ts'
import { inflate, intact } from '../../src/decode/inflate.ts'
import { JsonCutter } from '../../src/decode/json-cutter.ts'
import { decodeJsonLog, jsonNames } from '../../src/decode/json-logs.ts'
import { utcTime, type Receipt } from '../../src/record.ts'
import { accept, tellReceipt, together } from './accept.ts'
import type { IngestOptions } from './index.ts'

/** Of what was rejected so much is told. */
const mostErrors = 100
/** Logs are stored as soon as there are so many bytes of them. */
const portion = 512 * 1024

const name = (what: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 100, description: `the name of the field that holds ${what}, 1 to 100 characters` }))

const schema = {
  tags: ['ingest'],
  summary: 'Send logs as JSON',
  description: 'Objects one after the other (NDJSON or not), a list of them, or {"logs": […]}, whatever the content type says, packed or not, of any length. 200: all that could be read is durable, and what could not is kept as dead letters.',
  querystring: Type.Object({
    message: name('the message'),
    time: name('the time'),
    level: name('the level'),
    process: name('the process'),
    pid: name('the process id'),
    description: name('the description')
  }, { additionalProperties: false }),
  response: {
    200: Type.Object({
      accepted: Type.Integer(),
      rejected: Type.Integer(),
      errors: Type.Array(Type.Object({ index: Type.Integer(), reason: Type.String() }), { description: `the first ${mostErrors}` })
    })
  }
}

/** POST /api/logs: JSON as loggers write it, in constant memory. */
const jsonLogs: FastifyPluginAsyncTypebox<Required<Pick<IngestOptions, 'bodyLimit'>>> = async (app, { bodyLimit }) => {
  app.removeContentTypeParser('*')
  app.addContentTypeParser('*', async (_request: unknown, payload: Readable) => payload)
  app.head('/api/logs', { config: { logAccess: 'write' }, schema: { hide: true } }, async (_request, reply) => reply.send())

  app.post('/api/logs', { config: { logAccess: 'write', logStream: true }, schema, onRequest: app.awaitRoom }, async (request, reply) => {
    const answer = { accepted: 0, rejected: 0, errors: [] as Array<{ index: number, reason: string }> }
    const names = { ...jsonNames, ...Object.fromEntries(Object.entries(request.query).map(([role, name]) => [role, [name]])) }
    const cutter = new JsonCutter(bodyLimit)
    const arrival = utcTime()
    const receipts: Receipt[] = []
    let pieces: Buffer[] = []
    let bytes = 0

    const body = request.body as Readable | undefined
    if (body) {
      for await (const chunk of intact(inflate(body, request.headers['content-encoding'], Infinity))) {
        for (const piece of cutter.push(chunk)) await add(piece)
      }
      for (const piece of cutter.end()) await add(piece)
      await store()
    }
    tellReceipt(reply, together(receipts))
    return answer

    async function add (piece: Buffer): Promise<void> {
      pieces.push(piece)
      bytes += piece.length
      if (bytes >= portion) await store()
    }

    async function store (): Promise<void> {
      const text = Buffer.concat(pieces)
      const decoded = await collect(decode(pieces, answer.accepted + answer.rejected))
      pieces = []
      bytes = 0
      receipts.push(await accept(app, request, decoded, text))
      tell(decoded)
    }

    function * decode (pieces: readonly Buffer[], first: number): Generator<Piece> {
      let index = first
      for (const piece of pieces) {
        for (const decoded of decodeJsonLog(piece, index, names, arrival)) {
          yield decoded
          index++
        }
      }
    }

    function tell ({ records, rejected }: Decoded): void {
      answer.accepted += records.length
      answer.rejected += rejected.length
      answer.errors.push(...rejected.slice(0, mostErrors - answer.errors.length).map(({ index, reason }) => ({ index, reason })))
    }
  })
}

export default jsonLogs
