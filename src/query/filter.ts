import type { Severity } from '../record.ts'

/** Where a condition looks: a field of the record, or one of its attributes by its path. */
export type Field = 'message' | 'process' | 'description' | { path: readonly string[] }

/** Folded pieces of text; between one and the next there may be anything. */
export type Pattern = readonly [string, ...string[]]

export type Comparison = '=' | '<' | '<=' | '>' | '>='

/** What a query asks of a record, as a tree. */
export type Filter =
  | { kind: 'all', of: readonly Filter[] }
  | { kind: 'any', of: readonly Filter[] }
  | { kind: 'not', filter: Filter }
  /** The message holds the pattern, with no half words at ends that are not open. */
  | { kind: 'words', pattern: Pattern }
  /** The whole value is like the pattern, any case. */
  | { kind: 'value', field: Field, pattern: Pattern }
  | { kind: 'level', levels: readonly Severity[] }
  | { kind: 'number', field: 'pid' | { path: readonly string[] }, comparison: Comparison, value: number }
  /** The record has such an attribute, and it is not null. */
  | { kind: 'exists', path: readonly string[] }

/** Holds for every record. */
export const everything: Filter = { kind: 'all', of: [] }
