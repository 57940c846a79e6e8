// What the words and signs before say about what follows, while a text is masked. Plain JavaScript, because a thread
// runs it.
import { blank, kinds, setOfSigns } from './characters.js'
import { beforeUser, code, doubtfulCode, filler, identity, user } from './words.js'

/** A value that is expected next: none, one of any form, or a user's name. */
export const noValue = 0
export const anyValue = 1
export const userName = 2

/** Signs between a word such as `errno` and its number. */
const maxSignsBeforeCode = 4
const signsBeforeCode = setOfSigns(':=#([{"\'>')
const quotes = setOfSigns('"\'`')
const [equals, colonSign] = [0x3d, 0x3a]

export class Context {
  expected = noValue
  /** Role of the word after which the number of an error may follow: `code`, `doubtfulCode`, or 0. */
  codeWord = 0
  #signsBeforeCode = 0
  /** Whether the line has an HTTP request: of its numbers only those of failures at the server tell errors apart. */
  isAccess = false
  /** Roles of the word before; 0 after anything else. */
  previous = 0
  /** Whether the value before is a number. */
  isNumber = false
  /** End of the name of a field that identifies something, with its quote; -1 if another thing followed. */
  #keyEnd = -1
  #isKeyQuoted = false
  /** Whether there is nothing to forget. */
  #isEmpty = true

  /** Forgets everything but that the line has a request. */
  forget () {
    if (this.#isEmpty) return
    this.expected = noValue
    this.codeWord = 0
    this.previous = 0
    this.isNumber = false
    this.#keyEnd = -1
    this.#isEmpty = true
  }

  beginLine () {
    this.isAccess = false
    this.forget()
  }

  /**
   * Follows a word.
   * @param {number} roles
   * @param {number} end
   * @param {boolean} isId whether it ends as in `orderId`
   */
  followWord (roles, end, isId) {
    if (roles === 0 && !isId) return this.forget()
    this.#isEmpty = false
    const codeWord = roles & (code | doubtfulCode)
    if (codeWord !== 0) this.#signsBeforeCode = 0
    if (codeWord !== 0 || (roles & filler) === 0) this.codeWord = codeWord
    this.expected = (roles & user) !== 0 && (this.previous & beforeUser) !== 0 ? userName : noValue
    this.#keyEnd = (roles & identity) !== 0 || isId ? end : -1
    this.isNumber = false
    this.previous = roles
  }

  /** Follows a number. */
  followNumber () {
    this.isNumber = true
    this.#isEmpty = false
  }

  /**
   * Follows a sign.
   * @param {Uint16Array} units
   * @param {number} at
   */
  followSign (units, at) {
    if (this.#isEmpty) return
    const sign = units[at] ?? 0
    const isBlankNext = ((kinds[units[at + 1] ?? 0] ?? 0) & blank) !== 0
    const isBeforeCode = signsBeforeCode[sign] === 1 && ++this.#signsBeforeCode <= maxSignsBeforeCode
    this.expected = this.#keyEnd !== -1 && this.#namesValue(sign, at, isBlankNext) ? anyValue : noValue
    this.#isKeyQuoted = this.#keyEnd === at && isQuote(sign)
    this.#keyEnd = this.#isKeyQuoted ? at + 1 : -1
    this.previous = 0
    this.isNumber = false
    if (!isBeforeCode) this.codeWord = 0
  }

  /**
   * Whether a value follows the name of a field and this sign: `user=root`, `user = root`, `"user": "root"`.
   * @param {number} sign
   * @param {number} at
   * @param {boolean} isBlankNext
   */
  #namesValue (sign, at, isBlankNext) {
    const isAttached = this.#keyEnd === at
    if (sign === equals) return !isAttached || !isBlankNext
    return sign === colonSign && (isBlankNext ? this.#isKeyQuoted : isAttached)
  }
}

/** @param {number} sign */
export function isQuote (sign) {
  return quotes[sign] === 1
}
