import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { CommandError } from '../errors.ts'
import { printableJson, printableLines } from '../query/format.ts'
import { ask, clientDetails, clientFlags, whatOptions } from './client.ts'
import type { Command } from './command.ts'

/** Writes all that a query finds to standard output. */
export const exportLogs: Command = {
  summary: 'write all that a query finds to standard output',
  details: `The oldest first, any number of them; as they are, but on a terminal what is unsafe there is spelled out. ${clientDetails}`,
  rest: 'QUERY',
  flags: clientFlags,
  options: {
    ...whatOptions,
    format: { type: 'string', description: 'ndjson, csv or text (default ndjson)' },
    formulas: { type: 'string', description: 'guard: put an apostrophe before what a spreadsheet would take for a formula, in csv (default keep)' }
  },

  async run (settings, { rest: query, options: { from, to, owner: user, format, formulas }, home, sourceOf, streams }) {
    const { body } = await ask({ settings, home, sourceOf }, '/api/logs/export', { query, from, to, user, format, formulas } as Record<string, string | undefined>)
    try {
      const bytes = Readable.fromWeb(body!)
      const printable = format === 'csv' || format === 'text' ? printableLines : printableJson
      await pipeline(streams.stdout.isTTY === true ? Readable.from(spellOut(bytes, printable)) : bytes, streams.stdout, { end: false })
    } catch {
      throw new CommandError('the export was cut short: what was written is not all')
    }
  }
}

async function * spellOut (bytes: AsyncIterable<Uint8Array>, printable: (text: string) => string): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  for await (const piece of bytes) yield printable(decoder.decode(piece, { stream: true }))
  yield printable(decoder.decode())
}
