import type { Severity } from '../model/record.ts'
import type { Comparison } from '../text/values.js'

/** One of a record's attributes, by its path. */
export interface Attribute {
  path: readonly string[]
}

/** Where a condition looks. */
export type Field = 'message' | 'process' | 'description' | Attribute

/** Folded pieces of text; between one and the next there may be anything. */
export type Pattern = readonly [string, ...string[]]

/** What a query asks of a record, as a tree. */
export type Filter =
  | { kind: 'all', of: readonly Filter[] }
  | { kind: 'any', of: readonly Filter[] }
  | { kind: 'not', filter: Filter }
  /** The message holds the pattern, with no half words at ends that are not open. */
  | { kind: 'words', pattern: Pattern }
  /** The whole value is like the pattern, any case. */
  | { kind: 'value', field: Field, pattern: Pattern }
  /** The value holds a match of the regular expression, in RE2's syntax. */
  | { kind: 'regex', field: Field, source: string }
  | { kind: 'level', levels: readonly Severity[] }
  /** The value is a number, or a text that is one, and compares so with this one, in decimal digits. */
  | { kind: 'number', field: 'pid' | Attribute, comparison: Comparison, value: string }
  /** The record has such an attribute, and it is not null. */
  | { kind: 'exists', path: readonly string[] }
  /** The user's name is like the pattern, any case. */
  | { kind: 'user', pattern: Pattern }

/** Holds for every record. */
export const everything: Filter = { kind: 'all', of: [] }

/** Whether the filter asks for users by name anywhere. */
export function asksForUsers (filter: Filter): boolean {
  switch (filter.kind) {
    case 'all':
    case 'any': return filter.of.some(asksForUsers)
    case 'not': return asksForUsers(filter.filter)
    default: return filter.kind === 'user'
  }
}

/** The names of the attributes whose values the filter compares as text. */
export function attributesIn (filter: Filter): string[] {
  switch (filter.kind) {
    case 'all':
    case 'any': return [...new Set(filter.of.flatMap(attributesIn))]
    case 'not': return attributesIn(filter.filter)
    default: return filter.kind === 'value' && typeof filter.field === 'object' ? [filter.field.path.join('.')] : []
  }
}
