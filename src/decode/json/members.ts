import { BadRequest, TooLarge } from '../../errors.ts'
import { maxLogValues } from '../limits.ts'
import { isFields } from '../record/fields.ts'
import { ObjectBuilder } from './repeated-names.ts'

/** Collects the members of one large object or list, which are parsed one by one or in groups. */
export class Members {
  readonly #isObject: boolean
  readonly #list: unknown[] = []
  readonly #fields = new ObjectBuilder()
  #fieldCount = 0

  constructor (isObject: boolean) {
    this.#isObject = isObject
  }

  get isEmpty (): boolean {
    return this.#list.length + this.#fieldCount === 0
  }

  /** Adds one member; `name` is undefined for an element of a list. */
  add (name: string | undefined, value: unknown): void {
    if (name === undefined) {
      this.#list.push(value)
      return
    }
    if (name === 'constructor' && isFields(value) && Object.hasOwn(value, 'prototype')) {
      throw new BadRequest('body must not have __proto__ or constructor.prototype as a field')
    }
    this.#addField(name, value)
  }

  /** Adds a list or an object of neighbours. Throws BadRequest if it is empty and must not be. */
  addGroup (group: unknown, { mayBeEmpty }: { mayBeEmpty: boolean }): void {
    const fields = isFields(group) ? Object.entries(group) : []
    const elements = Array.isArray(group) ? group : []
    if (fields.length + elements.length === 0 && !mayBeEmpty) throw notJson()
    for (const [name, value] of fields) this.#addField(name, value)
    for (const value of elements) this.#list.push(value)
  }

  /** The object or list. */
  end (): unknown {
    return this.#isObject ? this.#fields.end() : this.#list
  }

  #addField (name: string, value: unknown): void {
    if (++this.#fieldCount > maxLogValues) throw new TooLarge(`one object must have at most ${maxLogValues} fields`)
    this.#fields.add(name, value)
  }
}

export function notJson (): Error {
  return new BadRequest('body must be JSON')
}
