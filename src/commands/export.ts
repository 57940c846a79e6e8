import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { CommandError } from '../errors.ts'
import { printableJson, printableLines } from '../query/format.ts'
import { ask } from './client.ts'
import { colorLevels } from './colors.ts'
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
  const { streams: { stdout }, hasColors } = context
  const { body } = await ask(context, '/api/logs/export', { query, from, to, user, format, formulas, columns, limit })
  const escape = format === 'csv' || format === 'text' ? printableLines : printableJson
  try {
    const bytes = Readable.from(body ?? [])
    const text = stdout.isTTY ? Readable.from(escapeText(bytes, escape)) : bytes
    const isColored = hasColors && format === 'text' && columns === undefined
    await pipeline(isColored ? Readable.from(colorLines(text)) : text, stdout, { end: false })
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

/** Colours the levels of lines. The start of a line is held back until its level must have come. */
async function * colorLines (chunks: AsyncIterable<Uint8Array | string>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let held = ''
  for await (const chunk of chunks) {
    const text: string = held + (typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }))
    const start = text.lastIndexOf('\n') + 1
    held = text.length - start < maxStart ? text.slice(start) : ''
    yield colorLevels(text.slice(0, text.length - held.length))
  }
  yield colorLevels(held + decoder.decode())
}

/** Characters of a line within which its level ends. */
const maxStart = 60
