// JSON in which an object has a name twice, as some loggers write it: JSON.parse would keep only the last value.
import { FieldAdder, isFields, set, type Fields } from '../record/fields.ts'
import { endOfTextString } from './strings.ts'

/**
 * Builds an object. Further values of a repeated name are kept under that name with `_` at its end: as a list if there
 * are several.
 */
export class ObjectBuilder {
  readonly #fields: Fields = {}
  #repeats: Map<string, unknown[]> | undefined

  add (name: string, value: unknown): void {
    if (!Object.hasOwn(this.#fields, name)) return set(this.#fields, name, value)
    this.#repeats ??= new Map()
    const values = this.#repeats.get(name)
    if (values) values.push(value)
    else this.#repeats.set(name, [value])
  }

  end (): Fields {
    if (this.#repeats) {
      const adder = new FieldAdder(this.#fields)
      for (const [name, values] of this.#repeats) adder.add(name, values.length === 1 ? values[0] : values)
    }
    return this.#fields
  }
}

/** Number of names that the objects of a value have, at all levels. */
export function countNames (value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  let count = 0
  if (isFields(value)) {
    for (const name in value) {
      const inner = value[name]
      count += typeof inner === 'object' && inner !== null ? 1 + countNames(inner) : 1
    }
  } else if (Array.isArray(value)) {
    for (const inner of value) if (typeof inner === 'object') count += countNames(inner)
  }
  return count
}

const token = /"|[[\]{},:]|[^[\]{},:"\s]+/y
const blanks = /\s*/y

/** Parses a text that JSON.parse accepts, and keeps every value of a repeated name. */
export function parseWithRepeats (text: string): unknown {
  let at = 0
  return value(next())

  function next (): string {
    blanks.lastIndex = at
    blanks.exec(text)
    token.lastIndex = blanks.lastIndex
    const start = blanks.lastIndex
    const isString = token.exec(text)?.[0] === '"'
    at = isString ? endOfTextString(text, start) : token.lastIndex
    return text.slice(start, at)
  }

  function value (first: string): unknown {
    if (first === '{') return object()
    return first === '[' ? list() : JSON.parse(first)
  }

  function object (): Fields {
    const builder = new ObjectBuilder()
    for (let name = next(); name !== '}'; name = next()) {
      if (name === ',') continue
      next()
      builder.add(JSON.parse(name), value(next()))
    }
    return builder.end()
  }

  function list (): unknown[] {
    const values: unknown[] = []
    for (let first = next(); first !== ']'; first = next()) if (first !== ',') values.push(value(first))
    return values
  }
}
