// Values of attributes: where they stand, and how they compare. Plain JavaScript: the threads of the embedded database and of the word index run it, too.

/** @typedef {'=' | '<' | '<=' | '>' | '>='} Comparison */

/** Names of a path up to which all ways to join them are tried, and up to which it is tried to join them to two. */
const maxFreeNames = 6
const maxPairedNames = 32

/** @type {WeakMap<readonly string[], string[][]>} */
const readings = new WeakMap()

/**
 * The ways in which a dotted name may stand in attributes, the first that is there counts: `a.b.c` as one name, as nested
 * objects, and as nested objects whose names have dots. After `attributes.` a name is one of the record's attributes,
 * whatever else has that name; it may also be one of an attribute of that name.
 * @param {readonly string[]} path
 * @returns {string[][]}
 */
export function readingsOf (path) {
  let known = readings.get(path)
  if (known === undefined) {
    const [first, ...others] = path
    known = first === 'attributes' && others.length > 0 ? [...joinsOf(others), ...joinsOf(path)] : joinsOf(path)
    readings.set(path, known)
  }
  return known
}

/** @param {readonly string[]} path */
function joinsOf (path) {
  const whole = path.join('.')
  if (path.length === 1) return [[whole]]
  if (path.length <= maxFreeNames) {
    // Each bit of a number says whether there is a joint; all bits are last, but come second.
    const ways = Array.from({ length: 2 ** (path.length - 1) }, (_, bits) => path.slice(1).reduce((names, name, index) => {
      if (bits >> index & 1) names.push(name)
      else names[names.length - 1] += `.${name}`
      return names
    }, [path[0]]))
    return [ways[0], ways.at(-1), ...ways.slice(1, -1)]
  }
  const pairs = path.length > maxPairedNames ? [] : path.slice(1).map((_, index) => [path.slice(0, index + 1).join('.'), path.slice(index + 1).join('.')])
  return [[whole], [...path], ...pairs]
}

/**
 * What the attributes hold at a path.
 * @param {Record<string, unknown> | null} attributes
 * @param {readonly string[]} path
 * @returns {unknown} undefined where there is nothing
 */
export function valueAt (attributes, path) {
  if (attributes === null) return undefined
  for (const names of readingsOf(path)) {
    const value = names.reduce((value, name) => isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined, attributes)
    if (value !== undefined) return value
  }
  return undefined
}

/** @param {any} value */
function isObject (value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * A value as text; undefined where it is none, as an object, a list and null.
 * @param {unknown} value
 * @returns {string | undefined}
 */
export function asText (value) {
  return typeof value === 'object' || value === undefined ? undefined : String(value)
}

/** A text that is a number, too: its digits are so few that a database can compare them exactly. */
export const numeral = '^-?[0-9]{1,30}([.][0-9]{1,30})?([eE][-+]?[0-9]{1,2})?'
const isNumeral = new RegExp(`${numeral}$`)

/**
 * Whether a number, or a text that is one, compares so with the number of a query. Digits of texts are compared exactly,
 * exponents as floating point.
 * @param {unknown} value
 * @param {Comparison} comparison
 * @param {string} number
 */
export function compares (value, comparison, number) {
  if (typeof value === 'number') return holds(value, comparison, Number(number))
  if (typeof value !== 'string' || !isNumeral.test(value)) return false
  return isDecimal(value) && isDecimal(number) ? holds(digitsOf(value), comparison, digitsOf(number)) : holds(Number(value), comparison, Number(number))
}

/**
 * Whether a text is a number that is compared by its digits.
 * @param {string} text
 */
export function isDecimal (text) {
  return isNumeral.test(text) && !/e/i.test(text)
}

/** In units of the thirtieth digit behind the point. */
function digitsOf (text) {
  const [whole, fraction = ''] = text.split('.')
  return BigInt(whole + fraction.padEnd(30, '0'))
}

/**
 * @template {number | bigint} Number
 * @param {Number} one
 * @param {Comparison} comparison
 * @param {Number} other
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
