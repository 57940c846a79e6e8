import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { decodeJournalEntry, JournalCutter } from '../../src/decode/journal.ts'
import { utcTime } from '../../src/model/instant.ts'
import type { IngestOptions } from './options.ts'
import { acceptStream, streamAnswer, takeStreams } from './shared/stream.ts'

const schema = {
  tags: ['ingest'],
  summary: 'Send entries of systemd\'s journal',
  description: 'The journal\'s export format, as systemd-journal-upload sends it, of any length.',
  response: { 200: streamAnswer }
}

/** POST /upload: systemd-journal-upload adds this path to its URL. It asks for any status of success, and gives up at others. */
const journal: FastifyPluginAsyncTypebox<Required<Pick<IngestOptions, 'bodyLimit'>>> = async (app, { bodyLimit }) => {
  takeStreams(app)
  app.post('/upload', { config: { logAccess: 'write', logStream: true }, schema, onRequest: app.reserveMemory }, async (request, reply) => {
    const arrival = utcTime()
    return acceptStream(app, request, reply, {
      cutter: new JournalCutter(bodyLimit),
      decoderOf: () => (entry, index) => decodeJournalEntry(entry, index, arrival),
      // A cursor is one entry's alone: the same bytes are the same entries, sent again.
      nameOf: (entries) => entries.every((entry) => entry.toString('latin1', 0, 9) === '__CURSOR=') ? 'journal' : undefined,
      isText: false,
      bodyLimit
    })
  })
}

export default journal
