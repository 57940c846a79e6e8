// A text that is built piece by piece, in a buffer of its own. Plain JavaScript, because a thread runs it.
import { kinds } from './characters.js'

/** Code units of a text; a token that begins within this bound may end past it. */
const maxLength = 4096
/** Code units that are kept of a token. */
const maxTokenLength = 256
/** Code units that may be added between two checks of the bound: a token and a few signs. */
const slack = maxTokenLength + 8

const [newline, space] = [0x0a, 0x20]

/** Builds one text at a time. */
export class TextBuffer {
  codes = new Uint16Array(maxLength + slack)
  /** The same code units, two at a time. */
  #pairs = new Uint32Array(this.codes.buffer)
  length = 0
  #limit = maxLength
  /** Blank or line break before what comes next; 0 for none. */
  gap = 0

  /** Begins an empty text. */
  clear () {
    this.length = 0
    this.gap = 0
    this.#limit = maxLength
  }

  /**
   * Sets how much may be added.
   * @param {number} units number of code units
   */
  limitTo (units) {
    this.#limit = Math.min(maxLength, this.length + units)
  }

  get isFull () {
    return this.length >= this.#limit
  }

  /** Whether nothing stands before what comes next in its line. */
  get isAtLineStart () {
    return this.length === 0 || this.gap === newline
  }

  /** The sign or character that directly precedes what comes next; -1 for none. */
  get adjacent () {
    return this.gap === 0 && this.length > 0 ? this.at(this.length - 1) : -1
  }

  addBlank () {
    if (this.gap === 0) this.gap = space
  }

  addLineBreak () {
    this.gap = newline
  }

  /** Forgets the blank before what comes next. */
  dropBlank () {
    this.gap = 0
  }

  /**
   * Adds a part of a text as it is.
   * @param {Uint16Array} units
   * @param {number} from
   * @param {number} to
   */
  addPart (units, from, to) {
    this.#fillGap()
    const codes = this.codes
    const end = Math.min(to, from + maxTokenLength)
    let length = this.length
    for (let at = from; at < end; at++) codes[length++] = units[at] ?? 0
    this.length = length
  }

  /**
   * Adds a text as it is.
   * @param {string} text
   */
  addText (text) {
    this.#fillGap()
    const end = Math.min(text.length, this.codes.length - this.length)
    for (let at = 0; at < end; at++) this.codes[this.length++] = text.charCodeAt(at)
  }

  /**
   * Adds a sign.
   * @param {number} code
   */
  addSign (code) {
    this.#fillGap()
    this.codes[this.length++] = code
  }

  /** Hash of the text in 64 bits, as 16 hexadecimal digits. */
  get hash () {
    const pairs = this.#pairs
    this.codes[this.length] = 0
    let one = this.length
    let two = ~this.length
    for (let at = 0; 2 * at < this.length; at++) {
      const pair = pairs[at] ?? 0
      one = Math.imul(one ^ pair, 0x5bd1e995)
      one ^= one >>> 15
      two = Math.imul(two ^ pair, 0x2c1b3c6d)
      two ^= two >>> 13
    }
    return hexOf(mix(one)) + hexOf(mix(two))
  }

  toString () {
    return Buffer.from(this.codes.buffer, 0, 2 * this.length).toString('utf16le').toWellFormed()
  }

  /** @param {number} index */
  at (index) {
    return this.codes[index] ?? 0
  }

  /** @param {number} index */
  kindAt (index) {
    return kinds[this.at(index)] ?? 0
  }

  #fillGap () {
    if (this.gap !== 0 && this.length > 0) this.codes[this.length++] = this.gap
    this.gap = 0
  }
}

/**
 * Spreads the bits of a hash, so that each depends on all.
 * @param {number} hash
 */
function mix (hash) {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x7feb352d)
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b)
  return mixed ^ (mixed >>> 16)
}

/** Each byte as two hexadecimal digits. */
const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** @param {number} number of 32 bits */
function hexOf (number) {
  return `${hexOfByte[number >>> 24]}${hexOfByte[number >>> 16 & 0xff]}` +
    `${hexOfByte[number >>> 8 & 0xff]}${hexOfByte[number & 0xff]}`
}
