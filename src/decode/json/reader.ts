// Reads JSON value by value, for bodies that are one object with lists of logs deep inside: a broken log breaks only
// itself, and no log blocks the process for long. Values that nobody reads must be JSON, too.
import { BadRequest } from '../../errors.ts'
import { stepBytes, stepSize } from '../steps.ts'
import { maxLogValues, maxValues } from '../limits.ts'
import { parserOf, type Parse } from './parse.ts'
import { isSpace, outlineOf, parseSteps, startOf, type Outline } from './steps.ts'
import { endOfString } from './strings.ts'

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a] as const
const [openBracket, closeBracket, openBrace, closeBrace] = [0x5b, 0x5d, 0x7b, 0x7d] as const

/** An outline is made of bodies with more bytes. */
const smallBytes = 2 * stepBytes

/** Object whose list was walked. */
interface Walked {
  raw: Buffer
  /** Whether it has the list. */
  hasList: boolean
  /** Whether it has members other than the list and those expected beside it. */
  hasOthers: boolean
}

/** Makes a reader of a body, which is before its first value. */
export function * readerOf (body: Buffer, parse: Parse = parserOf(body)): Generator<undefined, JsonReader, void> {
  const outline = body.length <= smallBytes ? undefined : yield * outlineOf(body, Infinity)
  return new JsonReader(body, parse, outline)
}

/** Reads the next value, and moves past it. Throws BadRequest if there is none. */
export class JsonReader {
  readonly #bytes: Buffer
  readonly #parse: Parse
  readonly #ends: ReadonlyMap<number, number>
  readonly #fault: Error | undefined
  /** Starts of the values that the last peek parsed. */
  readonly #peeked = new Set<number>()
  #at: number
  #walked: Walked = { raw: Buffer.alloc(0), hasList: false, hasOthers: false }

  /** `outline` lets the reader skip large values at once. */
  constructor (bytes: Buffer, parse: Parse, { ends, fault }: Outline = { ends: new Map() }) {
    this.#bytes = bytes
    this.#parse = parse
    this.#ends = ends
    this.#fault = fault
    this.#at = startOf(bytes)
    this.#skipSpace()
  }

  get isObject (): boolean {
    return this.#bytes[this.#at] === openBrace
  }

  /** Object whose list was walked last. */
  get walked (): Walked {
    return this.#walked
  }

  /**
   * Walks the values of an object's list of any of these names. Yields, for each value, whether it is an object;
   * undefined for a step between values. The reader is before the value then, and skips it if nobody reads it. A value
   * that is no list counts as a list of it alone, `null` as an empty list. `beside` are the names expected beside the
   * list.
   */
  * list (names: readonly string[], beside: readonly string[] = []): Generator<boolean | undefined, void, void> {
    const start = this.#at
    let hasList = false
    let hasOthers = false
    for (const member of this.#members()) {
      if (member === undefined) {
        yield
      } else if (names.includes(member)) {
        hasList = true
        yield * this.#elements()
      } else {
        hasOthers ||= !beside.includes(member)
        yield * this.#check()
      }
    }
    this.#walked = { raw: this.#bytes.subarray(start, this.#at), hasList, hasOthers }
  }

  /** Reads the members of those names without moving. */
  * peek (...names: readonly string[]): Generator<undefined, Record<string, unknown>, void> {
    const start = this.#at
    const found: Record<string, unknown> = {}
    this.#peeked.clear()
    for (const name of this.#members()) {
      if (name === undefined) {
        yield
      } else if (names.includes(name)) {
        this.#peeked.add(this.#at)
        found[name] = yield * this.value()
      }
      if (Object.keys(found).length === names.length) break
    }
    this.#at = start
    return found
  }

  * value (): Generator<undefined, unknown, void> {
    return yield * parseSteps(this.raw(), maxLogValues, this.#parse)
  }

  /** Skips a value, which must be JSON. */
  * #check (): Generator<undefined, void, void> {
    const isKnown = this.#peeked.has(this.#at)
    const raw = this.raw()
    if (!isKnown) yield * parseSteps(raw, maxValues, this.#parse)
  }

  /** Reads the bytes of the value. */
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

  /** Throws BadRequest if the body goes on. */
  end (): void {
    if (this.#at < this.#bytes.length) throw this.#unexpected()
  }

  /** Walks an object's members. Yields their names, and undefined for a step. */
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
    for (const byte of raw) if (byte === backslash || byte > 0x7e || byte < 0x20) return this.#parse(raw) as string
    return raw.toString('latin1', 1, raw.length - 1)
  }

  * #elements (): Generator<boolean | undefined, void, void> {
    const start = this.#at
    if (this.#bytes[start] !== openBracket) {
      if (this.raw().toString() === 'null') return
      this.#at = start
      yield this.isObject
      if (this.#at === start) yield * this.#check()
      return
    }
    this.#pass(openBracket)
    for (let isFirst = true; !this.#isEnd(closeBracket, isFirst); isFirst = false) {
      const start = this.#at
      yield this.isObject
      if (this.#at === start) yield * this.#check()
    }
  }

  /** Moves past the end of an object or a list, and returns true; else past the comma before its next value. */
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
    while (isSpace(this.#bytes[this.#at])) this.#at++
  }

  #endOfBrackets (start: number): number {
    const end = this.#ends.get(start)
    if (end !== undefined) return end
    const bytes = this.#bytes
    let depth = 0
    const stop = this.#limitOfSmall(start)
    for (let at = start; at < stop; at++) {
      const byte = bytes[at]
      if (byte === quote) {
        at = this.#endOfString(at) - 1
      } else if (byte === openBrace || byte === openBracket) {
        depth++
      } else if ((byte === closeBrace || byte === closeBracket) && --depth === 0) {
        return at + 1
      }
    }
    throw this.#tooEarly()
  }

  #endOfString (start: number): number {
    const end = this.#ends.get(start) ?? endOfString(this.#bytes, start)
    if (end > this.#bytes.length) throw this.#tooEarly()
    return end
  }

  /** Limit for the end of a value that is not in the outline. */
  #limitOfSmall (start: number): number {
    const { length } = this.#bytes
    return length <= smallBytes ? length : Math.min(length, start + stepBytes + 1)
  }

  #tooEarly (): Error {
    const tooEarly = 'body must be JSON: it ends too early'
    return new BadRequest(this.#fault ? `${tooEarly}, or ${this.#fault.message}` : tooEarly)
  }

  /** End of a number or a word. */
  #endOfBare (start: number): number {
    const bytes = this.#bytes
    const stop = this.#limitOfSmall(start)
    let at = start
    for (let byte = bytes[at] ?? 0; at < stop && byte > 0x20; byte = bytes[++at] ?? 0) {
      if (byte === comma || byte === closeBrace || byte === closeBracket) break
    }
    return at
  }

  #unexpected (): Error {
    const isWithin = this.#at < this.#bytes.length
    const fault = isWithin ? `unexpected character at position ${this.#at}` : 'it ends too early'
    return new BadRequest(`body must be JSON: ${fault}`)
  }
}
