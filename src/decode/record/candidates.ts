import type { Part } from './conventions.ts'

/** Field that may be a part of the record. */
export interface Candidate {
  /** The lowest is tried first. */
  rank: number
  /** In lower case, with the names of the objects around it. */
  name: string
  /** Index and key of the log's own field that it is, or is within. */
  index: number
  key: string
  /** Path and value of a field within that one; undefined for the log's own field. */
  inner: { path: readonly string[], value: unknown } | undefined
}

export type Candidates = Record<Part, Candidate[]>

export function noCandidates (): Candidates {
  return { level: [], time: [], message: [], pid: [], description: [], process: [] }
}

export function byRank (one: Candidate, other: Candidate): number {
  return one.rank - other.rank
}
