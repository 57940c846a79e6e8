// The text that masking leaves: words, signs, and `<*>` for a value or a run of values. Plain JavaScript, because a
// thread runs it.
import { blank, letter, setOfSigns, upper } from './characters.js'
import { TextBuffer } from './text-buffer.js'
import { addToHash, calendar, credential, forWord, preposition, rolesOf, user, wordSeed } from './words.js'

/** Stands for a value while the text is built: NUL is a blank in a message, so that no message holds it. */
const value = 0
const valueText = '<*>'
const [newline, space, openParenthesis, underscore] = [0x0a, 0x20, 0x28, 0x5f]
/** Signs between the values of one run, as in `1, 2` and `10.0.0.1 - 10.0.0.9`. */
const joints = setOfSigns(' ,|/:-+#&')

/** Builds one masked text at a time. */
export class MaskedText extends TextBuffer {
  /** Whether a value is the last in the line, perhaps before a blank. */
  get endsWithValue () {
    return this.gap !== newline && this.length > 0 && this.at(this.length - 1) === value
  }

  /** Adds a value, unless the text ends with a run of values that it belongs to. */
  addValue () {
    if (this.gap !== newline) {
      let end = this.length
      while (end > 0 && joints[this.at(end - 1)] === 1) end--
      if (end > 0 && this.at(end - 1) === value) {
        this.length = end
        this.gap = 0
        return
      }
    }
    this.addSign(value)
  }

  /** Removes the weekdays and months that the text ends with. */
  dropCalendar () {
    for (;;) {
      const from = this.#wordFrom(this.length)
      if (from === this.length || (this.#rolesAt(from, this.length) & calendar) === 0) return
      if ((this.kindAt(from) & upper) === 0) return
      this.#cutAt(from)
    }
  }

  /** Masks the name before the `from` that the text ends with: `bob` of `user bob from`, `password for bob from`. */
  maskName () {
    const fromWord = this.#wordFrom(this.length)
    const name = this.#blankBefore(fromWord - 1)
    if (fromWord === 0 || name === 0) return
    const word = this.#wordFrom(name - 1)
    const roles = this.#rolesAt(word, name - 1)
    if ((roles & user) === 0) {
      if ((roles & forWord) === 0 || word === 0) return
      if ((this.#rolesAt(this.#wordFrom(word - 1), word - 1) & credential) === 0) return
    }
    this.codes[name] = value
    this.codes.copyWithin(name + 1, fromWord - 1, this.length)
    this.length -= fromWord - 2 - name
  }

  /**
   * Ends a parenthesis that holds a value or nothing: after a value it is removed; with a name in capitals after a
   * preposition it becomes a value, as in `to LOCAL(0)`. Returns false if the parenthesis stays and is to be closed.
   */
  closeParenthesis () {
    const holdsValue = this.length > 0 && this.at(this.length - 1) === value
    const open = this.length - (holdsValue ? 2 : 1)
    if (open < 1 || this.at(open) !== openParenthesis) return false
    const before = this.at(open - 1) === space ? open - 1 : open
    if (before > 0 && this.at(before - 1) === value) {
      this.length = before
      this.gap = 0
      return true
    }
    return holdsValue && this.#closeInstance(open)
  }

  /** @param {number} open */
  #closeInstance (open) {
    let from = open
    while (from > 0 && (this.at(from - 1) === underscore || (this.kindAt(from - 1) & upper) !== 0)) from--
    if (from === open || from < 2 || this.at(from - 1) !== space) return false
    if ((this.#rolesAt(this.#wordFrom(from - 1), from - 1) & preposition) === 0) return false
    this.#cutAt(from)
    this.addValue()
    return true
  }

  /** @override */
  toString () {
    return super.toString().replaceAll('\0', valueText)
  }

  /**
   * Removes what begins here; a blank before it stands before what comes next.
   * @param {number} from
   */
  #cutAt (from) {
    const before = from > 0 ? this.at(from - 1) : 0
    this.gap = before === space || before === newline ? before : 0
    this.length = this.gap === 0 ? from : from - 1
  }

  /**
   * Where the letters that end here begin.
   * @param {number} end
   */
  #wordFrom (end) {
    let from = end
    while (from > 0 && (this.kindAt(from - 1) & letter) !== 0) from--
    return from
  }

  /**
   * Where the characters that end here and are no blanks begin.
   * @param {number} end
   */
  #blankBefore (end) {
    let from = end
    while (from > 0 && (this.kindAt(from - 1) & blank) === 0) from--
    return from
  }

  /**
   * @param {number} from
   * @param {number} to
   */
  #rolesAt (from, to) {
    let hash = wordSeed
    for (let at = from; at < to; at++) hash = addToHash(hash, this.at(at))
    return rolesOf(hash)
  }
}
