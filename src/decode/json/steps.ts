// Parses large JSON in steps, so that others have their turns. A first walk finds where the large objects, lists,
// strings and blanks end; a second one parses what is between them natively, a group of neighbours at a time.
import { BadRequest, TooLarge } from '../../errors.ts'
import { runAtOnce, stepBytes } from '../steps.ts'
import { isFields, type Fields } from '../record/fields.ts'
import { maxLogValues } from '../limits.ts'
import { ObjectBuilder } from './repeated-names.ts'
import { maxDepth, parserOf, tooDeep, type Parse } from './parse.ts'

const [quote, backslash, comma, colon, openBracket, closeBracket, openBrace, closeBrace] = [0x22, 0x5c, 0x2c, 0x3a, 0x5b, 0x5d, 0x7b, 0x7d] as const

const quoteMark = Buffer.of(quote)
const byteOrderMark = Buffer.from('\ufeff')

/** Bytes that are parsed in one go: about two milliseconds. */
const smallBytes = 2 * stepBytes

/** Parses JSON, as `parse` does, but in steps where it is large. Throws BadRequest; TooLarge where it holds more values. */
export function * parseSteps (bytes: Buffer, maxValues: number, parse: Parse = parserOf(bytes)): Generator<undefined, unknown, void> {
  if (bytes.length <= smallBytes) return parse(bytes)
  const { ends, fault } = yield * outlineOf(bytes, maxValues)
  if (fault) throw fault
  const start = skipSpace(bytes, startOf(bytes))
  const end = ends.get(start)
  if (end === undefined) {
    let last = bytes.length
    while (last > start && isSpace(bytes[last - 1]!)) last--
    return parse(bytes.subarray(start, last))
  }
  if (skipSpace(bytes, end) < bytes.length) throw notJson()
  return yield * new LargeJson(bytes, ends, parse).read(start, end)
}

/** The large objects, lists, strings and blanks of a text. */
export interface Outline {
  /** Where each ends, by where it begins. */
  ends: ReadonlyMap<number, number>
  /** Why the rest of the text was not looked at. */
  fault?: Error
}

/** Finds what is large, up to where brackets do not match, are too deep, or hold more values. */
export function * outlineOf (bytes: Buffer, maxValues: number): Generator<undefined, Outline, void> {
  const ends = new Map<number, number>()
  const starts: number[] = []
  let values = 1
  /** Bytes since the last bracket, comma, colon or string that are not blank: of a number or a word. */
  let bare = 0
  for (let at = startOf(bytes), pauseAt = stepBytes; at < bytes.length; at++) {
    if (at >= pauseAt) {
      pauseAt = at + stepBytes
      yield
    }
    const byte = bytes[at]!
    if (byte === quote) {
      const start = at
      at = (endOfShortString(bytes, at) ?? (yield * endOfLongString(bytes, at))) - 1
      if (at - start >= stepBytes) ends.set(start, at + 1)
      bare = 0
      continue
    } else if (byte === openBrace || byte === openBracket) {
      if (starts.push(at) > maxDepth) return { ends, fault: tooDeep() }
      values++
    } else if (byte === comma) {
      values++
    } else if (byte === closeBrace || byte === closeBracket) {
      const start = starts.pop()
      if (start === undefined) return { ends, fault: notJson() }
      if (at - start >= stepBytes) ends.set(start, at + 1)
    } else if (byte !== colon) {
      if (!isSpace(byte)) {
        if (++bare >= stepBytes) return { ends, fault: new BadRequest(`body must be JSON, with numbers of less than ${stepBytes} digits`) }
      } else if (isSpace(bytes[at + 1] ?? quote)) {
        const start = at
        at = skipSpace(bytes, at) - 1
        if (at - start >= stepBytes) ends.set(start, at + 1)
      }
      continue
    }
    bare = 0
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

  /** The object, list or string between these places. */
  * read (start: number, end: number): Generator<undefined, unknown, void> {
    const bytes = this.#bytes
    if (bytes[start] === quote) return yield * this.#string(start + 1, end - 1)
    const isObject = bytes[start] === openBrace
    const last = end - 1
    if (bytes[last] !== (isObject ? closeBrace : closeBracket)) throw notJson()
    const list: unknown[] = []
    const fields = new ObjectBuilder()
    let fieldCount = 0

    /** Where what is not parsed yet begins, behind what stands before large blanks, and its last member. */
    let group = start + 1
    let parts: Buffer[] = []
    let member = start + 1
    let depth = 0
    let hasMore = true
    for (let at = start + 1; at < last; at++) {
      const byte = bytes[at]!
      if (depth === 0 && (byte === quote || byte === openBrace || byte === openBracket)) {
        const large = this.#ends.get(at)
        if (large !== undefined) {
          if (member > group) addGroup(this.#group(isObject, [bytes.subarray(group, member - 1)]))
          const name = this.#nameBefore(isObject, [...parts, bytes.subarray(Math.max(member, group), at)])
          const value = yield * this.read(at, large)
          if (name === 'constructor' && isFields(value) && Object.hasOwn(value, 'prototype')) throw new BadRequest('body must not have __proto__ or constructor.prototype as a field')
          if (name === undefined) list.push(value)
          else addField(name, value)

          at = skipSpace(bytes, large)
          if (at < last && bytes[at] !== comma) throw notJson()
          hasMore = at < last
          group = member = at + 1
          parts = []
          continue
        }
      }
      if (byte === quote) {
        at = endOfString(bytes, at) - 1
      } else if (byte === openBrace || byte === openBracket) {
        depth++
      } else if (byte === closeBrace || byte === closeBracket) {
        depth--
      } else if (byte === comma && depth === 0) {
        member = at + 1
        if (at - group < stepBytes && parts.length === 0) continue
        addGroup(this.#group(isObject, [...parts, bytes.subarray(group, at)]))
        group = at + 1
        parts = []
        yield
      } else if (isSpace(byte) && this.#ends.has(at)) {
        if (member > group) addGroup(this.#group(isObject, [bytes.subarray(group, member - 1)]))
        // One of them stays, or `1  2` would become a number.
        parts.push(bytes.subarray(Math.max(member, group), at + 1))
        group = this.#ends.get(at)!
        at = group - 1
        yield
      }
    }
    if (hasMore) addGroup(this.#group(isObject, [...parts, bytes.subarray(group, last)]), list.length + fieldCount === 0)
    return isObject ? fields.end() : list

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
      fields.add(name, value)
    }
  }

  /** The text between two quotes, a part at a time: each is a string of its own. */
  * #string (start: number, end: number): Generator<undefined, string, void> {
    const parts: string[] = []
    for (let from = start; from < end;) {
      const to = from + stepBytes >= end ? end : cutWithin(this.#bytes, from, from + stepBytes)
      parts.push(this.#parse(Buffer.concat([quoteMark, this.#bytes.subarray(from, to), quoteMark])) as string)
      from = to
      yield
    }
    return parts.join('')
  }

  /** Neighbours, as a list or an object of their own. */
  #group (isObject: boolean, parts: readonly Buffer[]): unknown {
    return this.#parse(Buffer.concat([Buffer.of(isObject ? openBrace : openBracket), ...parts, Buffer.of(isObject ? closeBrace : closeBracket)]))
  }

  /** The name that stands in these bytes before a value; undefined for an element of a list. */
  #nameBefore (isObject: boolean, parts: readonly Buffer[]): string | undefined {
    const before = Buffer.concat(parts)
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
  return endOfShortString(bytes, start) ?? runAtOnce(endOfLongString(bytes, start))
}

/** Bytes of a string that are looked at one by one: to search a longer one natively takes as long as hundreds of them. */
const shortBytes = 1000

/** Most end soon. */
function endOfShortString (bytes: Buffer, start: number): number | undefined {
  const near = Math.min(bytes.length, start + shortBytes)
  for (let at = start + 1; at < near; at++) {
    const byte = bytes[at]
    if (byte === backslash) at++
    else if (byte === quote) return at + 1
  }
  return undefined
}

/** Natively up to the first backslash; then a byte at a time, as a native call for each of many escapes would take longer. */
function * endOfLongString (bytes: Buffer, start: number): Generator<undefined, number, void> {
  for (let at = start + 1, end = -1; ;) {
    if (end < at) end = bytes.indexOf(quote, at)
    if (end === -1) return bytes.length + 1
    const escape = bytes.subarray(at, end).indexOf(backslash)
    if (escape === -1) return end + 1
    at += escape
    const pause = Math.min(bytes.length, at + stepBytes)
    for (; at < pause; at++) {
      const byte = bytes[at]
      if (byte === backslash) at++
      else if (byte === quote) return at + 1
    }
    yield
  }
}

/** The last place, up to `end`, where a string can be cut: within no escape and no character. `start` is one, too. */
function cutWithin (bytes: Buffer, start: number, end: number): number {
  let at = end
  while (at > start && (bytes[at]! & 0xc0) === 0x80) at--
  // An escape has six bytes at most.
  const escape = bytes.subarray(Math.max(start, at - 5), at).lastIndexOf(backslash)
  if (escape === -1) return at
  const last = Math.max(start, at - 5) + escape
  let first = last
  while (first > start && bytes[first - 1] === backslash) first--
  const isEscaped = (last - first) % 2 === 1
  return isEscaped ? last + 1 : last
}

/** Where the text begins, behind a byte order mark. */
export function startOf (bytes: Buffer): number {
  return bytes.subarray(0, byteOrderMark.length).equals(byteOrderMark) ? byteOrderMark.length : 0
}

function skipSpace (bytes: Buffer, start: number): number {
  let at = start
  while (at < bytes.length && isSpace(bytes[at]!)) at++
  return at
}

export function isSpace (byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

function notJson (): Error {
  return new BadRequest('body must be JSON')
}
