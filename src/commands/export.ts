import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { CommandError } from '../errors.ts'
import { ask, clientDetails, clientFlags, whatOptions } from './client.ts'
import type { Command } from './command.ts'

/** Writes all that a query finds to standard output. */
export const exportLogs: Command = {
  summary: 'write all that a query finds to standard output',
  details: `The oldest first, any number of them. ${clientDetails}`,
  rest: 'QUERY',
  flags: clientFlags,
  options: {
    ...whatOptions,
    format: { type: 'string', description: 'ndjson, csv or text (default ndjson)' }
  },

  async run (settings, { rest: query, options: { from, to, owner: user, format }, home, streams }) {
    const { body } = await ask({ settings, home }, '/api/logs/export', { query, from, to, user, format } as Record<string, string | undefined>)
    try {
      await pipeline(Readable.fromWeb(body!), streams.stdout, { end: false })
    } catch {
      throw new CommandError('the export was cut short: what was written is not all')
    }
  }
}
