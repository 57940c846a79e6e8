// Looks up attributes by the names that loggers give them. Plain JavaScript, because a thread runs it.

/**
 * @typedef {Record<string, unknown>} Fields
 * @typedef {ReadonlyArray<readonly [name: string, outer: string, inner: string]>} Paths
 */

/** Objects in which attributes of a log may stand. */
const containers = ['attributes', 'fields', 'context', 'Properties', 'State']
/** Every name that some AttributeNames look for, and those of the objects around them. */
const lookedFor = new Set(containers)

/**
 * Whether an attribute may have a name that some AttributeNames look for. Most logs have none, and this is much faster
 * than a search for each.
 * @param {Fields} attributes
 */
export function mayMatter (attributes) {
  for (const name in attributes) if (lookedFor.has(name)) return true
  return false
}

/** Names of attributes, in the order in which they count; `a.b` is also the field `b` of an object `a`. */
export class AttributeNames {
  /** @type {Paths} */
  #paths

  /** @param {readonly string[]} names */
  constructor (names) {
    this.#paths = names.map((name) => {
      const dot = name.indexOf('.')
      const outer = dot === -1 ? '' : name.slice(0, dot)
      lookedFor.add(name)
      if (outer !== '') lookedFor.add(outer)
      return [name, outer, name.slice(dot + 1)]
    })
  }

  /**
   * The first value that `read` makes something of.
   * @template Value
   * @param {Fields} attributes
   * @param {(value: unknown) => Value | undefined} read
   * @returns {Value | undefined}
   */
  find (attributes, read) {
    const found = this.#findIn(attributes, read)
    if (found !== undefined) return found
    for (const name of containers) {
      const inner = attributes[name]
      const value = isFields(inner) ? this.#findIn(inner, read) : undefined
      if (value !== undefined) return value
    }
    return undefined
  }

  /**
   * @template Value
   * @param {Fields} fields
   * @param {(value: unknown) => Value | undefined} read
   * @returns {Value | undefined}
   */
  #findIn (fields, read) {
    for (const [name, outer, inner] of this.#paths) {
      const value = read(fields[name])
      if (value !== undefined) return value
      const object = outer === '' ? undefined : fields[outer]
      const nested = isFields(object) ? read(object[inner]) : undefined
      if (nested !== undefined) return nested
    }
    return undefined
  }
}

/**
 * @param {unknown} value
 * @returns {value is Fields}
 */
function isFields (value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
