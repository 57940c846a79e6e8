/** Types of an attribute's values, as JSON has them. */
export type ValueType = 'text' | 'number' | 'boolean' | 'list'

/** An attribute that logs have. */
export interface AttributeName {
  /** Its dotted name, as a query finds it. */
  name: string
  types: ValueType[]
  /** Number of logs that have it. */
  count: number
  /** A value, as text of bounded length; of a list its JSON. */
  example: string
}

/** Bounds of the names that are kept, of the names of a log that are looked at, and of characters. */
const maxNames = 1000
const maxNamesPerLog = 1000
const maxNameCharacters = 200
const maxExampleCharacters = 100

/** Names that a query reads as fields. */
const fieldNames = new Set(['level', 'process', 'description', 'pid', 'user', 'message'])

/** Collects the names of attributes that begin with a prefix, in any case; in bounded memory. */
export class AttributeNames {
  readonly #prefix: string
  readonly #byName = new Map<string, Omit<AttributeName, 'name' | 'types'> & { types: Set<ValueType> }>()
  /** Whether names were left out: there are too many, or they are too long. */
  isCut = false

  constructor (prefix = '') {
    this.#prefix = prefix.toLowerCase()
  }

  /** Adds the names of a log. */
  add (attributes: Record<string, unknown>): void {
    const seen = new Set<string>()
    for (const [name, value] of leavesOf(attributes, '')) {
      if (seen.size === maxNamesPerLog) {
        this.isCut = true
        return
      }
      if (seen.has(name)) continue
      seen.add(name)
      if (name.toLowerCase().startsWith(this.#prefix)) this.#addName(name, value)
    }
  }

  #addName (name: string, value: unknown): void {
    const known = this.#byName.get(name)
    if (known !== undefined) {
      known.count++
      known.types.add(typeOf(value))
    } else if (this.#byName.size === maxNames || name.length > maxNameCharacters) this.isCut = true
    else this.#byName.set(name, { types: new Set([typeOf(value)]), count: 1, example: exampleOf(value) })
  }

  /** The most frequent first. */
  get names (): AttributeName[] {
    return [...this.#byName]
      .map(([name, { types, ...others }]) => ({ name, types: [...types].sort(), ...others }))
      .sort((one, other) => other.count - one.count || (one.name < other.name ? -1 : 1))
  }
}

/** The values that are neither null nor objects, by their dotted names. */
function * leavesOf (object: object, path: string): Generator<[name: string, value: unknown], void, void> {
  for (const [key, value] of Object.entries(object)) {
    const name = path === '' ? (fieldNames.has(key) && !isObject(value) ? `attributes.${key}` : key) : `${path}.${key}`
    if (isObject(value)) yield * leavesOf(value, name)
    else if (value !== null && name !== '') yield [name, value]
  }
}

function isObject (value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function typeOf (value: unknown): ValueType {
  if (typeof value === 'number') return 'number'
  if (typeof value === 'boolean') return 'boolean'
  return Array.isArray(value) ? 'list' : 'text'
}

function exampleOf (value: unknown): string {
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  return text.length <= maxExampleCharacters ? text : `${text.slice(0, maxExampleCharacters).toWellFormed()}…`
}
