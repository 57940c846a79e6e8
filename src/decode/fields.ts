import type { LogRecord, Severity, UtcTime } from '../record.ts'
import { parseEpoch, parseTime } from '../time.ts'
import { stepSize } from './decoded.ts'
import { maxAttributes, maxNameLength } from './growth.ts'
import { severityOfName, severityOfPinoNumber, severityOfSyslogNumber } from './severity.ts'

/** What a record is made of, and for each the names under which a sender may give it, the first that is there counts. */
export interface FieldNames {
  message: readonly string[]
  time: readonly string[]
  level: readonly string[]
  process: readonly string[]
  pid: readonly string[]
  description: readonly string[]
}

export type Fields = Record<string, unknown>

/** What stands for the process of a log that names none. */
export const noProcess = '-'

/**
 * A log out of fields: each of the record's own is taken from the first name that holds something of
 * its kind; all else is kept as attributes, as it came. A name with dots means a field of that name,
 * or one within others. Without a time it happened on arrival; without a level it is of severity info.
 */
export function recordOf (fields: Fields, names: FieldNames, arrival: UtcTime, severityOf: (level: unknown) => Severity | undefined = severityOfAny): LogRecord {
  const { message, time, level, process, pid, description } = placesOf(names)
  const rest = new Rest(fields)
  return {
    eventAt: rest.take(time, timeOf) ?? arrival,
    severity: rest.take(level, severityOf) ?? 'info',
    message: rest.take(message, textOf) ?? '',
    pid: rest.take(pid, pidOf) ?? 0,
    processName: rest.take(process, nameOf) ?? noProcess,
    description: rest.take(description, nameOf) ?? '',
    postTime: arrival,
    attributes: rest.left()
  }
}

/** Where a value may be: in the field of this name, or, if it has dots, within others. */
interface Place {
  name: string
  path?: readonly [string, ...string[]]
}

type Places = Record<keyof FieldNames, readonly Place[]>

function placesOf (names: FieldNames): Places {
  let places = known.get(names)
  if (!places) {
    places = Object.fromEntries(Object.entries(names).map(([role, names]) => [role, names.map(placeOf)])) as Places
    known.set(names, places)
  }
  return places
}

/** Names are taken apart once for all logs. */
const known = new WeakMap<FieldNames, Places>()

function placeOf (name: string): Place {
  return name.includes('.') ? { name, path: name.split('.') as [string, ...string[]] } : { name }
}

/** Fields of which some are taken. What stays is copied at the end: an object from which fields were deleted is slow ever after. */
class Rest {
  #fields: Fields
  readonly #taken: string[] = []

  constructor (fields: Fields) {
    this.#fields = fields
  }

  /** What the first place holds that has something of its kind. */
  take<T> (places: readonly Place[], read: (value: unknown) => T | undefined): T | undefined {
    for (const { name, path } of places) {
      if (Object.hasOwn(this.#fields, name)) {
        const found = this.#taken.includes(name) ? undefined : read(this.#fields[name])
        if (found === undefined) continue
        this.#taken.push(name)
        return found
      }
      if (!path || !Object.hasOwn(this.#fields, path[0]) || this.#taken.includes(path[0])) continue
      const found = read(valueAt(this.#fields, path))
      if (found === undefined) continue
      this.#fields = { ...this.#fields }
      remove(this.#fields, path)
      return found
    }
    return undefined
  }

  left (): Fields | null {
    const names = Object.keys(this.#fields)
    if (names.length === this.#taken.length) return null
    return pick(this.#fields, names.filter((name) => !this.#taken.includes(name)))
  }
}

function valueAt (fields: Fields, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, name) => isFields(value) && Object.hasOwn(value, name) ? value[name] : undefined, fields)
}

/** What it stood in is changed in a copy, and goes with it where nothing else is in it. */
function remove (fields: Fields, [name, ...rest]: readonly string[]): void {
  const inner = fields[name!]
  if (rest.length > 0 && isFields(inner)) {
    const copy = { ...inner }
    remove(copy, rest)
    if (Object.keys(copy).length > 0) {
      fields[name!] = copy
      return
    }
  }
  delete fields[name!]
}

/** Sets a field, whatever its name: a plain assignment to `__proto__` would change the prototype. */
export function set (fields: Fields, name: string, value: unknown): void {
  if (name === '__proto__') Object.defineProperty(fields, name, { value, enumerable: true, writable: true, configurable: true })
  else fields[name] = value
}

/**
 * Adds fields to others; one whose name is taken gets the first free name with `_` at its end. Each
 * name that turned out to be taken leads to where the search ended, so that no search repeats another.
 */
export class FieldAdder {
  readonly #fields: Fields
  readonly #next = new Map<string, string>()

  constructor (fields: Fields) {
    this.#fields = fields
  }

  add (name: string, value: unknown): void {
    set(this.#fields, Object.hasOwn(this.#fields, name) ? this.#freeName(name) : name, value)
  }

  #freeName (name: string): string {
    const taken: string[] = []
    let free = name
    while (Object.hasOwn(this.#fields, free)) {
      taken.push(free)
      free = this.#next.get(free) ?? `${free}_`
    }
    for (const name of taken) this.#next.set(name, free)
    return free
  }
}

/** Where attributes are kept that are beyond the limits of a log: one text, their JSON. */
export const moreAttributes = 'more_attributes'

/** The attributes within the limits of a log; those beyond are its JSON in one more, `more_attributes`. */
export function limitAttributes (attributes: Fields): Fields {
  const names = Object.keys(attributes)
  return names.length <= maxAttributes && names.every((name) => name.length <= maxNameLength) ? attributes : pick(attributes, names)
}

/** All names under which something of a record may be, and those of what it may be within. */
export function ownNamesOf (names: FieldNames): ReadonlySet<string> {
  return new Set(Object.values<readonly string[]>({ ...names }).flat().flatMap((name) => [name, name.split('.')[0]!]))
}

/** The fields of a large log within its limits, in steps: those of its own stay, others beyond the limits become one text before anybody walks them. */
export function * narrow (fields: Fields, own: ReadonlySet<string>): Generator<undefined, Fields, void> {
  const names = Object.keys(fields)
  if (names.length <= maxAttributes && names.every((name) => name.length <= maxNameLength)) return fields
  const kept: Fields = {}
  const more: string[] = []
  let room = names.length <= maxAttributes ? names.length : maxAttributes - 1
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
function pick (fields: Fields, names: readonly string[]): Fields {
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
  const others: Fields = {}
  for (const name of Object.keys(fields)) {
    const other = renamed(name)
    if (other === undefined) continue
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

/** Whether a value is an object with names. */
export function isFields (value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** ISO 8601, or since 1970 as a number or text. */
export function timeOf (value: unknown): UtcTime | undefined {
  if (typeof value === 'string') return parseTime(value) ?? parseEpoch(value)
  return typeof value === 'number' && Number.isFinite(value) ? parseEpoch(value) : undefined
}

/** A name, or a number: 0 to 7 as in syslog, from 10 on as in pino. */
export function severityOfAny (value: unknown): Severity | undefined {
  const named = typeof value === 'string' ? severityOfName(value) : undefined
  if (named !== undefined) return named
  const level = typeof value === 'string' && /^\d{1,3}$/.test(value) ? Number(value) : value
  if (typeof level !== 'number') return undefined
  return level < 10 ? severityOfSyslogNumber(level) : severityOfPinoNumber(level)
}

/** A text as it is, anything else but nothing as its JSON. */
export function textOf (value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** A text that is not blank, or a number. */
export function nameOf (value: unknown): string | undefined {
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && /\S/.test(value) ? value : undefined
}

function pidOf (value: unknown): number | undefined {
  const pid = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value
  return typeof pid === 'number' && Number.isSafeInteger(pid) && pid >= 0 ? pid : undefined
}
