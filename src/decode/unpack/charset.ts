// The charset of a text: UTF-8, unless it begins with a byte order mark of UTF-16, or the content type names another
// charset. Pieces that are not UTF-8 are read as Latin-1, in which every byte is a character, if no charset is named.
import { isUtf8 } from 'node:buffer'
import { TextDecoder } from 'node:util'
import { stepBytes, Turns } from '../steps.ts'
import { maxLogValues } from '../limits.ts'
import type { Parse } from '../json/parse.ts'
import { parseSteps } from '../json/steps.ts'

const nothing = Buffer.alloc(0)

/** Bytes of a byte order mark of UTF-16. */
const markBytes = 2

/** Converts the bytes of a text to UTF-8, chunk by chunk. */
export class Utf8Reader {
  readonly #contentType: string | undefined
  #first: Buffer | undefined = nothing
  #decoder: TextDecoder | undefined

  constructor (contentType: string | undefined) {
    this.#contentType = contentType
  }

  push (chunk: Buffer): Buffer {
    if (!this.#first) return this.#decode(chunk)
    this.#first = this.#first.length === 0 ? chunk : Buffer.concat([this.#first, chunk])
    return this.#first.length < markBytes ? nothing : this.#begin(this.#first)
  }

  /** Rest of the text. */
  end (): Buffer {
    const first = this.#first ? this.#begin(this.#first) : nothing
    return this.#decoder ? Buffer.concat([first, Buffer.from(this.#decoder.decode())]) : first
  }

  #begin (first: Buffer): Buffer {
    this.#first = undefined
    const charset = charsetOf(first, this.#contentType)
    if (charset !== undefined) this.#decoder = new TextDecoder(charset)
    return this.#decode(first)
  }

  #decode (chunk: Buffer): Buffer {
    return this.#decoder ? Buffer.from(this.#decoder.decode(chunk, { stream: true })) : chunk
  }
}

/** Converts a whole text to UTF-8, with turns for other work. `onBytes` is awaited for each converted part. */
export async function toUtf8 (
  text: Buffer, contentType: string | undefined, onBytes: (bytes: number) => unknown
): Promise<Buffer> {
  if (charsetOf(text, contentType) === undefined) return text
  const reader = new Utf8Reader(contentType)
  const parts: Buffer[] = []
  const turns = new Turns()
  for (let start = 0; start < text.length; start += stepBytes) {
    const part = reader.push(text.subarray(start, start + stepBytes))
    await onBytes(part.length)
    parts.push(part)
    if (turns.isDue) await turns.give()
  }
  return Buffer.concat([...parts, reader.end()])
}

/** Charset from which a text is converted; undefined for UTF-8, an unknown charset and binary data. */
function charsetOf (first: Buffer, contentType = ''): string | undefined {
  if (/protobuf|msgpack/i.test(contentType)) return undefined
  if (first[0] === 0xff && first[1] === 0xfe) return 'utf-16le'
  if (first[0] === 0xfe && first[1] === 0xff) return 'utf-16be'
  const declared = /;\s*charset\s*=\s*"?([\w-]+)/i.exec(contentType)?.[1]?.toLowerCase()
  if (declared === undefined || declared === 'utf-8' || declared === 'us-ascii' || first.length === 0) return undefined
  // Without a byte order mark: JSON, and most lines, begin with an ASCII character.
  if (declared === 'utf-16') return first[0] === 0 ? 'utf-16be' : 'utf-16le'
  try {
    const { encoding } = new TextDecoder(declared)
    return encoding === 'utf-8' ? undefined : encoding
  } catch {
    return undefined
  }
}

/** The text itself if it is UTF-8; else its bytes read as Latin-1. */
export function withoutLatin1 (text: Buffer): Buffer {
  return isUtf8(text) ? text : Buffer.from(text.toString('latin1'))
}

/** Parses the JSON of one log, which may be in Latin-1. Throws as parseSteps does. */
export function * parseLog (text: Buffer, parse?: Parse): Generator<undefined, unknown, void> {
  try {
    return yield * parseSteps(text, maxLogValues, parse)
  } catch (error) {
    if (isUtf8(text)) throw error
    return yield * parseSteps(withoutLatin1(text), maxLogValues)
  }
}

/** Prefix of the base64 of bytes that are not text. */
const bytesMark = 'base64:'

/** Text in which a dead letter keeps bytes: their UTF-8, or else their base64. */
export function rawOf (bytes: Buffer): string {
  const text = isUtf8(bytes) ? bytes.toString() : bytesMark
  return text.startsWith(bytesMark) ? bytesMark + bytes.toString('base64') : text
}

/** Bytes that a dead letter keeps. */
export function bytesOfRaw (raw: string): Buffer {
  return raw.startsWith(bytesMark) ? Buffer.from(raw.slice(bytesMark.length), 'base64') : Buffer.from(raw)
}
