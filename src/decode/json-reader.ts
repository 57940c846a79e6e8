// Reads JSON value by value, where a body is one object with lists of logs deep inside: only a value
// that is asked for is parsed, so that none takes the process for long. Of what is only walked over
// no more is looked at than where it ends; what is broken within a value breaks that value alone.
import { BadRequest } from '../errors.ts'
import { stepSize } from './decoded.ts'
import { maxLogValues } from './growth.ts'
import { parseJson } from './json.ts'
import { endOfString, outlineOf, parseSteps } from './json-steps.ts'

const [quote, backslash, comma, colon, openBracket, closeBracket, openBrace, closeBrace] = [0x22, 0x5c, 0x2c, 0x3a, 0x5b, 0x5d, 0x7b, 0x7d] as const

/** Bodies of more bytes are looked through for large objects and lists first. */
const smallBytes = 128 * 1024

/** A reader of a body, before its first value. */
export function * readerOf (body: Buffer): Generator<undefined, JsonReader, void> {
  return new JsonReader(body, body.length <= smallBytes ? undefined : (yield * outlineOf(body, Infinity)).ends)
}

/** Stands before a value and is moved past it by whatever reads it. Throws BadRequest where there is none. */
export class JsonReader {
  readonly #bytes: Buffer
  readonly #ends: ReadonlyMap<number, number>
  #at: number

  /** `ends` says where large objects and lists end, so that they are passed over in no time. */
  constructor (bytes: Buffer, ends: ReadonlyMap<number, number> = new Map()) {
    this.#bytes = bytes
    this.#ends = ends
    this.#at = bytes[0] === 0xef ? 3 : 0
    this.#skipSpace()
  }

  get isObject (): boolean {
    return this.#bytes[this.#at] === openBrace
  }

  /**
   * The values of an object's list of that name, whether each is an object; undefined for a step between them. At each
   * value the reader stands before it, and it is skipped if nobody reads it. What is no list is its own only element, and
   * `null` holds none.
   */
  * list (name: string): Generator<boolean | undefined, void, void> {
    for (const member of this.#members()) {
      if (member === name) yield * this.#elements()
      else if (member === undefined) yield
    }
  }

  /** What members of those names have, without moving. */
  * peek (...names: readonly string[]): Generator<undefined, Record<string, unknown>, void> {
    const start = this.#at
    const found: Record<string, unknown> = {}
    for (const name of this.#members()) {
      if (name === undefined) yield
      else if (names.includes(name)) found[name] = yield * this.value()
      if (Object.keys(found).length === names.length) break
    }
    this.#at = start
    return found
  }

  * value (): Generator<undefined, unknown, void> {
    return yield * parseSteps(this.raw(), maxLogValues, parseJson)
  }

  /** The bytes of the value. */
  raw (): Buffer {
    const start = this.#at
    const byte = this.#bytes[start]
    if (byte === quote) this.#at = this.#endOfString(start)
    else if (byte === openBrace || byte === openBracket) this.#at = this.#endOfBrackets(start)
    else this.#at = this.#endOfBare(start)
    if (this.#at === start) throw this.#unexpected()
    const raw = this.#bytes.subarray(start, this.#at)
    this.#skipSpace()
    return raw
  }

  /** Throws where anything is left. */
  end (): void {
    if (this.#at < this.#bytes.length) throw this.#unexpected()
  }

  /** The names of an object's members, with undefined for a step now and then. */
  * #members (): Generator<string | undefined, void, void> {
    this.#pass(openBrace)
    for (let members = 1; !this.#isEnd(closeBrace, members === 1); members++) {
      if (members % stepSize === 0) yield
      if (this.#bytes[this.#at] !== quote) throw this.#unexpected()
      const name = this.#name()
      this.#pass(colon)
      const start = this.#at
      yield name
      if (this.#at === start) this.raw()
    }
  }

  #name (): string {
    const raw = this.raw()
    for (const byte of raw) if (byte === backslash || byte > 0x7e || byte < 0x20) return parseJson(raw) as string
    return raw.toString('latin1', 1, raw.length - 1)
  }

  * #elements (): Generator<boolean | undefined, void, void> {
    const start = this.#at
    if (this.#bytes[start] !== openBracket) {
      if (this.raw().toString() === 'null') return
      this.#at = start
      yield this.isObject
      if (this.#at === start) this.raw()
      return
    }
    this.#pass(openBracket)
    for (let isFirst = true; !this.#isEnd(closeBracket, isFirst); isFirst = false) {
      const start = this.#at
      yield this.isObject
      if (this.#at === start) this.raw()
    }
  }

  /** Whether an object or a list ends here, past which it moves; else it moves past the comma before the next of its values. */
  #isEnd (bracket: number, isFirst: boolean): boolean {
    const byte = this.#bytes[this.#at]
    if (byte === bracket) {
      this.#at++
      this.#skipSpace()
      return true
    }
    if (!isFirst) this.#pass(comma)
    return false
  }

  #pass (byte: number): void {
    if (this.#bytes[this.#at] !== byte) throw this.#unexpected()
    this.#at++
    this.#skipSpace()
  }

  #skipSpace (): void {
    while (this.#bytes[this.#at]! <= 0x20) this.#at++
  }

  #endOfBrackets (start: number): number {
    const end = this.#ends.get(start)
    if (end !== undefined) return end
    const bytes = this.#bytes
    let depth = 0
    for (let at = start; at < bytes.length; at++) {
      const byte = bytes[at]!
      if (byte === quote) {
        at = this.#endOfString(at) - 1
      } else if (byte === openBrace || byte === openBracket) {
        depth++
      } else if ((byte === closeBrace || byte === closeBracket) && --depth === 0) {
        return at + 1
      }
    }
    throw new BadRequest('body must be JSON: it ends too early')
  }

  #endOfString (start: number): number {
    const end = endOfString(this.#bytes, start)
    if (end > this.#bytes.length) throw new BadRequest('body must be JSON: it ends too early')
    return end
  }

  /** Of a number or a word. */
  #endOfBare (start: number): number {
    const bytes = this.#bytes
    let at = start
    while (at < bytes.length && bytes[at]! > 0x20 && bytes[at] !== comma && bytes[at] !== closeBrace && bytes[at] !== closeBracket) at++
    return at
  }

  #unexpected () {
    return new BadRequest(this.#at < this.#bytes.length ? `body must be JSON: unexpected character at position ${this.#at}` : 'body must be JSON: it ends too early')
  }
}
