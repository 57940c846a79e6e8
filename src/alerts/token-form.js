// Tells by the form of a token that it is an address, or the name of something. Plain JavaScript, because a thread runs
// it.
import { atSign, backslash, colon, digit, dot, isHexDigit, letter, lower, notHex, slash, upper } from './characters.js'
import { domain, hashOf, rolesOf, source } from './words.js'

/** @typedef {import('./token.js').Token} Token */

const [tilde, underscore, hyphen, dollar, commercialAt, dotSign] = [0x7e, 0x5f, 0x2d, 0x24, 0x40, 0x2e]
const [capitalI, letterI, letterD, caseBit] = [0x49, 0x69, 0x64, 0x20]
/** Digits of the name of a function: `sha256_init`. */
const maxIdentifierDigits = 3

/**
 * Whether it is a URL or a path, or, without digits, an address of mail or the name of a host.
 * @param {Token} token
 */
export function isPlace (token) {
  const { units, kinds: all, start, end } = token
  if (token.isUrl) return true
  if ((all & (slash | backslash)) !== 0 && isPath(token)) return true
  if ((all & digit) !== 0) return false
  if ((all & atSign) !== 0) {
    const sign = units.indexOf(commercialAt, start)
    return sign > start && sign < end - 1
  }
  return (all & dot) !== 0 && (all & (upper | slash | backslash)) === 0 && isHost(token)
}

/** @param {Token} token */
function isPath (token) {
  const { units, start, end, slashes } = token
  if (slashes > 1) return (token.kinds & letter) !== 0
  if (end - start < 2) return false
  const first = token.kindAt(start)
  const second = token.kindAt(start + 1)
  if (first === slash || first === (backslash | notHex)) return true
  if (second === colon) return (token.kinds & backslash) !== 0 || slashes > 0
  return slashes > 0 && (first === dot || units[start] === tilde)
}

/** @param {Token} token */
function isHost (token) {
  const { units, start, end } = token
  const last = token.labelFrom(end)
  const roles = token.rolesOfLabel(end)
  if (last === start || (roles & domain) === 0) return false
  const firstEnd = units.indexOf(dotSign, start)
  const isReversed = firstEnd - start > 2 && (rolesOf(hashOf(units, start, firstEnd)) & domain) !== 0
  if (isReversed) return false
  return firstEnd < last - 1 || end - last > 2
}

/**
 * End of the name of a class before `@` and the number of an object, as in `Server@33557fe4`; `start` for none.
 * @param {Token} token
 */
export function endOfClass (token) {
  const { units, start, end } = token
  const sign = units.indexOf(commercialAt, start)
  for (let at = start; at < sign; at++) {
    if ((token.kindAt(at) & (letter | dot)) === 0 && units[at] !== dollar) return start
  }
  for (let at = sign + 1; at < end; at++) if (!isHexDigit(token.kindAt(at))) return start
  return sign > start ? sign + 1 : start
}

/**
 * Whether it may be the name of a function: letters with few digits.
 * @param {Token} token
 */
export function isIdentifier (token) {
  const { start, end } = token
  let digits = 0
  for (let at = start; at < end; at++) if ((token.kindAt(at) & digit) !== 0) digits++
  return digits <= maxIdentifierDigits && (token.kindAt(start) & letter) !== 0 &&
    (token.kinds & ~(letter | upper | lower | notHex | digit | dot | colon)) === 0
}

/**
 * Whether it is the name of a source file, without its path.
 * @param {Token} token
 */
export function isSourceFile (token) {
  return (token.kinds & (dot | slash)) === dot && (token.rolesOfLabel(token.end) & source) !== 0
}

/**
 * Whether it is a name such as `orderId` or `order_id`.
 * @param {Token} token
 */
export function endsWithId (token) {
  const { units, start, end } = token
  if (end - start < 3) return false
  const before = units[end - 3]
  const i = units[end - 2] ?? 0
  const d = units[end - 1] ?? 0
  if (before === underscore || before === hyphen) return (i | caseBit) === letterI && (d | caseBit) === letterD
  return i === capitalI && d === letterD
}
