import { containers, payloads, type Part } from './conventions.ts'
import { isFields, pick, type Fields } from './fields.ts'
import { byRank, noCandidates, type Candidate, type Candidates, type NameTable, type Plan } from './name-table.ts'

/** How far the names within a container are behind those of the log itself. */
const behindTop = 1000
const maxDepth = 4
/** From here on they are within one of the `payloads`, the last of the containers. */
const firstPayload = behindTop * (containers.indexOf(payloads[0]!) + 1)

/** What a log's fields may be of a record. What is taken of them is no attribute. */
export class Found {
  readonly #table: NameTable
  readonly #fields: Fields
  readonly #plan: Plan
  /** By part, where something stands within other fields. */
  #inner: Candidates | undefined
  /** Places of fields that are taken whole. */
  readonly #taken: number[] = []
  /** What is taken out of other fields. */
  #takenWithin: Array<{ place: number, path: readonly string[] }> | undefined
  /** Whether the message was in one of the `payloads`. */
  #isPayload = false

  constructor (table: NameTable, fields: Fields) {
    this.#table = table
    this.#fields = fields
    this.#plan = table.planOf(fields)
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
      const inner = { path: [...path, key], value }
      this.#inner ??= noCandidates()
      for (const { part, rank } of claims) this.#inner[part].push({ rank: rank + behind, name, place, inner })
      if (inner.path.length < maxDepth && isFields(value) && this.#table.isPrefix(name)) this.#walk(value, place, inner.path, name, behind)
    }
  }

  /** What the first name gives of which something can be read. */
  take<T> (part: Part, read: (value: unknown, name: string) => T | undefined): T | undefined {
    for (const candidate of this.#all(part)) {
      if (this.#isGone(candidate, part)) continue
      const result = read(this.#valueOf(candidate), candidate.name)
      if (result === undefined) continue
      if (part === 'message') this.#isPayload = candidate.rank >= firstPayload
      const { place, inner } = candidate
      if (inner) (this.#takenWithin ??= []).push({ place, path: inner.path })
      else this.#taken.push(place)
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

  #all (part: Part): readonly Candidate[] {
    const top = this.#plan.candidates[part]
    const inner = this.#inner?.[part]
    return inner === undefined || inner.length === 0 ? top : [...top, ...inner].sort(byRank)
  }

  #valueOf ({ place, inner }: Candidate): unknown {
    return inner ? inner.value : this.#fields[this.#plan.keys[place]!]
  }

  /** Whether it was taken, or what it stands in, or something within it; or it is of what the log is about. */
  #isGone ({ rank, place, inner }: Candidate, part: Part): boolean {
    if (rank >= firstPayload && !this.#isPayload && part !== 'message') return true
    if (this.#taken.includes(place)) return true
    return this.#takenWithin !== undefined && this.#takenWithin.some((taken) => place === taken.place && (!inner || overlap(taken.path, inner.path)))
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
    if (this.#takenWithin) {
      fields = { ...fields }
      for (const { path } of this.#takenWithin) remove(fields, path)
    }
    const names = keys.filter((key, place) => !this.#taken.includes(place) && (fields === this.#fields || Object.hasOwn(fields, key)))
    return names.length === 0 ? null : pick(fields, names)
  }
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
