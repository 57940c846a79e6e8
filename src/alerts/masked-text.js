// The text that masking leaves: words, signs, and `<*>` for a value or a run of values. Plain JavaScript, because a
// thread runs it.
import { blank, kinds, letter, setOfSigns, upper } from './characters.js'
import { addToHash, calendar, credential, forWord, preposition, rolesOf, user, wordSeed } from './words.js'

/** Code units of a text; a token that begins within this bound may end past it. */
const maxLength = 4096
/** Code units that are kept of a token. */
const maxTokenLength = 256
/** Code units that may be added between two checks of the bound: a token and a few signs. */
const slack = maxTokenLength + 8

/** Stands for a value while the text is built: NUL is a blank in a message, so that no message holds it. */
const value = 0
const valueText = '<*>'
const [newline, space, openParenthesis, underscore] = [0x0a, 0x20, 0x28, 0x5f]
/** Signs between the values of one run, as in `1, 2` and `10.0.0.1 - 10.0.0.9`. */
const joints = setOfSigns(' ,|/:-+#&')

/** Builds one text at a time. */
export class MaskedText {
  #codes = new Uint16Array(maxLength + slack)
  #length = 0
  #limit = maxLength
  /** Blank or line break before what comes next; 0 for none. */
  #gap = 0

  /** Begins an empty text. */
  clear () {
    this.#length = 0
    this.#gap = 0
    this.#limit = maxLength
  }

  /**
   * Sets how much may be added.
   * @param {number} units number of code units
   */
  limitTo (units) {
    this.#limit = Math.min(maxLength, this.#length + units)
  }

  get isFull () {
    return this.#length >= this.#limit
  }

  /** Whether nothing stands before what comes next in its line. */
  get isAtLineStart () {
    return this.#length === 0 || this.#gap === newline
  }

  /** The sign or character that directly precedes what comes next; -1 for none. */
  get adjacent () {
    return this.#gap === 0 && this.#length > 0 ? this.#at(this.#length - 1) : -1
  }

  /** Whether a value is the last in the line, perhaps before a blank. */
  get endsWithValue () {
    return this.#gap !== newline && this.#length > 0 && this.#at(this.#length - 1) === value
  }

  addBlank () {
    if (this.#gap === 0) this.#gap = space
  }

  addLineBreak () {
    this.#gap = newline
  }

  /** Forgets the blank before what comes next. */
  dropBlank () {
    this.#gap = 0
  }

  /**
   * Adds a part of a text as it is.
   * @param {Uint16Array} units
   * @param {number} from
   * @param {number} to
   */
  addPart (units, from, to) {
    this.#fillGap()
    const codes = this.#codes
    const end = Math.min(to, from + maxTokenLength)
    let length = this.#length
    for (let at = from; at < end; at++) codes[length++] = units[at] ?? 0
    this.#length = length
  }

  /**
   * Adds a text as it is.
   * @param {string} text
   */
  addText (text) {
    this.#fillGap()
    const end = Math.min(text.length, this.#codes.length - this.#length)
    for (let at = 0; at < end; at++) this.#codes[this.#length++] = text.charCodeAt(at)
  }

  /**
   * Adds a sign.
   * @param {number} code
   */
  addSign (code) {
    this.#fillGap()
    this.#codes[this.#length++] = code
  }

  /** Adds a value, unless the text ends with a run of values that it belongs to. */
  addValue () {
    if (this.#gap !== newline) {
      let end = this.#length
      while (end > 0 && joints[this.#at(end - 1)] === 1) end--
      if (end > 0 && this.#at(end - 1) === value) {
        this.#length = end
        this.#gap = 0
        return
      }
    }
    this.addSign(value)
  }

  /** Removes the weekdays and months that the text ends with. */
  dropCalendar () {
    for (;;) {
      const from = this.#wordFrom(this.#length)
      if (from === this.#length || (this.#rolesAt(from, this.#length) & calendar) === 0) return
      if ((this.#kindAt(from) & upper) === 0) return
      this.#cutAt(from)
    }
  }

  /** Masks the name before the `from` that the text ends with: `bob` of `user bob from`, `password for bob from`. */
  maskName () {
    const fromWord = this.#wordFrom(this.#length)
    const name = this.#blankBefore(fromWord - 1)
    if (fromWord === 0 || name === 0) return
    const word = this.#wordFrom(name - 1)
    const roles = this.#rolesAt(word, name - 1)
    if ((roles & user) === 0) {
      if ((roles & forWord) === 0 || word === 0) return
      if ((this.#rolesAt(this.#wordFrom(word - 1), word - 1) & credential) === 0) return
    }
    this.#codes[name] = value
    this.#codes.copyWithin(name + 1, fromWord - 1, this.#length)
    this.#length -= fromWord - 2 - name
  }

  /**
   * Ends a parenthesis that holds a value or nothing: after a value it is removed; with a name in capitals after a
   * preposition it becomes a value, as in `to LOCAL(0)`. Returns false if the parenthesis stays and is to be closed.
   */
  closeParenthesis () {
    const holdsValue = this.#length > 0 && this.#at(this.#length - 1) === value
    const open = this.#length - (holdsValue ? 2 : 1)
    if (open < 1 || this.#at(open) !== openParenthesis) return false
    const before = this.#at(open - 1) === space ? open - 1 : open
    if (before > 0 && this.#at(before - 1) === value) {
      this.#length = before
      this.#gap = 0
      return true
    }
    return holdsValue && this.#closeInstance(open)
  }

  /** @param {number} open */
  #closeInstance (open) {
    let from = open
    while (from > 0 && (this.#at(from - 1) === underscore || (this.#kindAt(from - 1) & upper) !== 0)) from--
    if (from === open || from < 2 || this.#at(from - 1) !== space) return false
    if ((this.#rolesAt(this.#wordFrom(from - 1), from - 1) & preposition) === 0) return false
    this.#cutAt(from)
    this.addValue()
    return true
  }

  /** Hash of the text in 64 bits, as 16 hexadecimal digits. */
  get hash () {
    let one = -2128831035
    let two = 0x2545f491
    const codes = this.#codes
    for (let at = 0; at < this.#length; at++) {
      const code = codes[at] ?? 0
      one = Math.imul(one ^ code, 16777619)
      two = Math.imul(two ^ code, 0x5bd1e995)
    }
    return hexOf(mix(one ^ this.#length)) + hexOf(mix(two))
  }

  toString () {
    const text = Buffer.from(this.#codes.buffer, 0, 2 * this.#length).toString('utf16le')
    return text.replaceAll('\0', valueText).toWellFormed()
  }

  /** @param {number} index */
  #at (index) {
    return this.#codes[index] ?? 0
  }

  /** @param {number} index */
  #kindAt (index) {
    return kinds[this.#at(index)] ?? 0
  }

  #fillGap () {
    if (this.#gap !== 0 && this.#length > 0) this.#codes[this.#length++] = this.#gap
    this.#gap = 0
  }

  /**
   * Removes what begins here; a blank before it stands before what comes next.
   * @param {number} from
   */
  #cutAt (from) {
    const before = from > 0 ? this.#at(from - 1) : 0
    this.#gap = before === space || before === newline ? before : 0
    this.#length = this.#gap === 0 ? from : from - 1
  }

  /**
   * Where the letters that end here begin.
   * @param {number} end
   */
  #wordFrom (end) {
    let from = end
    while (from > 0 && (this.#kindAt(from - 1) & letter) !== 0) from--
    return from
  }

  /**
   * Where the characters that end here and are no blanks begin.
   * @param {number} end
   */
  #blankBefore (end) {
    let from = end
    while (from > 0 && (this.#kindAt(from - 1) & blank) === 0) from--
    return from
  }

  /**
   * @param {number} from
   * @param {number} to
   */
  #rolesAt (from, to) {
    let hash = wordSeed
    for (let at = from; at < to; at++) hash = addToHash(hash, this.#at(at))
    return rolesOf(hash)
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
