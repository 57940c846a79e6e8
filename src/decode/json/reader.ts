// Reads JSON value by value, where a body is one object with lists of logs deep inside: a log that is broken breaks
// nothing but itself, and none takes the process for long. What nobody asks for must be JSON all the same.
import { BadRequest } from '../../errors.ts'
import { stepBytes, stepSize } from '../steps.ts'
import { maxLogValues, maxValues } from '../limits.ts'
import { parserOf, type Parse } from './parse.ts'
import { endOfString, isSpace, outlineOf, parseSteps, startOf, type Outline } from './steps.ts'

const [quote, backslash, comma, colon, openBracket, closeBracket, openBrace, closeBrace] = [0x22, 0x5c, 0x2c, 0x3a, 0x5b, 0x5d, 0x7b, 0x7d] as const

/** Bodies of more bytes are looked through for what is large first. */
const smallBytes = 2 * stepBytes

/** An object whose list was walked. */
interface Walked {
  raw: Buffer
  /** Whether it has the list. */
  hasList: boolean
  /** Whether it has what is not known to stand beside the list. */
  hasOthers: boolean
}

/** A reader of a body, before its first value. */
export function * readerOf (body: Buffer, parse: Parse = parserOf(body)): Generator<undefined, JsonReader, void> {
  return new JsonReader(body, parse, body.length <= smallBytes ? undefined : yield * outlineOf(body, Infinity))
}

/** Stands before a value and is moved past it by whatever reads it. Throws BadRequest where there is none. */
export class JsonReader {
  readonly #bytes: Buffer
  readonly #parse: Parse
  readonly #ends: ReadonlyMap<number, number>
  readonly #fault: Error | undefined
  /** Where the values begin that the last peek has found to be JSON. */
  readonly #peeked = new Set<number>()
  #at: number
  #walked: Walked = { raw: Buffer.alloc(0), hasList: false, hasOthers: false }

  /** `outline` says where what is large ends, so that it is passed over in no time. */
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

  /** The object whose list was walked last. */
  get walked (): Walked {
    return this.#walked
  }

  /**
   * The values of an object's list of any of these names, whether each is an object; undefined for a step between them. At each
   * value the reader stands before it, and it is skipped if nobody reads it. What is no list is its own only element, and
   * `null` holds none. `beside` names what may stand beside it. All that is skipped must be JSON.
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

  /** What members of those names have, without moving. */
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

  /** Passes a value, which must be JSON. */
  * #check (): Generator<undefined, void, void> {
    const isKnown = this.#peeked.has(this.#at)
    const raw = this.raw()
    if (!isKnown) yield * parseSteps(raw, maxValues, this.#parse)
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
    while (isSpace(this.#bytes[this.#at]!)) this.#at++
  }

  #endOfBrackets (start: number): number {
    const end = this.#ends.get(start)
    if (end !== undefined) return end
    const bytes = this.#bytes
    let depth = 0
    const stop = this.#endOfSmall(start)
    for (let at = start; at < stop; at++) {
      const byte = bytes[at]!
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

  /** Up to where an object, a list or a number can end that is not known as large: in a large body that is soon. */
  #endOfSmall (start: number): number {
    const { length } = this.#bytes
    return length <= smallBytes ? length : Math.min(length, start + stepBytes + 1)
  }

  #tooEarly (): Error {
    const tooEarly = 'body must be JSON: it ends too early'
    return new BadRequest(this.#fault ? `${tooEarly}, or ${this.#fault.message}` : tooEarly)
  }

  /** Of a number or a word. */
  #endOfBare (start: number): number {
    const bytes = this.#bytes
    const stop = this.#endOfSmall(start)
    let at = start
    while (at < stop && bytes[at]! > 0x20 && bytes[at] !== comma && bytes[at] !== closeBrace && bytes[at] !== closeBracket) at++
    return at
  }

  #unexpected () {
    return new BadRequest(this.#at < this.#bytes.length ? `body must be JSON: unexpected character at position ${this.#at}` : 'body must be JSON: it ends too early')
  }
}
