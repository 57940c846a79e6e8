// Values of attributes: how they are found and compared.
// Plain JavaScript, because the threads of the embedded database and of the word index run it, too.

/** @typedef {'=' | '<' | '<=' | '>' | '>='} Comparison */

/** Names of the longest path of which all ways to join them are tried. */
const maxFreeNames = 6
/** Names of the longest path of which all ways to join them to two are tried. */
const maxPairedNames = 32

/** @type {WeakMap<readonly string[], string[][]>} */
const readings = new WeakMap()

/**
 * Ways in which a dotted name may be written in attributes, of which the first that exists counts: `a.b.c` as one name,
 * as nested objects, and as nested objects with dots in their names. After `attributes.` a name is an attribute of the
 * record, even if a field has that name; or else one within an attribute called `attributes`.
 * @param {readonly string[]} path
 * @returns {string[][]}
 */
export function readingsOf (path) {
  let known = readings.get(path)
  if (known === undefined) {
    const [first, ...others] = path
    const isExplicit = first === 'attributes' && others.length > 0
    known = isExplicit ? [...joinsOf(others), ...joinsOf(path)] : joinsOf(path)
    readings.set(path, known)
  }
  return known
}

/**
 * @param {readonly string[]} path
 * @returns {string[][]}
 */
function joinsOf (path) {
  const whole = path.join('.')
  if (path.length === 1) return [[whole]]
  if (path.length > maxFreeNames) return [[whole], [...path], ...pairsOf(path)]
  // Each bit of a number separates two names: 0 separates none, the last number all.
  const ways = Array.from({ length: 2 ** (path.length - 1) }, (_, bits) => splitBy(bits, path))
  return [[whole], [...path], ...ways.slice(1, -1)]
}

/**
 * @param {number} bits
 * @param {readonly string[]} path
 */
function splitBy (bits, path) {
  /** @type {string[]} */
  const names = []
  for (const [index, name] of path.entries()) {
    if (index === 0 || bits >> (index - 1) & 1) names.push(name)
    else names[names.length - 1] += `.${name}`
  }
  return names
}

/** @param {readonly string[]} path */
function pairsOf (path) {
  if (path.length > maxPairedNames) return []
  return path.slice(1).map((_, index) => [path.slice(0, index + 1).join('.'), path.slice(index + 1).join('.')])
}

/**
 * Value of the attributes at a path; undefined for none.
 * @param {Record<string, unknown> | null} attributes
 * @param {readonly string[]} path
 * @returns {unknown}
 */
export function valueAt (attributes, path) {
  if (attributes === null) return undefined
  for (const names of readingsOf(path)) {
    /** @type {unknown} */
    let value = attributes
    for (const name of names) value = isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
    if (value !== undefined) return value
  }
  return undefined
}

/**
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
function isObject (value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Value as text; undefined for an object, a list and null.
 * @param {unknown} value
 * @returns {string | undefined}
 */
export function asText (value) {
  return typeof value === 'object' || value === undefined ? undefined : String(value)
}

/** Text that is a number, too, with few enough digits for a database to compare them exactly. */
export const numeral = '^-?[0-9]{1,30}([.][0-9]{1,30})?([eE][-+]?[0-9]{1,2})?'
const isNumeral = new RegExp(`${numeral}$`)

/**
 * The number that a value is, or that its text is; undefined for anything else.
 * @param {unknown} value
 * @returns {number | undefined}
 */
export function numberOf (value) {
  if (typeof value === 'number') return value
  return typeof value === 'string' && isNumeral.test(value) ? Number(value) : undefined
}

/**
 * Compares a number, or text that is one, with the number of a query. Digits of texts are compared exactly, numbers
 * with an exponent as floating point.
 * @param {unknown} value
 * @param {Comparison} comparison
 * @param {string} number
 */
export function compares (value, comparison, number) {
  if (typeof value === 'number') return holds(value, comparison, Number(number))
  if (typeof value !== 'string' || !isNumeral.test(value)) return false
  return isDecimal(value) && isDecimal(number)
    ? holds(digitsOf(value), comparison, digitsOf(number))
    : holds(Number(value), comparison, Number(number))
}

/**
 * Whether a text is a number without an exponent, which is compared by its digits.
 * @param {string} text
 */
export function isDecimal (text) {
  return isNumeral.test(text) && !/e/i.test(text)
}

/**
 * Number in units of the thirtieth digit after the point.
 * @param {string} text
 */
function digitsOf (text) {
  const [whole = '', fraction = ''] = text.split('.')
  return BigInt(whole + fraction.padEnd(30, '0'))
}

/**
 * @param {number | bigint} one
 * @param {Comparison} comparison
 * @param {number | bigint} other
 */
function holds (one, comparison, other) {
  switch (comparison) {
    case '=': return one === other
    case '<': return one < other
    case '<=': return one <= other
    case '>': return one > other
    case '>=': return one >= other
  }
}
