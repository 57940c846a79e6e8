// Recognizes the codes by which errors differ. Plain JavaScript, because a thread runs it.
import { digit, isHexDigit, kinds, lower, upper } from './characters.js'
import { hashOf, preposition, rolesOf } from './words.js'

const [minus, zero, five, letterX, space] = [0x2d, 0x30, 0x35, 0x78, 0x20]
const maxNumberDigits = 5
const sqlStateLength = 5
/** Of a result of Windows: `0x80070005`. */
const hexResultLength = 10
const maxCodeLetters = 8
const [minCodeDigits, maxCodeDigits] = [2, 6]
/** Letters of a preposition at most. */
const maxPeeked = 10

/** @param {number | undefined} code */
function kindOf (code) {
  return kinds[code ?? 0] ?? 0
}

/**
 * Whether a token is the code of an error where a word such as `status` stands before it: `502`, `-1`, `42S02`,
 * `0x80070005`, `E1234`.
 * @param {Uint16Array} units
 * @param {number} start
 * @param {number} end
 */
export function isErrorCode (units, start, end) {
  const isNegative = units[start] === minus
  const from = isNegative ? start + 1 : start
  if (countDigits(units, from, end) === end - from) return end - from <= maxNumberDigits
  if (units[start] === zero && units[start + 1] === letterX) {
    return end - start === hexResultLength && isHex(units, start + 2, end)
  }
  return isSqlState(units, start, end) || hasCodeShape(units, start, end)
}

/**
 * Whether a token has the form of an error's code: one to eight capitals, perhaps `-`, two to six digits, as in
 * `ORA-00942`.
 * @param {Uint16Array} units
 * @param {number} start
 * @param {number} end
 */
export function hasCodeShape (units, start, end) {
  let at = start
  while (at < end && (kindOf(units[at]) & upper) !== 0) at++
  const letters = at - start
  if (letters < 1 || letters > maxCodeLetters) return false
  if (units[at] === minus) at++
  const digits = countDigits(units, at, end)
  return at + digits === end && digits >= minCodeDigits && digits <= maxCodeDigits
}

/**
 * Whether a token is the status of a request that failed at the server: 500 to 599.
 * @param {Uint16Array} units
 * @param {number} start
 * @param {number} end
 */
export function isServerFailure (units, start, end) {
  return end - start === 3 && units[start] === five && countDigits(units, start, end) === 3
}

/**
 * Whether the number that ends here counts what follows it: `3 files`, but not `3 from`.
 * @param {Uint16Array} units
 * @param {number} end
 */
export function isCount (units, end) {
  if (units[end] !== space) return false
  let at = end + 1
  while (at <= end + maxPeeked && (kindOf(units[at]) & lower) !== 0) at++
  return at > end + 1 && (rolesOf(hashOf(units, end + 1, at)) & preposition) === 0
}

/**
 * @param {Uint16Array} units
 * @param {number} from
 * @param {number} to
 */
function countDigits (units, from, to) {
  let at = from
  while (at < to && kindOf(units[at]) === digit) at++
  return at - from
}

/**
 * @param {Uint16Array} units
 * @param {number} from
 * @param {number} to
 */
function isHex (units, from, to) {
  for (let at = from; at < to; at++) {
    if (!isHexDigit(kindOf(units[at]))) return false
  }
  return true
}

/**
 * @param {Uint16Array} units
 * @param {number} start
 * @param {number} end
 */
function isSqlState (units, start, end) {
  for (let at = start; at < end; at++) {
    if ((kindOf(units[at]) & (upper | digit)) === 0) return false
  }
  return end - start === sqlStateLength
}
