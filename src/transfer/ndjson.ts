// Files with a JSON log on each line: those of `loggerbot export`, or of any logger that POST /api/logs reads.
import type { FileHandle } from 'node:fs/promises'
import { decodeJsonLog, jsonReading } from '../decode/json/logs.ts'
import { CommandError } from '../errors.ts'
import { utcTime } from '../model/instant.ts'
import { severities, type LogRecord } from '../model/record.ts'
import { parseTime } from '../model/time.ts'
import type { LogSource, SourceLog } from './import.ts'

/** Bounds of a page; it has one line in any case. */
const maxPageBytes = 4 * 1024 * 1024
const maxPageLines = 1000
/** A longer line is not a log: a message has at most 16 MiB, and JSON may escape each of its bytes. */
const maxLineBytes = 128 * 1024 * 1024

const newline = 0x0a

export interface NdjsonFile {
  file: FileHandle
  /** Absolute. */
  path: string
  /** Gets the logs. */
  userId: number
}

/** The lines of a file as logs of one user. A position is the offset of the next line in bytes. */
export function ndjsonLogs ({ file, path, userId }: NdjsonFile): LogSource {
  return {
    identity: `ndjson ${path}`,
    async read (after, until) {
      const start = Number(after)
      const { size } = await file.stat()
      if (start > size) {
        throw new CommandError(`${path} is shorter than when it was imported: name another file by --position`)
      }
      const bytes = await readLines(file, start, Number(until ?? size))
      if (bytes.length === 0) return undefined
      const logs: SourceLog[] = []
      let at = 0
      for (let lines = 0; at < bytes.length && lines < maxPageLines; lines++) {
        const found = bytes.indexOf(newline, at)
        const end = found === -1 ? bytes.length : found
        for (const log of logsOf(bytes.subarray(at, end))) logs.push({ userId, ...log })
        at = Math.min(end + 1, bytes.length)
      }
      return { logs, last: String(start + at), skipped: 0 }
    }
  }
}

/** Reads whole lines; the last one of the file may lack its line break. */
async function readLines (file: FileHandle, start: number, end: number): Promise<Buffer> {
  for (let length = maxPageBytes; length <= maxLineBytes; length *= 2) {
    const buffer = Buffer.alloc(Math.min(length, end - start))
    let filled = 0
    while (filled < buffer.length) {
      const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, start + filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    const bytes = buffer.subarray(0, filled)
    if (start + filled >= end) return bytes
    const last = bytes.lastIndexOf(newline)
    if (last !== -1) return bytes.subarray(0, last + 1)
  }
  throw new CommandError(`the line at byte ${start} is longer than ${maxLineBytes} bytes`)
}

type Log = { record: LogRecord } | { rejected: { source: string, reason: string, raw: string } }

function * logsOf (line: Buffer): Generator<Log, void, void> {
  const text = line.toString().trim()
  if (text === '') return
  const exported = readExported(text)
  if (exported) return yield { record: exported }
  for (const step of decodeJsonLog(line, 0, { reading: jsonReading, arrival: utcTime() })) {
    if (step === undefined) continue
    if ('reason' in step) yield { rejected: { source: step.source, reason: step.reason, raw: step.raw } }
    else yield { record: step }
  }
}

/** The log of a line of `loggerbot export`; undefined for any other line. */
function readExported (line: string): LogRecord | undefined {
  if (!line.startsWith('{"id":"')) return undefined
  const value = parse(line)
  if (!isFields(value)) return undefined
  const { at, posted, level, process, pid, description, message, attributes } = value
  const eventAt = typeof at === 'string' ? parseTime(at) : undefined
  const postTime = typeof posted === 'string' ? parseTime(posted) : undefined
  const severity = severities.find((name) => name === level)
  const isWhole = typeof process === 'string' && typeof description === 'string' && typeof message === 'string' &&
    typeof pid === 'number' && (attributes === null || isFields(attributes))
  if (!isWhole || eventAt === undefined || postTime === undefined || severity === undefined) return undefined
  return { eventAt, postTime, severity, message, pid, processName: process, description, attributes }
}

function parse (line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function isFields (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
