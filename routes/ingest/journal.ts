import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { decodeJournalEntry, JournalCutter } from '../../src/decode/journal.ts'
import { utcTime } from '../../src/model/instant.ts'
import type { IngestOptions } from './options.ts'
import { parseAsStream, storeStream, streamAnswer } from './shared/stream.ts'

const schema = {
  tags: ['ingest'],
  summary: 'Send entries of systemd\'s journal',
  description: 'The journal\'s export format, as systemd-journal-upload sends it, of any length.',
  response: { 200: streamAnswer }
}

/**
 * POST /upload: systemd-journal-upload adds this path to its URL.
 *
 * It accepts any status of success, and gives up after any other.
 */
const journal: FastifyPluginAsyncTypebox<Required<Pick<IngestOptions, 'bodyLimit'>>> = async (app, { bodyLimit }) => {
  parseAsStream(app)
  const config = { logAccess: 'write', logStream: true } as const
  app.post('/upload', { config, schema, onRequest: app.reserveMemory }, async (request, reply) => {
    const arrival = utcTime()
    return storeStream(request, reply, {
      cutter: new JournalCutter(bodyLimit),
      decoderOf: () => (entry, index) => decodeJournalEntry(entry, index, arrival),
      // A cursor is unique to its entry: the same bytes are the same entries, sent again.
      nameOf: (entries) => entries.every(hasCursor) ? 'journal' : undefined,
      isText: false,
      bodyLimit
    })
  })
}

function hasCursor (entry: Buffer): boolean {
  return entry.toString('latin1', 0, 9) === '__CURSOR='
}

export default journal
