// Finds where a token of a text ends, and what it is made of. Plain JavaScript, because a thread runs it.
//
// A token is a run of letters, digits and signs such as `.`, `-` and `/`. It ends at a blank, a bracket, a quote, a
// comma, a `=`, at two dots, and where Latin letters meet those of another script. A colon belongs to it in addresses,
// times, URLs and paths only.
import {
  backslash, blank, colon, digit, dot, isHexDigit, kinds, letter, notHex, other, setOfSigns, slash, stop
} from './characters.js'
import { addToHash, hashOf, rolesOf, source, wordSeed } from './words.js'

const apostrophe = 0x27
const question = 0x3f
/** Digits of a group of an IPv6 address. */
const maxGroup = 4
/** From here on scripts are written without blanks between words, Hangul among them, which attaches its particles. */
const firstUnspaced = 0xe00
/** Signs that end a URL, or the query of a path. */
const urlEnds = setOfSigns('"\'<>()`')
/** Signs at the end of a token that belong to the sentence; also at the end of a URL. */
const sentenceSigns = setOfSigns('.:!?')
const urlSigns = setOfSigns('.:!?,;]}|')

/** The token that was read last. */
export class Token {
  /** The text, as code units. @type {Uint16Array} */
  units = new Uint16Array()
  #limit = 0
  start = 0
  end = 0
  /** Kinds of its characters together. */
  kinds = 0
  slashes = 0
  hash = 0
  /** Whether it is a URL, or a path with a query. */
  isUrl = false

  /**
   * Begins a text, after which two zeros stand.
   * @param {Uint16Array} units
   * @param {number} limit where it ends
   */
  open (units, limit) {
    this.units = units
    this.#limit = limit
  }

  /**
   * Reads the token that begins here. It is empty where a sign stands alone.
   * @param {number} start
   */
  read (start) {
    const units = this.units
    const limit = this.#limit
    this.start = start
    this.slashes = 0
    this.isUrl = false
    let all = 0
    let hash = wordSeed
    let at = start
    // Most characters are read in this loop, so its state is in variables.
    for (; at < limit; at++) {
      const code = units[at] ?? 0
      const kind = kinds[code] ?? 0
      if ((kind & (letter | digit)) === 0) {
        if (kind === blank) break
        this.kinds = all
        if (!this.#joins(at, code, kind)) break
      }
      all |= kind
      hash = addToHash(hash, code)
    }
    this.kinds = all
    this.hash = hash
    if (this.isUrl) at = this.#endOfUrl(at)
    const isSign = ((kinds[units[at - 1] ?? 0] ?? 0) & (letter | digit)) === 0
    this.end = isSign || this.isUrl ? this.#trim(at) : at
  }

  /**
   * Whether a sign belongs to the token that has begun.
   * @param {number} at
   * @param {number} code
   * @param {number} kind
   */
  #joins (at, code, kind) {
    if ((kind & (blank | stop | other)) !== 0) return this.#joinsForeign(at, code, kind)
    if (kind === colon) return this.#joinsColon(at)
    if (kind === dot) return this.units[at + 1] !== code || (at === this.start && this.kindAt(at + 2) === slash)
    if (kind === slash) this.slashes++
    if (code !== question || this.slashes === 0) return true
    this.isUrl = true
    return false
  }

  /**
   * Whether an apostrophe stands within a word, or a letter of another script within a path.
   * @param {number} at
   * @param {number} code
   * @param {number} kind
   */
  #joinsForeign (at, code, kind) {
    if (kind === other) return code < firstUnspaced && (this.kinds & slash) !== 0
    return code === apostrophe && (this.kinds & letter) !== 0 && this.#isEndOfWord(at + 1)
  }

  /**
   * Whether nothing but the last letters of a word stand here, as after the apostrophe of `can't`.
   * @param {number} at
   */
  #isEndOfWord (at) {
    let end = at
    while ((this.kindAt(end) & letter) !== 0) end++
    return end > at && (this.kindAt(end) & (blank | stop | dot | colon)) !== 0 &&
      this.units[end] !== apostrophe && this.units[this.start - 1] !== apostrophe
  }

  /** @param {number} at */
  kindAt (at) {
    return kinds[this.units[at] ?? 0] ?? 0
  }

  /**
   * Whether the colon at this place belongs to a URL, an address, a time or a path.
   * @param {number} at
   */
  #joinsColon (at) {
    const before = this.kinds
    const next = this.kindAt(at + 1)
    if (next === slash && this.kindAt(at + 2) === slash && (before & letter) !== 0) {
      this.isUrl = true
      return false
    }
    const isDrive = at === this.start + 1 && (before & letter) !== 0
    if (isDrive && (next & (slash | backslash)) !== 0) return true
    const isHex = (before & (notHex | slash)) === 0
    if (next === colon) return isHex && this.#isHexAt(at + 2)
    if (isHex && this.#isHexAt(at + 1)) return (before & (digit | colon)) !== 0 || this.#isHexGroup(at)
    if ((next & digit) === 0) return false
    return (before & (digit | slash)) !== 0 || ((before & dot) !== 0 && (this.rolesOfLabel(at) & source) === 0)
  }

  /** @param {number} at */
  #isHexAt (at) {
    return isHexDigit(this.kindAt(at))
  }

  /**
   * Whether the letters before this colon are the first group of a hardware or IPv6 address: `fe:54:00:…`.
   * @param {number} at
   */
  #isHexGroup (at) {
    let end = at + 1
    while (end <= at + maxGroup && this.#isHexAt(end)) end++
    return at - this.start <= maxGroup && this.kindAt(end) === colon
  }

  /**
   * Start of the label after the last dot before `end`.
   * @param {number} end
   */
  labelFrom (end) {
    let from = end
    while (from > this.start && this.kindAt(from - 1) !== dot) from--
    return from
  }

  /**
   * Roles of the label that ends here.
   * @param {number} end
   */
  rolesOfLabel (end) {
    return rolesOf(hashOf(this.units, this.labelFrom(end), end))
  }

  /** @param {number} at */
  #endOfUrl (at) {
    const units = this.units
    for (; at < this.#limit; at++) {
      const code = units[at] ?? 0
      const kind = kinds[code] ?? 0
      if (kind === blank || urlEnds[code] === 1 || (kind === other && code >= firstUnspaced)) break
    }
    return at
  }

  /** @param {number} end */
  #trim (end) {
    const signs = this.isUrl ? urlSigns : sentenceSigns
    let at = end
    while (at > this.start && signs[this.units[at - 1] ?? 0] === 1) at--
    if (at !== end && !this.isUrl) this.hash = hashOf(this.units, this.start, at)
    return at
  }
}
