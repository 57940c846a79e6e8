import { byRank, noCandidates, type Candidate, type Candidates } from './candidates.ts'
import { containers, firstPayload, type Part } from './conventions.ts'
import { isFields, pick, type Fields } from './fields.ts'
import type { NameTable, Plan } from './name-table.ts'

/** Added to the ranks of names within a container, once for each container before it. */
const containerRank = 1000
const maxDepth = 4
/** Ranks from this one on belong to names within a payload. */
const firstPayloadRank = containerRank * (containers.indexOf(firstPayload) + 1)

/** An object that is searched: its place in the log, and the names and ranks of its fields. */
interface Level {
  index: number
  path: readonly [key: string, ...inner: string[]]
  /** Put before the names of its fields, with a dot; empty for none. */
  prefix: string
  addedRank: number
}

/** Finds the parts of a record among the fields of one log. Fields that are taken become no attributes. */
export class PartFinder {
  readonly #table: NameTable
  readonly #fields: Fields
  readonly #plan: Plan
  /** Candidates within other fields; undefined for none. */
  #inner: Candidates | undefined
  /** Indexes of the log's own fields that are taken whole. */
  readonly #taken: number[] = []
  /** Fields that are taken out of other fields. */
  #takenWithin: Array<{ index: number, path: readonly string[] }> | undefined
  /** Whether the message was in a payload. */
  #isPayload = false

  constructor (table: NameTable, fields: Fields) {
    this.#table = table
    this.#fields = fields
    this.#plan = table.planOf(fields)
    for (const { index, key, name } of this.#plan.containers) {
      const value = fields[key]
      if (!isFields(value)) continue
      if (table.isPrefix(name)) this.#search(value, { index, path: [key], prefix: name, addedRank: 0 })
      else {
        const addedRank = containerRank * (containers.indexOf(name) + 1)
        this.#search(value, { index, path: [key], prefix: '', addedRank })
      }
    }
  }

  #search (fields: Fields, { index, path, prefix, addedRank }: Level): void {
    for (const key of Object.keys(fields)) {
      const { name, claims, isContainer } = this.#table.entryOf(prefix === '' ? key : `${prefix}.${key}`)
      if (claims.length === 0 && !isContainer) continue
      const value = fields[key]
      const inner = { path: [...path, key] as const, value }
      this.#inner ??= noCandidates()
      for (const { part, rank } of claims) {
        this.#inner[part].push({ rank: rank + addedRank, name, index, key: path[0], inner })
      }
      if (inner.path.length < maxDepth && isFields(value) && this.#table.isPrefix(name)) {
        this.#search(value, { index, path: inner.path, prefix: name, addedRank })
      }
    }
  }

  /** Takes the first field of the part that `read` understands, and returns its result. */
  take<T> (part: Part, read: (value: unknown, name: string) => T | undefined): T | undefined {
    for (const candidate of this.#candidatesOf(part)) {
      if (this.#isExcluded(candidate, part)) continue
      const result = read(this.#valueOf(candidate), candidate.name)
      if (result === undefined) continue
      if (part === 'message') this.#isPayload = candidate.rank >= firstPayloadRank
      const { index, inner } = candidate
      if (inner) (this.#takenWithin ??= []).push({ index, path: inner.path })
      else this.#taken.push(index)
      return result
    }
    return undefined
  }

  /** As `take`, but the field stays an attribute, too. */
  read<T> (part: Part, read: (value: unknown, name: string) => T | undefined): T | undefined {
    for (const candidate of this.#candidatesOf(part)) {
      const result = this.#isExcluded(candidate, part) ? undefined : read(this.#valueOf(candidate), candidate.name)
      if (result !== undefined) return result
    }
    return undefined
  }

  /** Value of the part's first field, whatever it is. */
  firstValue (part: Part): unknown {
    const candidate = this.#candidatesOf(part).find((candidate) => !this.#isExcluded(candidate, part))
    return candidate && this.#valueOf(candidate)
  }

  /** Fields that were not taken; null for none. */
  remaining (): Fields | null {
    const { keys } = this.#plan
    if (keys.length === this.#taken.length) return null
    let fields = this.#fields
    if (this.#takenWithin) {
      fields = { ...fields }
      for (const { path } of this.#takenWithin) remove(fields, path)
    }
    const names = keys.filter((key, index) =>
      !this.#taken.includes(index) && (fields === this.#fields || Object.hasOwn(fields, key)))
    return names.length === 0 ? null : pick(fields, names)
  }

  #candidatesOf (part: Part): readonly Candidate[] {
    const own = this.#plan.candidates[part]
    const inner = this.#inner?.[part]
    return inner === undefined || inner.length === 0 ? own : [...own, ...inner].sort(byRank)
  }

  #valueOf ({ key, inner }: Candidate): unknown {
    return inner ? inner.value : this.#fields[key]
  }

  /** Whether the field, one around it or one within it is taken; or it is in a payload that is not the log itself. */
  #isExcluded ({ rank, index, inner }: Candidate, part: Part): boolean {
    if (rank >= firstPayloadRank && !this.#isPayload && part !== 'message') return true
    if (this.#taken.includes(index)) return true
    return this.#takenWithin !== undefined &&
      this.#takenWithin.some((taken) => index === taken.index && (!inner || overlap(taken.path, inner.path)))
  }
}

/** Whether one of two fields is the other, or is within it. */
function overlap (one: readonly string[], other: readonly string[]): boolean {
  const length = Math.min(one.length, other.length)
  for (let index = 0; index < length; index++) if (one[index] !== other[index]) return false
  return true
}

/** Removes a field, and the objects around it that hold nothing else. Objects are copied before they change. */
function remove (fields: Fields, [name, ...rest]: readonly string[]): void {
  if (name === undefined) return
  const inner = fields[name]
  if (rest.length > 0 && isFields(inner)) {
    const copy = { ...inner }
    remove(copy, rest)
    if (Object.keys(copy).length > 0) {
      fields[name] = copy
      return
    }
  }
  delete fields[name]
}
