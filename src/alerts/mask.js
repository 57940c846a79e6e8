// Masks a text in one pass: values become `<*>`, all else stays. Messages of one statement of a program give the same
// text on every server, with nothing learnt. Plain JavaScript, because a thread runs it.
//
//   session opened for user root by (uid=0)     session opened for user <*> by (uid=<*>)
//   GET /orders/17?page=2 took 12 ms            GET <*> took <*>
//   Disk full (errno: 28)                       Disk full (errno: 28)
import {
  atSign, blank, colon, digit, isHexDigit, kinds, letter, lower, notHex, other, setOfSigns, stop, upper
} from './characters.js'
import { anyValue, Context, isQuote, noValue, userName } from './context.js'
import { hasCodeShape, isCount, isErrorCode, isServerFailure } from './error-code.js'
import { MaskedText } from './masked-text.js'
import { endOfClass, endsWithId, isIdentifier, isPlace, isSourceFile } from './token-form.js'
import { Token } from './token.js'
import { afterUser, calendar, code as codeWord, fromWord, known, rolesOf, unit, zone } from './words.js'

/** Code units of a text that are read. */
const maxReadLength = 4096
const maxLines = 10
/** Letters of a hexadecimal number without digits; shorter ones may be words. */
const minHexLetters = 8
/** Code units of a value in quotes. */
const maxQuoted = 200

const [newline, escape, space] = [0x0a, 0x1b, 0x20]
const [percent, colonSign, dotSign] = [0x25, 0x3a, 0x2e]
const [openParenthesis, closeParenthesis, openBracket] = [0x28, 0x29, 0x5b]
const [lessThan, moreThan, asterisk] = [0x3c, 0x3e, 0x2a]
const brackets = setOfSigns('([{')
const codeEnds = setOfSigns(':])')
/** Of an escape sequence, before its last character. */
const escapeParameters = setOfSigns('0123456789;?')

/** Masks one text at a time. */
export class Masker {
  text = new MaskedText()
  #token = new Token()
  #context = new Context()
  /** The text, and after it two zeros. */
  #units = new Uint16Array(maxReadLength + 2)
  #bytes = Buffer.from(this.#units.buffer)
  #end = 0

  /**
   * Adds a text, masked: its first 4096 characters, and at most ten lines of them.
   * @param {string} source
   */
  add (source) {
    const { text } = this
    const units = this.#units
    const read = source.length > maxReadLength ? source.slice(0, maxReadLength) : source
    const end = this.#bytes.write(read, 'utf16le') / 2
    units[end] = 0
    units[end + 1] = 0
    this.#end = end
    this.#token.open(units, end)
    this.#context.beginLine()
    for (let at = 0, lines = 0; at < end && !text.isFull;) {
      const kind = kinds[units[at] ?? 0] ?? 0
      if ((kind & (blank | stop | colon | other)) === 0) {
        at = this.#addToken(at)
      } else if (units[at] === space) {
        text.addBlank()
        at++
      } else if (kind === blank) {
        if (units[at] === newline && !text.isAtLineStart && ++lines === maxLines) break
        at = this.#addBlank(at)
      } else if (kind === other) {
        at = this.#addLetters(at)
      } else {
        at = this.#addSign(at)
      }
    }
  }

  /** @param {number} at */
  #unitAt (at) {
    return this.#units[at] ?? 0
  }

  /** @param {number} at */
  #kindAt (at) {
    return kinds[this.#units[at] ?? 0] ?? 0
  }

  /** @param {number} at */
  #addBlank (at) {
    const code = this.#unitAt(at)
    if (code === escape) return this.#endOfEscape(at + 1)
    if (code === newline) {
      this.text.addLineBreak()
      this.#context.beginLine()
    } else {
      this.text.addBlank()
    }
    return at + 1
  }

  /**
   * End of an escape sequence of a terminal, such as a colour.
   * @param {number} at place after the escape
   */
  #endOfEscape (at) {
    if (this.#units[at] !== openBracket) return at
    let end = at + 1
    while (end < this.#end && escapeParameters[this.#unitAt(end)] === 1) end++
    return end + 1
  }

  /**
   * Adds letters and signs of a script that is not Latin.
   * @param {number} from
   */
  #addLetters (from) {
    const isValue = this.#context.expected !== noValue
    let at = from
    for (; at < this.#end && this.#kindAt(at) === other && !this.text.isFull; at++) {
      if (!isValue) this.text.addSign(this.#unitAt(at))
    }
    if (isValue) this.#addValue()
    this.#context.forget()
    return at
  }

  /**
   * @param {number} at
   * @returns {number}
   */
  #addToken (at) {
    const token = this.#token
    token.read(at)
    const { end, kinds: all } = token
    if (end === at) return this.#addSign(at)
    const isLetters = (all & ~(letter | upper | lower | notHex)) === 0 && !token.isUrl
    if ((all & (letter | digit)) === 0) this.#addSigns(at, end)
    else if (!isLetters && isPlace(token)) this.#addValue()
    else if ((all & digit) !== 0) this.#addDigits()
    else if (isLetters && this.#isHex()) this.#addValue()
    else this.#addWord(rolesOf(token.hash))
    return end
  }

  /** Whether a token of letters is a long hexadecimal number. */
  #isHex () {
    const { start, end, kinds: all } = this.#token
    return (all & notHex) === 0 && end - start >= minHexLetters
  }

  /**
   * Adds signs such as `->` and `***`.
   * @param {number} at
   * @param {number} end
   */
  #addSigns (at, end) {
    const isPercent = end - at === 1 && this.#units[at] === percent
    if (isPercent && this.#context.isNumber) return this.text.dropBlank()
    this.text.addPart(this.#units, at, end)
    this.#context.forget()
  }

  /** Adds a token that has digits. */
  #addDigits () {
    const token = this.#token
    const roles = rolesOf(token.hash)
    if ((roles & known) !== 0 || (this.#context.expected === noValue && this.#isKept())) return this.#addWord(roles)
    const { start, kinds: all } = token
    const name = this.#context.expected === noValue && (all & atSign) !== 0 ? endOfClass(token) : start
    if (name > start) this.text.addPart(this.#units, start, name)
    this.#addValue()
    if ((all & letter) === 0) this.#context.followNumber()
  }

  /** Whether a token with digits is the code of an error, or the name of a function or of a source file. */
  #isKept () {
    const token = this.#token
    const { start, end } = token
    const units = this.#units
    if (this.#context.codeWord !== 0 && isErrorCode(units, start, end)) {
      if (this.#context.isAccess) return isServerFailure(units, start, end)
      return this.#context.codeWord === codeWord || !isCount(units, end)
    }
    const next = this.#unitAt(end)
    if ((token.kinds & (upper | lower)) === upper && hasCodeShape(units, start, end)) {
      return codeEnds[next] === 1 || this.text.isAtLineStart || brackets[this.text.adjacent] === 1
    }
    if ((this.#kindAt(start) & letter) === 0 || (next !== colonSign && next !== openParenthesis)) return false
    const second = units[end + 1]
    if (second === (next === colonSign ? colonSign : closeParenthesis)) return isIdentifier(token)
    return (this.#kindAt(end + 1) & digit) !== 0 && isSourceFile(token)
  }

  /** @param {number} roles */
  #addWord (roles) {
    const context = this.#context
    const { text } = this
    const { start, end } = this.#token
    if (roles !== 0 || context.expected !== noValue) {
      if (this.#isExpected(roles)) return this.#addValue()
      if (text.endsWithValue) {
        if (this.#isPartOfValue(roles)) return text.dropBlank()
        if ((roles & known) !== 0 && (roles & codeWord) !== 0) context.isAccess = true
      }
    }
    text.addPart(this.#units, start, end)
    context.followWord(roles, end, endsWithId(this.#token))
  }

  /** @param {number} roles */
  #isExpected (roles) {
    const { expected } = this.#context
    return expected === anyValue || (expected === userName && (roles & afterUser) === 0)
  }

  /**
   * Whether a word belongs to the value before it: a unit, a month, a time zone.
   * @param {number} roles
   */
  #isPartOfValue (roles) {
    if ((roles & unit) !== 0 && this.#context.isNumber) return true
    return (roles & (calendar | zone)) !== 0 && (this.#kindAt(this.#token.start) & upper) !== 0
  }

  #addValue () {
    if ((this.#context.previous & fromWord) !== 0) this.text.maskName()
    if ((this.#context.previous & calendar) !== 0) this.text.dropCalendar()
    this.text.addValue()
    this.#context.forget()
  }

  /**
   * @param {number} at
   * @returns {number}
   */
  #addSign (at) {
    const { text } = this
    const code = this.#unitAt(at)
    if (code === dotSign) return this.#addDots(at)
    if (code === colonSign && this.#unitAt(at + 1) === colonSign && isHexDigit(this.#kindAt(at + 2))) {
      return this.#addToken(at)
    }
    if (code === lessThan || code === moreThan) {
      if ((this.#kindAt(at + 1) & digit) !== 0 && !this.#isBracketed(at + 1)) return at + 1
      if (code === lessThan && this.#isMasked(at)) return this.#addMasked(at)
    }
    if (code === closeParenthesis && text.closeParenthesis()) {
      this.#context.forget()
      return at + 1
    }
    if (this.#context.expected !== noValue && isQuote(code)) return this.#addQuoted(at, code)
    text.addSign(code)
    this.#context.followSign(this.#units, at)
    return at + 1
  }

  /**
   * Adds a value in quotes; an opening quote alone if it is not closed soon.
   * @param {number} at
   * @param {number} sign
   */
  #addQuoted (at, sign) {
    const { text } = this
    let end = at + 1
    const limit = Math.min(this.#end, end + maxQuoted)
    while (end < limit && this.#units[end] !== sign && this.#units[end] !== newline) end++
    const isClosed = end > at + 1 && end < limit && this.#units[end] === sign
    text.addSign(sign)
    if (!isClosed) return at + 1
    this.#addValue()
    text.addSign(sign)
    return end + 1
  }

  /**
   * Adds dots as three: programs align what follows by them.
   * @param {number} at
   */
  #addDots (at) {
    let end = at
    while (end < this.#end && this.#units[end] === dotSign) end++
    for (let dots = Math.min(3, end - at); dots > 0; dots--) this.text.addSign(dotSign)
    this.#context.forget()
    return end
  }

  /**
   * Whether the value that begins here is followed by `>`.
   * @param {number} at
   */
  #isBracketed (at) {
    const limit = Math.min(this.#end, at + maxQuoted)
    let end = at
    while (end < limit && (this.#kindAt(end) & (blank | stop)) === 0) end++
    return this.#units[end] === moreThan
  }

  /** @param {number} at */
  #isMasked (at) {
    return this.#units[at + 1] === asterisk && this.#units[at + 2] === moreThan
  }

  /**
   * Adds `<*>`, which stands for a value in a text that was masked before.
   * @param {number} at
   */
  #addMasked (at) {
    this.#addValue()
    return at + 3
  }
}
