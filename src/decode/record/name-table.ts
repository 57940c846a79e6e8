// Looks up the names of a log's fields in those of a protocol; the values are not read here.
import { byRank, noCandidates, type Candidate } from './candidates.ts'
import { containers, parts, type FieldNames, type Part } from './conventions.ts'
import type { Fields } from './fields.ts'

/** A part of the record that a name stands for; the lowest rank of a part is tried first. */
interface Claim {
  part: Part
  rank: number
}

/** Entry of the table for one spelling of a name. */
interface Entry {
  /** In lower case, with the names of the objects around it: `log.level`. */
  name: string
  claims: readonly Claim[]
  /** Whether an object of this name may hold parts of the record. */
  isContainer: boolean
}

/** Where the parts of a record may be among fields with these keys. */
export interface Plan {
  keys: readonly string[]
  candidates: Readonly<Record<Part, readonly Candidate[]>>
  /** Fields that may hold parts of the record if they are objects. */
  containers: ReadonlyArray<{ index: number, key: string, name: string }>
}

/** Longer names are looked up in no table: no logger has them. */
const maxNameLength = 100
/** Spellings that a table caches; a sender has a few dozen. */
const maxSpellings = 1000
/** A plan is cached for each number of fields up to this one; larger logs share a slot. */
const maxPlans = 64

/** Names of a protocol, indexed so that many logs can be searched for them. */
export class NameTable {
  readonly #claims = new Map<string, Claim[]>()
  readonly #prefixes = new Set<string>()
  /** By the spelling. */
  readonly #entries = new Map<string, Entry>()
  /** By the number of fields: most logs of a sender have the same names, or some more. */
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
    for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) {
      this.#prefixes.add(name.slice(0, dot))
    }
  }

  /** Whether a field of this name may be a part of a record, or hold one. */
  has (name: string): boolean {
    const { claims, isContainer } = this.entryOf(name)
    return isContainer || claims.length > 0
  }

  /** Whether the table has names that begin with this one and a dot. */
  isPrefix (name: string): boolean {
    return this.#prefixes.has(name)
  }

  entryOf (written: string): Entry {
    if (written.length > maxNameLength) return nothing
    let entry = this.#entries.get(written)
    if (!entry) {
      const name = written.toLowerCase()
      entry = {
        name,
        claims: this.#claims.get(name) ?? [],
        isContainer: this.#prefixes.has(name) || containers.includes(name)
      }
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
    const found: Array<{ index: number, key: string, name: string }> = []
    for (const [index, key] of keys.entries()) {
      const { name, claims, isContainer } = this.entryOf(key)
      for (const { part, rank } of claims) candidates[part].push({ rank, name, index, key, inner: undefined })
      if (isContainer) found.push({ index, key, name })
    }
    for (const part of parts) candidates[part].sort(byRank)
    return { keys, candidates, containers: found }
  }
}

const nothing: Entry = { name: '', claims: [], isContainer: false }
const tables = new WeakMap<FieldNames, NameTable>()

function isSame (some: readonly string[], others: readonly string[]): boolean {
  if (some.length !== others.length) return false
  for (let index = 0; index < some.length; index++) if (some[index] !== others[index]) return false
  return true
}
