import { BadRequest } from '../../errors.ts'
import { stepSize } from '../steps.ts'
import { maxAttributes, maxNameLength } from '../limits.ts'

export type Fields = Record<string, unknown>

/** What stands for the process of a log that names none. */
export const noProcess = '-'

/** Sets a field, whatever its name: a plain assignment to `__proto__` would change the prototype. */
export function set (fields: Fields, name: string, value: unknown): void {
  if (name !== '__proto__') fields[name] = value
  else Object.defineProperty(fields, name, { value, enumerable: true, writable: true, configurable: true })
}

/**
 * Adds fields to others; one whose name is taken gets the first free name with `_` at its end. Each
 * name that turned out to be taken leads to where the search ended, so that no search repeats another.
 */
export class FieldAdder {
  readonly #fields: Fields
  #next: Map<string, string> | undefined

  constructor (fields: Fields) {
    this.#fields = fields
  }

  add (name: string, value: unknown): void {
    set(this.#fields, Object.hasOwn(this.#fields, name) ? this.#freeName(name) : name, value)
  }

  #freeName (name: string): string {
    const next = this.#next ??= new Map()
    const taken: string[] = []
    let free = name
    while (Object.hasOwn(this.#fields, free)) {
      taken.push(free)
      free = next.get(free) ?? `${free}_`
    }
    for (const name of taken) next.set(name, free)
    return free
  }
}

/** Where attributes are kept that are beyond the limits of a log: one text, their JSON. */
const moreAttributes = 'more_attributes'

/** The attributes within the limits of a log; those beyond are its JSON in one more, `more_attributes`. */
export function limitAttributes (attributes: Fields): Fields {
  const names = Object.keys(attributes)
  const areFew = names.length <= maxAttributes && names.every((name) => name.length <= maxNameLength)
  return areFew ? attributes : pick(attributes, names)
}

/**
 * The fields of a large log within its limits, in steps: those of its own stay, others beyond the limits become one
 * text before anybody walks them. `max` is the number of fields that the log may still have.
 */
export function * narrow (
  fields: Fields, own: { has: (name: string) => boolean }, max = maxAttributes
): Generator<undefined, Fields, void> {
  const names = Object.keys(fields)
  if (names.length <= max && names.every((name) => name.length <= maxNameLength)) return fields
  const kept: Fields = {}
  const more: string[] = []
  let room = names.length <= max ? names.length : max - 1
  for (const [place, name] of names.entries()) {
    if (place % stepSize === stepSize - 1) yield
    if (own.has(name)) set(kept, name, fields[name])
    else if (name.length <= maxNameLength && room-- > 0) set(kept, name, fields[name])
    else more.push(textOfField(name, fields[name]))
  }
  if (more.length > 0) new FieldAdder(kept).add(moreAttributes, `{${more.join(',')}}`)
  return kept
}

function textOfField (name: string, value: unknown): string {
  return `${JSON.stringify(name)}:${JSON.stringify(value)}`
}

/** The fields of these names, within the limits of a log. */
export function pick (fields: Fields, names: readonly string[]): Fields {
  const kept: Fields = {}
  const more: string[] = []
  const room = names.length <= maxAttributes ? names.length : maxAttributes - 1
  for (const [place, name] of names.entries()) {
    if (place < room && name.length <= maxNameLength) set(kept, name, fields[name])
    else more.push(textOfField(name, fields[name]))
  }
  if (more.length > 0) new FieldAdder(kept).add(moreAttributes, `{${more.join(',')}}`)
  return kept
}

/** The fields by other names, but for those that get none; what would take another field's name keeps its own. */
export function rename (fields: Fields, renamed: (name: string) => string | undefined): Fields {
  const names = Object.keys(fields)
  // Most logs have no such name, and copying many fields takes longer than all else.
  if (names.every((name) => renamed(name) === name)) return fields
  const others: Fields = {}
  for (const name of names) {
    const other = renamed(name)
    if (other === undefined) continue
    if (other === name) {
      others[name] = fields[name]
      continue
    }
    const isFree = !Object.hasOwn(fields, other) || renamed(other) === undefined
    others[isFree && other !== '__proto__' ? other : name] = fields[name]
  }
  return others
}

/** Attributes are null where there is none. */
export function attributesOf (fields: Fields): Fields | null {
  for (const name in fields) if (Object.hasOwn(fields, name)) return fields
  return null
}

/** The same fields. Throws BadRequest where there is none: such a log would say nothing. */
export function requireField (fields: Fields): Fields {
  if (attributesOf(fields) === null) throw new BadRequest('a log must have a field')
  return fields
}

/** Whether a value is an object with names. */
export function isFields (value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A text as it is, anything else but nothing as its JSON. */
export function textOf (value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Whether it is a character of ASCII that is no blank. */
function isVisible (code: number): boolean {
  return code > 0x20 && code < 0x7f
}

/** A text that is not blank, or a number. */
export function nameOf (value: unknown): string | undefined {
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && (isVisible(value.charCodeAt(0)) || /\S/.test(value)) ? value : undefined
}
