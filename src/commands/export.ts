import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { CommandError } from '../errors.ts'
import { printableJson, printableLines } from '../query/format.ts'
import { ask } from './client.ts'
import type { Context } from './context.ts'

export interface ExportOptions {
  from?: string
  to?: string
  owner?: string
  format?: string
  formulas?: string
  columns?: string
  lines?: string
}

/** Writes all logs that match to standard output. */
export async function exportLogs (context: Context, query: string, options: ExportOptions): Promise<void> {
  const { from, to, owner: user, format, formulas, columns, lines: limit } = options
  const { stdout } = context.streams
  const { body } = await ask(context, '/api/logs/export', { query, from, to, user, format, formulas, columns, limit })
  const escape = format === 'csv' || format === 'text' ? printableLines : printableJson
  try {
    const bytes = Readable.fromWeb(body ?? new ReadableStream())
    await pipeline(stdout.isTTY ? Readable.from(escapeText(bytes, escape)) : bytes, stdout, { end: false })
  } catch {
    throw new CommandError('the export was cut short: the output is not complete')
  }
}

async function * escapeText (
  bytes: AsyncIterable<Uint8Array>, escape: (text: string) => string
): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  for await (const chunk of bytes) yield escape(decoder.decode(chunk, { stream: true }))
  yield escape(decoder.decode())
}
