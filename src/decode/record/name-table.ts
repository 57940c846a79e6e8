import { containers, parts, payloads, type FieldNames, type Part } from './conventions.ts'
import { isFields, pick, type Fields } from './fields.ts'

/** What a name may be: a part of the record, and how far behind others of that part. */
interface Claim {
  part: Part
  rank: number
}

/** What the table says of a name. */
interface Entry {
  /** In lower case, with the names of what it is within. */
  name: string
  claims: readonly Claim[]
  /** Whether something may stand in the object that it holds. */
  within: boolean
}

/** A field that may be a part of the record. */
interface Candidate {
  rank: number
  name: string
  /** Its place among the fields of the log. */
  place: number
}

/** One that stands within another field. */
interface InnerCandidate extends Candidate {
  path: readonly string[]
  value: unknown
}

/** What the names of a log's fields tell, whatever they hold. */
interface Plan {
  keys: readonly string[]
  candidates: Readonly<Record<Part, readonly Candidate[]>>
  /** Fields in which something may stand. */
  within: ReadonlyArray<{ place: number, name: string }>
}

/** Longer names are none of a logger. */
const maxNameLength = 100
/** How far the names within a container are behind those of the log itself. */
const behindTop = 1000
const maxDepth = 4
/** From here on they are within one of the `payloads`, the last of the containers. */
const firstPayload = behindTop * (containers.indexOf(payloads[0]!) + 1)

/** The names of a protocol, made ready to look many logs through. */
export class NameTable {
  readonly #claims = new Map<string, Claim[]>()
  readonly #prefixes = new Set<string>()
  #lastPlan: Plan = { keys: [], candidates: noCandidates(), within: [] }

  static of (names: FieldNames): NameTable {
    let table = tables.get(names)
    if (!table) tables.set(names, table = new NameTable(names))
    return table
  }

  constructor (names: FieldNames) {
    for (const part of parts) {
      for (const [rank, written] of names[part].entries()) this.#claim(written.toLowerCase(), { part, rank })
    }
  }

  #claim (name: string, claim: Claim): void {
    const claims = this.#claims.get(name)
    if (claims) claims.push(claim)
    else this.#claims.set(name, [claim])
    for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) this.#prefixes.add(name.slice(0, dot))
  }

  /** Whether a field of this name may be a part of a record, or hold one. */
  has (name: string): boolean {
    const { claims, within } = this.entryOf(name)
    return within || claims.length > 0
  }

  /** Whether names of the table stand within an object of this name. */
  isPrefix (name: string): boolean {
    return this.#prefixes.has(name)
  }

  entryOf (written: string): Entry {
    if (written.length > maxNameLength) return nothing
    const name = written.toLowerCase()
    return { name, claims: this.#claims.get(name) ?? noClaims, within: this.#prefixes.has(name) || isContainer(name) }
  }

  /** The logs of a sender have the same names, most often. */
  planOf (keys: readonly string[]): Plan {
    if (!isSame(keys, this.#lastPlan.keys)) this.#lastPlan = this.#plan(keys)
    return this.#lastPlan
  }

  #plan (keys: readonly string[]): Plan {
    const candidates = noCandidates()
    const inner: Array<{ place: number, name: string }> = []
    for (const [place, key] of keys.entries()) {
      const { name, claims, within } = this.entryOf(key)
      for (const { part, rank } of claims) candidates[part].push({ rank, name, place })
      if (within) inner.push({ place, name })
    }
    for (const part of parts) candidates[part].sort(byRank)
    return { keys, candidates, within: inner }
  }
}

const noClaims: readonly Claim[] = []
const nothing: Entry = { name: '', claims: noClaims, within: false }
const tables = new WeakMap<FieldNames, NameTable>()

function isContainer (name: string): boolean {
  return containers.includes(name)
}

function noCandidates<Kind extends Candidate> (): Record<Part, Kind[]> {
  return { level: [], time: [], message: [], pid: [], description: [], process: [] }
}

function byRank (one: Candidate, other: Candidate): number {
  return one.rank - other.rank
}

function isSame (some: readonly string[], others: readonly string[]): boolean {
  if (some.length !== others.length) return false
  for (let place = 0; place < some.length; place++) if (some[place] !== others[place]) return false
  return true
}

/** What a log's fields may be of a record. What is taken of them is no attribute. */
export class Found {
  readonly #table: NameTable
  readonly #fields: Fields
  readonly #plan: Plan
  /** By part, where something stands within other fields. */
  #inner: Record<Part, InnerCandidate[]> | undefined
  /** Places of fields that are taken whole. */
  readonly #taken: number[] = []
  readonly #takenWithin: InnerCandidate[] = []
  /** Whether the message was in one of the `payloads`. */
  #isPayload = false

  constructor (table: NameTable, fields: Fields) {
    this.#table = table
    this.#fields = fields
    this.#plan = table.planOf(Object.keys(fields))
    for (const { place, name } of this.#plan.within) {
      const key = this.#plan.keys[place]!
      const value = fields[key]
      if (!isFields(value)) continue
      if (table.isPrefix(name)) this.#walk(value, place, [key], name, 0)
      else this.#walk(value, place, [key], '', behindTop * (containers.indexOf(name) + 1))
    }
  }

  #walk (fields: Fields, place: number, path: readonly string[], prefix: string, behind: number): void {
    for (const key of Object.keys(fields)) {
      const { name, claims, within } = this.#table.entryOf(prefix === '' ? key : `${prefix}.${key}`)
      if (claims.length === 0 && !within) continue
      const value = fields[key]
      const inner = [...path, key]
      this.#inner ??= noCandidates()
      for (const { part, rank } of claims) this.#inner[part].push({ rank: rank + behind, name, place, path: inner, value })
      if (inner.length < maxDepth && isFields(value) && this.#table.isPrefix(name)) this.#walk(value, place, inner, name, behind)
    }
  }

  /** What the first name gives of which something can be read. */
  take<T> (part: Part, read: (value: unknown, name: string) => T | undefined): T | undefined {
    for (const candidate of this.#all(part)) {
      if (this.#isGone(candidate, part)) continue
      const result = read(this.#valueOf(candidate), candidate.name)
      if (result === undefined) continue
      if (part === 'message') this.#isPayload = candidate.rank >= firstPayload
      if (isInner(candidate)) this.#takenWithin.push(candidate)
      else this.#taken.push(candidate.place)
      return result
    }
    return undefined
  }

  /** The same, but what is read stays an attribute. */
  read<T> (part: Part, read: (value: unknown, name: string) => T | undefined): T | undefined {
    for (const candidate of this.#all(part)) {
      const result = this.#isGone(candidate, part) ? undefined : read(this.#valueOf(candidate), candidate.name)
      if (result !== undefined) return result
    }
    return undefined
  }

  #all (part: Part): ReadonlyArray<Candidate | InnerCandidate> {
    const inner = this.#inner?.[part] ?? []
    const top = this.#plan.candidates[part]
    return inner.length === 0 ? top : [...top, ...inner].sort(byRank)
  }

  #valueOf (candidate: Candidate | InnerCandidate): unknown {
    return isInner(candidate) ? candidate.value : this.#fields[this.#plan.keys[candidate.place]!]
  }

  /** Whether it was taken, or what it stands in, or something within it; or it is of what the log is about. */
  #isGone (candidate: Candidate | InnerCandidate, part: Part): boolean {
    if (candidate.rank >= firstPayload && !this.#isPayload && part !== 'message') return true
    return this.#taken.includes(candidate.place) || this.#takenWithin.some(({ place, path }) => place === candidate.place && (!isInner(candidate) || overlap(path, candidate.path)))
  }

  /** The value of the first name, whatever it is. */
  first (part: Part): unknown {
    const candidate = this.#all(part).find((candidate) => !this.#isGone(candidate, part))
    return candidate && this.#valueOf(candidate)
  }

  /** The fields that were not taken; null where there is none. */
  left (): Fields | null {
    const { keys } = this.#plan
    if (keys.length === this.#taken.length) return null
    let fields = this.#fields
    if (this.#takenWithin.length > 0) {
      fields = { ...fields }
      for (const { path } of this.#takenWithin) remove(fields, path)
    }
    const names = keys.filter((key, place) => !this.#taken.includes(place) && (fields === this.#fields || Object.hasOwn(fields, key)))
    return names.length === 0 ? null : pick(fields, names)
  }
}

function isInner (candidate: Candidate | InnerCandidate): candidate is InnerCandidate {
  return 'path' in candidate
}

/** Whether one of two fields is, or stands within, the other. */
function overlap (one: readonly string[], other: readonly string[]): boolean {
  const length = Math.min(one.length, other.length)
  for (let place = 0; place < length; place++) if (one[place] !== other[place]) return false
  return true
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
