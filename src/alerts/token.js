// Finds where a token of a text ends, and what it is made of. Plain JavaScript, because a thread runs it.
//
// A token is a run of letters, digits and signs such as `.`, `-` and `/`. It ends at a blank, a bracket, a quote, a
// comma, a `=`, at two dots, and where Latin letters meet those of another script. A colon belongs to it in addresses,
// times, URLs and paths only.
import {
  atSign, backslash, blank, colon, digit, dot, isHexDigit, kinds, letter, lower, notHex, other, setOfSigns, slash, stop,
  upper
} from './characters.js'
import { addToHash, domain, hashOf, rolesOf, source, wordSeed } from './words.js'

const apostrophe = 0x27
const question = 0x3f
const tilde = 0x7e
const [underscore, hyphen, dollar, commercialAt, dotSign] = [0x5f, 0x2d, 0x24, 0x40, 0x2e]
const [capitalI, letterI, letterD, caseBit] = [0x49, 0x69, 0x64, 0x20]
/** Digits of a group of an IPv6 address. */
const maxGroup = 4
/** Digits of the name of a function: `sha256_init`. */
const maxIdentifierDigits = 3
/** From here on scripts are written without blanks between words, Hangul among them, which attaches its particles. */
const firstUnspaced = 0xe00
/** Signs that end a URL, or the query of a path. */
const urlEnds = setOfSigns('"\'<>()`')
/** Signs at the end of a token that belong to the sentence; also at the end of a URL. */
const sentenceSigns = setOfSigns('.:!?')
const urlSigns = setOfSigns('.:!?,;]}|')

/** The token that was read last. */
export class Token {
  /** @type {Uint16Array} */
  #units = new Uint16Array()
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
    this.#units = units
    this.#limit = limit
  }

  /**
   * Reads the token that begins here. It is empty where a sign stands alone.
   * @param {number} start
   */
  read (start) {
    const units = this.#units
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
    this.end = this.#trim(at)
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
    if (kind === dot) return this.#units[at + 1] !== code || (at === this.start && this.#kindAt(at + 2) === slash)
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
    while ((this.#kindAt(end) & letter) !== 0) end++
    return end > at && (this.#kindAt(end) & (blank | stop | dot | colon)) !== 0 &&
      this.#units[end] !== apostrophe && this.#units[this.start - 1] !== apostrophe
  }

  /** @param {number} at */
  #kindAt (at) {
    return kinds[this.#units[at] ?? 0] ?? 0
  }

  /**
   * Whether the colon at this place belongs to a URL, an address, a time or a path.
   * @param {number} at
   */
  #joinsColon (at) {
    const before = this.kinds
    const next = this.#kindAt(at + 1)
    if (next === slash && this.#kindAt(at + 2) === slash && (before & letter) !== 0) {
      this.isUrl = true
      return false
    }
    const isDrive = at === this.start + 1 && (before & letter) !== 0
    if (isDrive && (next & (slash | backslash)) !== 0) return true
    const isHex = (before & (notHex | slash)) === 0
    if (next === colon) return isHex && this.#isHexAt(at + 2)
    if (isHex && this.#isHexAt(at + 1)) return (before & (digit | colon)) !== 0 || this.#isHexGroup(at)
    if ((next & digit) === 0) return false
    return (before & (digit | slash)) !== 0 || ((before & dot) !== 0 && (this.#rolesOfLabel(at) & source) === 0)
  }

  /** @param {number} at */
  #isHexAt (at) {
    return isHexDigit(this.#kindAt(at))
  }

  /**
   * Whether the letters before this colon are the first group of a hardware or IPv6 address: `fe:54:00:…`.
   * @param {number} at
   */
  #isHexGroup (at) {
    let end = at + 1
    while (end <= at + maxGroup && this.#isHexAt(end)) end++
    return at - this.start <= maxGroup && this.#kindAt(end) === colon
  }

  /** Whether it is a URL or a path, or, without digits, an address of mail or the name of a host. */
  get isPlace () {
    const { kinds: all, start, end } = this
    if (this.isUrl) return true
    if ((all & ~(letter | upper | lower | notHex | digit)) === 0) return false
    if (this.#isPath()) return true
    if ((all & digit) !== 0) return false
    if ((all & atSign) !== 0) {
      const sign = this.#units.indexOf(commercialAt, start)
      return sign > start && sign < end - 1
    }
    return (all & dot) !== 0 && (all & (upper | slash | backslash)) === 0 && this.#isHost()
  }

  #isPath () {
    const { start, end, slashes } = this
    if (slashes > 1) return (this.kinds & letter) !== 0
    if (end - start < 2) return false
    const first = this.#kindAt(start)
    const second = this.#kindAt(start + 1)
    if (first === slash || first === (backslash | notHex)) return true
    if (second === colon) return (this.kinds & backslash) !== 0 || slashes > 0
    return slashes > 0 && (first === dot || this.#units[start] === tilde)
  }

  #isHost () {
    const { start, end } = this
    const last = this.#labelFrom(end)
    const roles = this.#rolesOfLabel(end)
    if (last === start || (roles & domain) === 0) return false
    const firstEnd = this.#units.indexOf(dotSign, start)
    const isReversed = firstEnd - start > 2 && (rolesOf(hashOf(this.#units, start, firstEnd)) & domain) !== 0
    if (isReversed) return false
    return firstEnd < last - 1 || end - last > 2
  }

  /** End of the name of a class before `@` and the number of an object, as in `Server@33557fe4`; `start` for none. */
  get endOfClass () {
    const { start, end } = this
    const sign = this.#units.indexOf(commercialAt, start)
    for (let at = start; at < sign; at++) {
      if ((this.#kindAt(at) & (letter | dot)) === 0 && this.#units[at] !== dollar) return start
    }
    for (let at = sign + 1; at < end; at++) if (!this.#isHexAt(at)) return start
    return sign > start ? sign + 1 : start
  }

  /** Whether it may be the name of a function: letters with few digits. */
  get isIdentifier () {
    const { start, end } = this
    let digits = 0
    for (let at = start; at < end; at++) if ((this.#kindAt(at) & digit) !== 0) digits++
    return digits <= maxIdentifierDigits && (this.#kindAt(start) & letter) !== 0 &&
      (this.kinds & ~(letter | upper | lower | notHex | digit | dot | colon)) === 0
  }

  /** Whether it is the name of a source file, without its path. */
  get isSourceFile () {
    return (this.kinds & (dot | slash)) === dot && (this.#rolesOfLabel(this.end) & source) !== 0
  }

  /** Whether it is a name such as `orderId` or `order_id`. */
  get endsWithId () {
    const { start, end } = this
    if (end - start < 3) return false
    const before = this.#units[end - 3]
    const i = this.#units[end - 2] ?? 0
    const d = this.#units[end - 1] ?? 0
    if (before === underscore || before === hyphen) return (i | caseBit) === letterI && (d | caseBit) === letterD
    return i === capitalI && d === letterD
  }

  /**
   * Start of the label after the last dot before `end`.
   * @param {number} end
   */
  #labelFrom (end) {
    let from = end
    while (from > this.start && this.#kindAt(from - 1) !== dot) from--
    return from
  }

  /** @param {number} end */
  #rolesOfLabel (end) {
    return rolesOf(hashOf(this.#units, this.#labelFrom(end), end))
  }

  /** @param {number} at */
  #endOfUrl (at) {
    const units = this.#units
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
    while (at > this.start && signs[this.#units[at - 1] ?? 0] === 1) at--
    if (at !== end && !this.isUrl) this.hash = hashOf(this.#units, this.start, at)
    return at
  }
}
