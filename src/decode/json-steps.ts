// Parses large JSON in steps, so that others have their turns. A first walk finds where the large
// objects and lists end; a second one parses what is between them natively, a group of neighbours at a time.
import { BadRequest, TooLarge } from '../errors.ts'
import { stepBytes } from './decoded.ts'
import { isFields, set, type Fields } from './fields.ts'
import { maxLogValues } from './growth.ts'
import { maxDepth, parserOf, tooDeep, type Parse } from './json.ts'

const [quote, backslash, comma, colon, openBracket, closeBracket, openBrace, closeBrace] = [0x22, 0x5c, 0x2c, 0x3a, 0x5b, 0x5d, 0x7b, 0x7d] as const

/** Bytes that are parsed in one go: about two milliseconds. */
const smallBytes = 2 * stepBytes

/** Parses JSON, as `parse` does, but in steps where it is large. Throws BadRequest; TooLarge where it holds more values. */
export function * parseSteps (bytes: Buffer, maxValues: number, parse: Parse = parserOf(bytes)): Generator<undefined, unknown, void> {
  if (bytes.length <= smallBytes) return parse(bytes)
  const { ends, fault } = yield * outlineOf(bytes, maxValues)
  if (fault) throw fault
  const start = skipSpace(bytes, bytes[0] === 0xef ? 3 : 0)
  const end = ends.get(start)
  if (end === undefined) return parse(bytes)
  if (skipSpace(bytes, end) < bytes.length) throw notJson()
  return yield * new LargeJson(bytes, ends, parse).read(start, end)
}

/** The large objects and lists of a text. */
export interface Outline {
  /** Where each ends, by where it begins. */
  ends: ReadonlyMap<number, number>
  /** Why the rest of the text was not looked at. */
  fault?: Error
}

/** Finds the large objects and lists, up to where brackets do not match, are too deep, or hold more values. */
export function * outlineOf (bytes: Buffer, maxValues: number): Generator<undefined, Outline, void> {
  const ends = new Map<number, number>()
  const starts: number[] = []
  let values = 1
  for (let at = 0, pauseAt = stepBytes; at < bytes.length; at++) {
    if (at >= pauseAt) {
      pauseAt = at + stepBytes
      yield
    }
    const byte = bytes[at]!
    if (byte === quote) {
      at = endOfString(bytes, at) - 1
    } else if (byte === openBrace || byte === openBracket) {
      if (starts.push(at) > maxDepth) return { ends, fault: tooDeep() }
      values++
    } else if (byte === comma) {
      values++
    } else if (byte === closeBrace || byte === closeBracket) {
      const start = starts.pop()
      if (start === undefined) return { ends, fault: notJson() }
      if (at - start >= stepBytes) ends.set(start, at + 1)
    }
    if (values > maxValues) return { ends, fault: new TooLarge(`one JSON text must hold at most ${maxValues} values`) }
  }
  return starts.length === 0 ? { ends } : { ends, fault: notJson() }
}

class LargeJson {
  readonly #bytes: Buffer
  readonly #ends: ReadonlyMap<number, number>
  readonly #parse: Parse

  constructor (bytes: Buffer, ends: ReadonlyMap<number, number>, parse: Parse) {
    this.#bytes = bytes
    this.#ends = ends
    this.#parse = parse
  }

  /** The object or list between these places. */
  * read (start: number, end: number): Generator<undefined, unknown, void> {
    const bytes = this.#bytes
    const isObject = bytes[start] === openBrace
    const last = end - 1
    if (bytes[last] !== (isObject ? closeBrace : closeBracket)) throw notJson()
    const list: unknown[] = []
    const fields: Fields = {}
    let fieldCount = 0

    /** Where what is not parsed yet begins, and its last member. */
    let group = start + 1
    let member = start + 1
    let depth = 0
    let hasMore = true
    for (let at = start + 1; at < last; at++) {
      const byte = bytes[at]!
      if (byte === quote) {
        at = endOfString(bytes, at) - 1
      } else if (byte === openBrace || byte === openBracket) {
        const large = depth === 0 ? this.#ends.get(at) : undefined
        if (large === undefined) {
          depth++
          continue
        }
        if (member > group) addGroup(this.#group(isObject, group, member - 1))
        const name = this.#nameBefore(isObject, member, at)
        const value = yield * this.read(at, large)
        if (name === 'constructor' && isFields(value) && Object.hasOwn(value, 'prototype')) throw new BadRequest('body must not have __proto__ or constructor.prototype as a field')
        if (name === undefined) list.push(value)
        else addField(name, value)

        at = skipSpace(bytes, large)
        if (at < last && bytes[at] !== comma) throw notJson()
        hasMore = at < last
        group = member = at + 1
      } else if (byte === closeBrace || byte === closeBracket) {
        depth--
      } else if (byte === comma && depth === 0) {
        if (at - group >= stepBytes) {
          addGroup(this.#group(isObject, group, at))
          group = at + 1
          yield
        }
        member = at + 1
      }
    }
    if (hasMore) addGroup(this.#group(isObject, group, last), group === start + 1)
    return isObject ? fields : list

    function addGroup (parsed: unknown, mayBeEmpty = false): void {
      if (Array.isArray(parsed)) {
        if (parsed.length === 0 && !mayBeEmpty) throw notJson()
        for (const value of parsed) list.push(value)
      } else {
        const entries = Object.entries(parsed as Fields)
        if (entries.length === 0 && !mayBeEmpty) throw notJson()
        for (const [name, value] of entries) addField(name, value)
      }
    }

    function addField (name: string, value: unknown): void {
      if (++fieldCount > maxLogValues) throw new TooLarge(`one object must have at most ${maxLogValues} fields`)
      set(fields, name, value)
    }
  }

  /** Neighbours, as a list or an object of their own. */
  #group (isObject: boolean, start: number, end: number): unknown {
    return this.#parse(Buffer.concat([Buffer.of(isObject ? openBrace : openBracket), this.#bytes.subarray(start, end), Buffer.of(isObject ? closeBrace : closeBracket)]))
  }

  /** The name of a member whose value begins at `value`; undefined for an element of a list. */
  #nameBefore (isObject: boolean, start: number, value: number): string | undefined {
    const before = this.#bytes.subarray(start, value)
    if (!isObject) {
      if (skipSpace(before, 0) < before.length) throw notJson()
      return undefined
    }
    if (before.lastIndexOf(colon) === -1) throw notJson()
    const [name, ...more] = Object.keys(this.#parse(Buffer.concat([Buffer.of(openBrace), before, Buffer.from('0}')])) as Fields)
    if (name === undefined || more.length > 0) throw notJson()
    return name
  }
}

/** Where a string ends, past its last quote; past the end of the bytes where it does not. */
export function endOfString (bytes: Buffer, start: number): number {
  // Most are short; a long one is searched natively.
  const near = Math.min(bytes.length, start + 100)
  for (let at = start + 1; at < near; at++) {
    const byte = bytes[at]
    if (byte === backslash) at++
    else if (byte === quote) return at + 1
  }
  for (let at = bytes.indexOf(quote, start + 1); at !== -1; at = bytes.indexOf(quote, at + 1)) {
    let first = at
    while (bytes[first - 1] === backslash) first--
    if ((at - first) % 2 === 0) return at + 1
  }
  return bytes.length + 1
}

function skipSpace (bytes: Buffer, start: number): number {
  let at = start
  while (at < bytes.length && isSpace(bytes[at]!)) at++
  return at
}

function isSpace (byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

function notJson (): Error {
  return new BadRequest('body must be JSON')
}
