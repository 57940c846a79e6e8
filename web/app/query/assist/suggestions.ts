// What the bar suggests at a place of the query.
import { levels } from '../../api/types.ts'
import { identity } from '../../frame/session.ts'
import { clausesOf } from '../clauses.ts'
import { ownFields, queryNameOf, quote, quoteName } from '../quote.ts'
import type { Place } from './place.ts'
import { findFields, findSaved, findValues } from './sources.ts'

export interface Suggestion {
  /** What is shown. */
  label: string
  /** What takes the place of what was typed, as the query language writes it. */
  text: string
  /** An example, or an owner. */
  note?: string
  count?: number
  /** False: there may be more. */
  isExact?: boolean
}

/** As many as are read at a glance. */
export const maxSuggestions = 8

/** Suggestions at a place, the best first. Rejects with ApiError, or the signal's reason. */
export async function suggestionsAt (place: Place, signal: AbortSignal): Promise<Suggestion[]> {
  if (place.field !== undefined) return (await valuesAt(place, place.field, signal)).slice(0, maxSuggestions)
  if (place.prefix.startsWith('@')) return (await savedAt(place, signal)).slice(0, maxSuggestions)
  const keywords = place.isAfterOperand ? keywordsAt(place) : []
  const fields = await fieldsAt(place, signal)
  return [...fields.slice(0, maxSuggestions - keywords.length), ...keywords]
}

async function valuesAt ({ prefix, rest, isInList }: Place, field: string, signal: AbortSignal): Promise<Suggestion[]> {
  const suffix = isInList ? '' : ' '
  if (field === 'level') {
    const fitting = levels.filter((level) => level.startsWith(prefix.toLowerCase()))
    return fitting.map((level) => ({ label: level, text: `${level}${suffix}` }))
  }
  // Messages are all different.
  if (field === 'message') return []
  const { values, complete } = await findValues({ query: rest, field, prefix, limit: maxSuggestions }, signal)
  return values.map(({ value, count }) => (
    { label: value === '' ? '""' : value, text: `${quote(value)}${suffix}`, count, isExact: complete }
  ))
}

async function savedAt ({ prefix }: Place, signal: AbortSignal): Promise<Suggestion[]> {
  const wanted = prefix.slice(1).toLowerCase()
  const saved = await findSaved(signal)
  return saved
    .filter(({ name }) => name.toLowerCase().includes(wanted))
    .map(({ name, owner, query }) => (
      {
        label: `@${name}`,
        // Alternatives stay together beside what stands there.
        text: clausesOf(query) ? query : `(${query})`,
        note: owner === identity.peek()?.user ? query : `${owner}: ${query}`
      }
    ))
}

function keywordsAt ({ prefix }: Place): Suggestion[] {
  if (prefix === '') return []
  return ['AND', 'OR', 'NOT']
    .filter((keyword) => keyword.startsWith(prefix.toUpperCase()))
    .map((keyword) => ({ label: keyword, text: `${keyword} ` }))
}

/** Fields whose name begins with what was typed, then those of which a part does. */
async function fieldsAt ({ prefix }: Place, signal: AbortSignal): Promise<Suggestion[]> {
  const wanted = prefix.toLowerCase()
  const own: Suggestion[] = ownFields
    .filter((name) => name !== 'user' || identity.peek()?.admin)
    .map((name) => ({ label: name, text: `${name}:` }))
  const others: Suggestion[] = (await findFields(signal)).map(({ name, count, example }) => (
    { label: name, text: `${quoteName(queryNameOf(name))}:`, note: example, count, isExact: true }
  ))
  const all = [...own, ...others]
  const first = all.filter(({ label }) => label.toLowerCase().startsWith(wanted))
  const partly = all.filter((suggestion) => !first.includes(suggestion) && hasPart(suggestion.label, wanted))
  return [...first, ...partly]
}

function hasPart (name: string, wanted: string): boolean {
  return name.toLowerCase().split(/[._\s-]/).some((part) => part.startsWith(wanted))
}
