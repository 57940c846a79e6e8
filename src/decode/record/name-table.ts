// What the names of a protocol tell of a log's fields, whatever they hold.
import { containers, parts, type FieldNames, type Part } from './conventions.ts'
import type { Fields } from './fields.ts'

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
export interface Candidate {
  rank: number
  name: string
  /** Its place among the fields of the log. */
  place: number
  /** Where it stands, if it is within another field, and what it holds. */
  inner: { path: readonly string[], value: unknown } | undefined
}

export type Candidates = Record<Part, Candidate[]>

/** What the names of a log's fields tell. */
export interface Plan {
  keys: readonly string[]
  candidates: Readonly<Record<Part, readonly Candidate[]>>
  /** Fields in which something may stand. */
  within: ReadonlyArray<{ place: number, name: string }>
}

/** Longer names are none of a logger. */
const maxNameLength = 100
/** Spellings that a table keeps; a sender has a few dozen. */
const maxSpellings = 1000
/** Logs of up to this many fields have a plan kept for each number of fields. */
const maxPlans = 64

/** The names of a protocol, made ready to look many logs through. */
export class NameTable {
  readonly #claims = new Map<string, Claim[]>()
  readonly #prefixes = new Set<string>()
  /** By their names as they are written. */
  readonly #entries = new Map<string, Entry>()
  /** By the number of fields: the logs of a sender have the same names, most often, or some more. */
  readonly #plans: Array<Plan | undefined> = new Array(maxPlans + 1).fill(undefined)

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
    let entry = this.#entries.get(written)
    if (!entry) {
      const name = written.toLowerCase()
      entry = { name, claims: this.#claims.get(name) ?? [], within: this.#prefixes.has(name) || containers.includes(name) }
      if (this.#entries.size >= maxSpellings) this.#entries.clear()
      this.#entries.set(written, entry)
    }
    return entry
  }

  planOf (fields: Fields): Plan {
    const keys = Object.keys(fields)
    const slot = Math.min(keys.length, maxPlans)
    let plan = this.#plans[slot]
    if (!plan || !isSame(keys, plan.keys)) this.#plans[slot] = plan = this.#plan(keys)
    return plan
  }

  #plan (keys: readonly string[]): Plan {
    const candidates = noCandidates()
    const within: Array<{ place: number, name: string }> = []
    for (const [place, key] of keys.entries()) {
      const entry = this.entryOf(key)
      for (const { part, rank } of entry.claims) candidates[part].push({ rank, name: entry.name, place, inner: undefined })
      if (entry.within) within.push({ place, name: entry.name })
    }
    for (const part of parts) candidates[part].sort(byRank)
    return { keys, candidates, within }
  }
}

const nothing: Entry = { name: '', claims: [], within: false }
const tables = new WeakMap<FieldNames, NameTable>()

export function noCandidates (): Candidates {
  return { level: [], time: [], message: [], pid: [], description: [], process: [] }
}

export function byRank (one: Candidate, other: Candidate): number {
  return one.rank - other.rank
}

function isSame (some: readonly string[], others: readonly string[]): boolean {
  if (some.length !== others.length) return false
  for (let place = 0; place < some.length; place++) if (some[place] !== others[place]) return false
  return true
}
