// Reads the wire format of Protocol Buffers field by field, without a schema: the decoders know the few messages of
// their protocols. Nothing is copied until it is read.
// Source: https://protobuf.dev/programming-guides/encoding/
import { BadRequest } from '../errors.ts'
import { maxLogValues } from './limits.ts'

const [varint, fixed64, lengthDelimited, fixed32] = [0, 1, 2, 5]

/**
 * Walks the fields of one message: `next()` goes to a field, whose value is read by its type; a field that is not read
 * is skipped. Throws BadRequest if the bytes end within a field or have another type, and for a group, which no sender
 * uses.
 */
export class MessageReader {
  /** Number of the present field. */
  field = 0
  readonly #bytes: Buffer
  readonly #fields: FieldCount | undefined
  readonly #end: number
  #wireType = 0
  /** Index of the next byte. */
  #at: number
  /** Start of the present field's value. */
  #start: number

  /** `fields` counts the fields of a log, if the message is a part of one. */
  constructor (bytes: Buffer, fields?: FieldCount, start = 0, end = bytes.length) {
    this.#bytes = bytes
    this.#fields = fields
    this.#at = this.#start = start
    this.#end = end
  }

  /** False at the end of the message. */
  next (): boolean {
    if (this.#at === this.#end) return false
    this.#fields?.add()
    const tag = this.#readVarint()
    this.field = Math.floor(tag / 8)
    this.#wireType = tag % 8
    if (this.field === 0) throw new BadRequest('body must be protobuf: 0 is no field')
    this.#start = this.#at
    switch (this.#wireType) {
      case varint:
        while (this.#byte() > 0x7f);
        if (this.#at - this.#start > 10) throw new BadRequest('body must be protobuf: a number has more than 64 bits')
        break
      case fixed64:
        this.#skip(8)
        break
      case lengthDelimited: {
        const length = this.#readVarint()
        this.#start = this.#at
        this.#skip(length)
        break
      }
      case fixed32:
        this.#skip(4)
        break
      default:
        throw new BadRequest(`body must be protobuf: ${this.#wireType} is no wire type`)
    }
    return true
  }

  bytes (): Buffer {
    this.#expect(lengthDelimited)
    return this.#bytes.subarray(this.#start, this.#at)
  }

  message (): MessageReader {
    this.#expect(lengthDelimited)
    return new MessageReader(this.#bytes, this.#fields, this.#start, this.#at)
  }

  /** Bytes that are not UTF-8 become U+FFFD. */
  string (): string {
    this.#expect(lengthDelimited)
    return this.#bytes.toString('utf8', this.#start, this.#at)
  }

  /** Value of int32, int64, bool or enum; text beyond 2^53. */
  integer (): number | string {
    this.#expect(varint)
    if (this.#at - this.#start < 8) {
      let value = 0
      for (let at = this.#at - 1; at >= this.#start; at--) value = value * 128 + ((this.#bytes[at] ?? 0) & 0x7f)
      return value
    }
    let value = 0n
    for (let at = this.#at - 1; at >= this.#start; at--) value = value << 7n | BigInt((this.#bytes[at] ?? 0) & 0x7f)
    return numberOrText(BigInt.asIntN(64, value))
  }

  fixed64 (): bigint {
    this.#expect(fixed64)
    return this.#bytes.readBigUInt64LE(this.#start)
  }

  fixed32 (): number {
    this.#expect(fixed32)
    return this.#bytes.readUInt32LE(this.#start)
  }

  double (): number {
    this.#expect(fixed64)
    return this.#bytes.readDoubleLE(this.#start)
  }

  #expect (wireType: number): void {
    if (this.#wireType === wireType) return
    throw new BadRequest(`body must be protobuf of its schema: field ${this.field} is of another type`)
  }

  /** Reads a tag or a length, of at most 32 bits. */
  #readVarint (): number {
    let value = 0
    for (let factor = 1; factor < 2 ** 35; factor *= 128) {
      const byte = this.#byte()
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
    }
    throw new BadRequest('body must be protobuf: a tag or length is too large')
  }

  #byte (): number {
    const byte = this.#at < this.#end ? this.#bytes[this.#at++] : undefined
    if (byte === undefined) throw cutShort()
    return byte
  }

  #skip (length: number): void {
    if (length > this.#end - this.#at) throw cutShort()
    this.#at += length
  }
}

/** Counts the fields of one log, resource or scope, at all levels together. */
export class FieldCount {
  #fields = 0

  /** Throws BadRequest. */
  add (): void {
    if (++this.#fields > maxLogValues) throw new BadRequest(`a log must have at most ${maxLogValues} fields`)
  }
}

/** A number up to 2^53, else its text. */
function numberOrText (value: bigint): number | string {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value.toString()
}

function cutShort (): Error {
  return new BadRequest('body must be protobuf: it ends within a field')
}

/** Encodes a field of bytes, a text or a message. */
export function encodeBytes (field: number, value: Uint8Array | string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([encodeVarint(field * 8 + lengthDelimited), encodeVarint(bytes.length), bytes])
}

/** Encodes a field of a whole number, from 0 to 2^53. */
export function encodeInteger (field: number, value: number): Buffer {
  return Buffer.concat([encodeVarint(field * 8 + varint), encodeVarint(value)])
}

function encodeVarint (value: number): Buffer {
  const bytes: number[] = []
  for (; value > 0x7f; value = Math.floor(value / 128)) bytes.push(value % 128 | 0x80)
  return Buffer.from([...bytes, value])
}
