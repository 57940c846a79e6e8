import type { Severity } from '../model/record.ts'
import type { Comparison } from '../text/values.js'

/** Attribute of a record, by its path. */
export interface Attribute {
  path: readonly string[]
}

/** Field that a condition tests. */
export type Field = 'message' | 'process' | 'description' | Attribute

/** Folded pieces of text, with any text between two of them. */
export type Pattern = readonly [string, ...string[]]

/** Conditions of a query, as a tree. */
export type Filter =
  | { kind: 'all', of: readonly Filter[] }
  | { kind: 'any', of: readonly Filter[] }
  | { kind: 'not', filter: Filter }
  /** The message contains the pattern; an end that is not open matches no half word. */
  | { kind: 'words', pattern: Pattern }
  /** The whole value matches the pattern, in any case. */
  | { kind: 'value', field: Field, pattern: Pattern }
  /** The value contains a match of the regular expression, in RE2's syntax. */
  | { kind: 'regex', field: Field, source: string }
  | { kind: 'level', levels: readonly Severity[] }
  /** The value is a number, or text that is one; `value` is compared with it, in decimal digits. */
  | { kind: 'number', field: 'pid' | Attribute, comparison: Comparison, value: string }
  /** The record has the attribute, and it is not null. */
  | { kind: 'exists', path: readonly string[] }
  /** The user's name matches the pattern, in any case. */
  | { kind: 'user', pattern: Pattern }

/** Matches every record. */
export const everything: Filter = { kind: 'all', of: [] }

/** Whether any condition of the filter tests the user's name. */
export function asksForUsers (filter: Filter): boolean {
  switch (filter.kind) {
    case 'all':
    case 'any': return filter.of.some(asksForUsers)
    case 'not': return asksForUsers(filter.filter)
    default: return filter.kind === 'user'
  }
}

/** Names of the attributes that the filter compares as text. */
export function attributesIn (filter: Filter): string[] {
  switch (filter.kind) {
    case 'all':
    case 'any': return [...new Set(filter.of.flatMap(attributesIn))]
    case 'not': return attributesIn(filter.filter)
    default: return filter.kind === 'value' && typeof filter.field === 'object' ? [filter.field.path.join('.')] : []
  }
}
