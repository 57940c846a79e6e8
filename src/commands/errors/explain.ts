// `loggerbot errors explain`: tells which logs are one error, without a server.
import { isUtf8 } from 'node:buffer'
import { pipeline } from 'node:stream/promises'
import { fingerprintOf, type GroupedLog } from '../../alerts/fingerprint.js'
import { decodeJsonLog, jsonReading } from '../../decode/json/logs.ts'
import { utcTime, type UtcTime } from '../../model/instant.ts'
import { printableJson } from '../../query/format.ts'
import type { Context } from '../context.ts'
import { linesOfStream } from './lines.ts'

/**
 * Prints key and text of the group of each line of standard input, one JSON object a line: `{"key":"…","text":"…"}`.
 * A line that is a JSON object is a log as POST /api/logs takes it, any other line is a message.
 */
export async function explainErrors ({ streams: { stdin, stdout } }: Context): Promise<void> {
  await pipeline(explanationsOf(stdin), stdout, { end: false })
}

/** Explanations of the lines of each chunk. */
async function * explanationsOf (input: AsyncIterable<Buffer | string>): AsyncGenerator<string, void, void> {
  const arrival = utcTime()
  for await (const lines of linesOfStream(input)) {
    const explanations = lines.map((line) => `${JSON.stringify(fingerprintOf(logOf(line, arrival)))}\n`)
    yield printableJson(explanations.join(''))
  }
}

const openBrace = 0x7b

function logOf (line: Buffer, arrival: UtcTime): GroupedLog {
  const message = line.toString(isUtf8(line) ? 'utf8' : 'latin1')
  if (message.trimStart().charCodeAt(0) !== openBrace) return { message, attributes: null }
  for (const step of decodeJsonLog(line, 0, { reading: jsonReading, arrival })) {
    if (step) return 'reason' in step ? { message, attributes: null } : step
  }
  return { message, attributes: null }
}
