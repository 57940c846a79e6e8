// Parses large JSON in steps, so that other work gets its turns. A first walk finds the ends of the large objects,
// lists, strings and blanks; a second one parses the JSON between them natively, a group of neighbours at a time.
import { BadRequest, TooLarge } from '../../errors.ts'
import { stepBytes } from '../steps.ts'
import type { Fields } from '../record/fields.ts'
import { Members, notJson } from './members.ts'
import { maxDepth, parserOf, tooDeep, type Parse } from './parse.ts'
import { endOfLongString, endOfShortString, endOfString } from './strings.ts'

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a] as const
const [openBracket, closeBracket, openBrace, closeBrace] = [0x5b, 0x5d, 0x7b, 0x7d] as const

const quoteMark = Buffer.of(quote)
const byteOrderMark = Buffer.from('\ufeff')

/** Bytes of JSON that is parsed in one go: about two milliseconds. */
const smallBytes = 2 * stepBytes

/** Parses JSON with `parse`, in steps if it is large. Throws BadRequest, or TooLarge if it has too many values. */
export function * parseSteps (
  bytes: Buffer, maxValues: number, parse: Parse = parserOf(bytes)
): Generator<undefined, unknown, void> {
  if (bytes.length <= smallBytes) return parse(bytes)
  const { ends, fault } = yield * outlineOf(bytes, maxValues)
  if (fault) throw fault
  const start = skipSpace(bytes, startOf(bytes))
  const end = ends.get(start)
  if (end === undefined) {
    let last = bytes.length
    while (last > start && isSpace(bytes[last - 1])) last--
    return parse(bytes.subarray(start, last))
  }
  if (skipSpace(bytes, end) < bytes.length) throw notJson()
  return yield * new LargeJson(bytes, ends, parse).read(start, end)
}

/** Large objects, lists, strings and blanks of a text. */
export interface Outline {
  /** End of each, by its start. */
  ends: ReadonlyMap<number, number>
  /** Reason why the walk ended before the text. */
  fault?: Error
}

/** Makes the outline, up to brackets that do not match or are too deep, or to more than `maxValues`. */
export function * outlineOf (bytes: Buffer, maxValues: number): Generator<undefined, Outline, void> {
  const ends = new Map<number, number>()
  const starts: number[] = []
  let values = 1
  /** Bytes of the present number or word. */
  let bareBytes = 0
  for (let at = startOf(bytes), pauseAt = stepBytes; at < bytes.length; at++) {
    if (at >= pauseAt) {
      pauseAt = at + stepBytes
      yield
    }
    const byte = bytes[at]
    if (byte === quote) {
      const start = at
      at = (endOfShortString(bytes, at) ?? (yield * endOfLongString(bytes, at))) - 1
      if (at - start >= stepBytes) ends.set(start, at + 1)
      bareBytes = 0
      continue
    } else if (isOpening(byte)) {
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
        if (++bareBytes < stepBytes) continue
        return { ends, fault: new BadRequest(`body must be JSON, with numbers of less than ${stepBytes} digits`) }
      } else if (isSpace(bytes[at + 1] ?? quote)) {
        const start = at
        at = skipSpace(bytes, at) - 1
        if (at - start >= stepBytes) ends.set(start, at + 1)
      }
      continue
    }
    bareBytes = 0
    if (values > maxValues) {
      return { ends, fault: new TooLarge(`one JSON text must have at most ${maxValues} values`) }
    }
  }
  return starts.length === 0 ? { ends } : { ends, fault: notJson() }
}

/** Parses one JSON text by its outline. */
class LargeJson {
  readonly #bytes: Buffer
  readonly #ends: ReadonlyMap<number, number>
  readonly #parse: Parse

  constructor (bytes: Buffer, ends: ReadonlyMap<number, number>, parse: Parse) {
    this.#bytes = bytes
    this.#ends = ends
    this.#parse = parse
  }

  /** Parses the object, list or string between two indexes. */
  * read (start: number, end: number): Generator<undefined, unknown, void> {
    const bytes = this.#bytes
    if (bytes[start] === quote) return yield * this.#readString(start + 1, end - 1)
    const isObject = bytes[start] === openBrace
    const last = end - 1
    if (bytes[last] !== (isObject ? closeBrace : closeBracket)) throw notJson()
    const members = new Members(isObject)

    /**
     * Start of the bytes that are not parsed yet, after `parts`, which precede large blanks; and of the last member.
     */
    let group = start + 1
    let parts: Buffer[] = []
    let member = start + 1
    let depth = 0
    let hasMore = true
    for (let at = start + 1; at < last; at++) {
      const byte = bytes[at]
      const large = depth === 0 && (byte === quote || isOpening(byte)) ? this.#ends.get(at) : undefined
      if (large !== undefined) {
        if (member > group) this.#addGroup(members, isObject, [bytes.subarray(group, member - 1)])
        const name = this.#nameBefore(isObject, [...parts, bytes.subarray(Math.max(member, group), at)])
        members.add(name, yield * this.read(at, large))

        at = skipSpace(bytes, large)
        if (at < last && bytes[at] !== comma) throw notJson()
        hasMore = at < last
        group = member = at + 1
        parts = []
      } else if (byte === quote) {
        at = endOfString(bytes, at) - 1
      } else if (isOpening(byte)) {
        depth++
      } else if (byte === closeBrace || byte === closeBracket) {
        depth--
      } else if (byte === comma && depth === 0) {
        member = at + 1
        if (at - group < stepBytes && parts.length === 0) continue
        this.#addGroup(members, isObject, [...parts, bytes.subarray(group, at)])
        group = at + 1
        parts = []
        yield
      } else if (isSpace(byte)) {
        const endOfSpace = this.#ends.get(at)
        if (endOfSpace === undefined) continue
        if (member > group) this.#addGroup(members, isObject, [bytes.subarray(group, member - 1)])
        // One blank stays, or `1  2` would become a number.
        parts.push(bytes.subarray(Math.max(member, group), at + 1))
        group = endOfSpace
        at = group - 1
        yield
      }
    }
    const rest = hasMore ? [...parts, bytes.subarray(group, last)] : []
    if (hasMore) members.addGroup(this.#parseGroup(isObject, rest), { mayBeEmpty: members.isEmpty })
    return members.end()
  }

  #addGroup (members: Members, isObject: boolean, parts: readonly Buffer[]): void {
    members.addGroup(this.#parseGroup(isObject, parts), { mayBeEmpty: false })
  }

  /** Parses the text between two quotes in parts, each as a string of its own. */
  * #readString (start: number, end: number): Generator<undefined, string, void> {
    const parts: string[] = []
    for (let from = start; from < end;) {
      const to = from + stepBytes >= end ? end : cutWithin(this.#bytes, from, from + stepBytes)
      parts.push(this.#parse(Buffer.concat([quoteMark, this.#bytes.subarray(from, to), quoteMark])) as string)
      from = to
      yield
    }
    return parts.join('')
  }

  /** Parses neighbours as an object or a list of their own. */
  #parseGroup (isObject: boolean, parts: readonly Buffer[]): unknown {
    const [open, close] = isObject ? [openBrace, closeBrace] : [openBracket, closeBracket]
    return this.#parse(Buffer.concat([Buffer.of(open), ...parts, Buffer.of(close)]))
  }

  /** Name of a value, from the bytes before it; undefined for an element of a list. */
  #nameBefore (isObject: boolean, parts: readonly Buffer[]): string | undefined {
    const before = Buffer.concat(parts)
    if (!isObject) {
      if (skipSpace(before, 0) < before.length) throw notJson()
      return undefined
    }
    if (before.lastIndexOf(colon) === -1) throw notJson()
    const object = this.#parse(Buffer.concat([Buffer.of(openBrace), before, Buffer.from('0}')])) as Fields
    const [name, ...more] = Object.keys(object)
    if (name === undefined || more.length > 0) throw notJson()
    return name
  }
}

/** Last index, up to `end`, at which a string can be cut: not within an escape or a character. */
function cutWithin (bytes: Buffer, start: number, end: number): number {
  let at = end
  while (at > start && ((bytes[at] ?? 0) & 0xc0) === 0x80) at--
  // An escape has at most six bytes.
  const escape = bytes.subarray(Math.max(start, at - 5), at).lastIndexOf(backslash)
  if (escape === -1) return at
  const last = Math.max(start, at - 5) + escape
  let first = last
  while (first > start && bytes[first - 1] === backslash) first--
  const isEscaped = (last - first) % 2 === 1
  return isEscaped ? last + 1 : last
}

/** Start of the text, after a byte order mark. */
export function startOf (bytes: Buffer): number {
  return bytes.subarray(0, byteOrderMark.length).equals(byteOrderMark) ? byteOrderMark.length : 0
}

function isOpening (byte: number | undefined): boolean {
  return byte === openBrace || byte === openBracket
}

function skipSpace (bytes: Buffer, start: number): number {
  let at = start
  while (at < bytes.length && isSpace(bytes[at])) at++
  return at
}

export function isSpace (byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}
